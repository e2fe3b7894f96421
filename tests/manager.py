"""A client that manages ads at a simulator, by plain signed HTTP."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import requests
from requests_oauthlib import OAuth1Session

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

UNLIMITED = {"accounts": 0, "writes": 0, "targeting": 0}

Row = dict[str, Any]
Data: TypeAlias = Any  # a row, or a list of them


@dataclass(frozen=True, kw_only=True)
class Manager:
    """A user of an ad account; `screen_name` as the simulator calls them.

    `clock` is the simulator's, in epoch seconds, where that is not the machine's.
    """

    address: Address
    screen_name: str = "manager"
    clock: Callable[[], float] = time.time

    @property
    def session(self) -> OAuth1Session:
        """A new session, as a person's own."""
        world = self.address.world
        app = next(iter(world.apps.values()))
        grant = next(
            grant
            for grant in world.grants.values()
            if grant.consumer_key == app.consumer_key
            and world.users[grant.user_id].screen_name == self.screen_name
        )
        return OAuth1Session(
            app.consumer_key, app.consumer_secret, grant.token, grant.token_secret,
            timestamp=str(int(self.clock())),
        )  # fmt: skip

    @property
    def account_id(self) -> str:
        return next(iter(self.address.world.accounts))

    @property
    def funding(self) -> str:
        """What pays."""
        return self.rows("funding_instruments")[0]["id"]  # type: ignore[no-any-return]

    @property
    def user_id(self) -> str:
        return next(iter(self.address.world.users))

    def as_user(self, screen_name: str) -> "Manager":
        return replace(self, screen_name=screen_name)

    def url(self, path: str) -> str:
        """The address of a path below the account, or of one that begins with a slash."""
        below = path if path.startswith("/") else f"/12/accounts/{self.account_id}/{path}"
        return f"{self.address.url}{below}"

    def ask(
        self, method: str, path: str, *, json: object = None, **params: object
    ) -> requests.Response:
        return self.session.request(
            method, self.url(path), params=_texts(params), json=json, timeout=5
        )

    def rows(self, path: str, **params: object) -> list[Row]:
        """The rows of the first page."""
        answer = self.ask("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]  # type: ignore[no-any-return]

    def done(self, method: str, path: str, *, json: object = None, **params: object) -> Data:
        """The data of a call that is good."""
        answer = self.ask(method, path, json=json, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def refused(
        self, method: str, path: str, *, json: object = None, **params: object
    ) -> tuple[int, str, str | None]:
        """Status, code and parameter of the first error."""
        answer = self.ask(method, path, json=json, **params)
        entry = answer.json()["errors"][0]
        return answer.status_code, entry["code"], entry.get("parameter")

    def campaign(self, **params: object) -> Row:
        """A new campaign, paused unless it is said."""
        sound = {
            "funding_instrument_id": self.funding, "name": "spring",
            "daily_budget_amount_local_micro": 25_000_000, "entity_status": "PAUSED",
        }  # fmt: skip
        return self.done("POST", "campaigns", **(sound | params))  # type: ignore[no-any-return]

    def line_item(self, **params: object) -> Row:
        """A new line item, in a campaign of its own unless it is said."""
        if "campaign_id" not in params:
            params["campaign_id"] = self.campaign()["id"]
        return self.done("POST", "line_items", **(LINE_ITEM | params))  # type: ignore[no-any-return]

    def tweet(self, text: str, **params: object) -> Row:
        """A new tweet for ads only."""
        return self.done("POST", "tweet", as_user_id=self.user_id, text=text, **params)  # type: ignore[no-any-return]


LINE_ITEM: dict[str, object] = {
    "objective": "ENGAGEMENTS",
    "product_type": "PROMOTED_TWEETS",
    "placements": "ALL_ON_TWITTER",
    "bid_amount_local_micro": 1_500_000,
    "entity_status": "PAUSED",
    "start_time": "2026-03-10",
}


def _texts(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items() if value is not None}


@contextmanager
def managed(settings: Settings | None = None) -> Iterator[Manager]:
    """A simulator without limits unless it is said, and its manager."""
    with running(settings or Settings(limits=UNLIMITED)) as address:
        yield Manager(address=address)
