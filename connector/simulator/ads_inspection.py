"""What X does not have: a count of the ads there are, and of what was made twice."""

from collections import Counter
from collections.abc import Iterable

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator.ads.store import Store
from connector.simulator.endpoint import Endpoint
from connector.simulator.envelope import Answer
from connector.simulator.simulation import Simulation

ADS_PATH, MEDIA_PATH = "/_simulator/ads", "/_simulator/media"


def routes(simulation: Simulation) -> list[Route]:
    """The simulator's own routes; they ask for no credentials, and no fault meets them."""
    return [
        Route(ADS_PATH, Endpoint(simulation=simulation, process=_ads), methods=["GET"]),
        Route(MEDIA_PATH, Endpoint(simulation=simulation, process=_media), methods=["GET"]),
    ]


def _ads(simulation: Simulation, _: Request, __: bytes) -> Answer:
    return Answer(
        status=200, body={"accounts": [_counted(store) for store in simulation.stores.values()]}
    )


def _counted(store: Store) -> dict[str, object]:
    """What is not deleted; names and pairs of line item and tweet that are there more than once."""
    campaigns = [one for one in store.campaigns.values() if not one.deleted]
    line_items = [one for one in store.line_items.values() if not one.deleted]
    ads = [one for one in store.promoted_tweets.values() if not one.deleted]
    named = (f"{one.campaign_id} {one.name}" for one in line_items if one.name is not None)
    return {
        "account_id": store.account_id,
        "campaigns": len(campaigns),
        "line_items": len(line_items),
        "promoted_tweets": len(ads),
        "tweets": sum(1 for one in store.tweets.values() if not one.deleted),
        "cards": sum(1 for one in store.cards.values() if not one.deleted),
        "media": sum(1 for one in store.media.values() if not one.deleted),
        "twice": {
            "campaigns": _twice(one.name for one in campaigns),
            "line_items": _twice(named),
            "promoted_tweets": _twice(f"{one.line_item_id} {one.tweet_id}" for one in ads),
        },
    }


def _twice(texts: Iterable[str]) -> dict[str, int]:
    return {text: count for text, count in Counter(texts).items() if count > 1}


def _media(simulation: Simulation, _: Request, __: bytes) -> Answer:
    """The files that arrived, so that they can be compared with those that were sent."""
    files = [
        {
            "media_key": upload.key,
            "media_category": upload.category,
            "is_whole": upload.is_whole,
            "size": upload.size,
            "sha256": upload.sha256,
        }
        for upload in simulation.uploads.values()
    ]
    return Answer(status=200, body={"files": files})
