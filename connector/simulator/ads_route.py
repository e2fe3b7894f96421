"""X Ads management: campaigns and what is in them, read and written."""

from starlette.routing import Route

from connector.simulator.ads import batch, cards, event_tags, facts, tweets
from connector.simulator.ads.campaigns import CAMPAIGNS
from connector.simulator.ads.creatives import (
    ACCOUNT_MEDIA,
    MEDIA_CREATIVES,
    PROMOTED_TWEETS,
    TARGETING_CRITERIA,
    promote,
)
from connector.simulator.ads.line_items import LINE_ITEMS
from connector.simulator.ads.media_library import MEDIA_LIBRARY
from connector.simulator.ads.resources import (
    ACCOUNT_PATH,
    done,
    operations_of,
    view_of,
    write,
    writing_of,
)
from connector.simulator.ads_calls import AdsCall, ads_routes, answered
from connector.simulator.envelope import Answer
from connector.simulator.simulation import Simulation

_RESOURCES = (
    CAMPAIGNS,
    LINE_ITEMS,
    PROMOTED_TWEETS,
    MEDIA_CREATIVES,
    ACCOUNT_MEDIA,
    TARGETING_CRITERIA,
    MEDIA_LIBRARY,
    cards.CARDS,
)


def routes(simulation: Simulation) -> list[Route]:
    """The entities' routes; those of a fixed path come before those with an id in its place."""
    entities = (operation for resource in _RESOURCES for operation in operations_of(resource))
    return ads_routes(
        simulation,
        (
            *cards.OPERATIONS,
            *tweets.OPERATIONS,
            *facts.OPERATIONS,
            *event_tags.OPERATIONS,
            *batch.OPERATIONS,
            *entities,
            _PROMOTE,
        ),
    )


def _promote(call: AdsCall) -> Answer:
    ads = done(call, lambda: promote(writing_of(call)))
    view = view_of(call)
    rows = [PROMOTED_TWEETS.row(ad, view) for ad in ads]
    return answered(call, rows, {"total_count": len(rows)})


_PROMOTE = write(
    f"{ACCOUNT_PATH}{PROMOTED_TWEETS.path}",
    "POST",
    _promote,
    kinds=PROMOTED_TWEETS.kinds,
    required=PROMOTED_TWEETS.required,
)
