"""A client of the simulator's jobs, with the simulator's clock in its hand."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import requests
from ad_numbers import at
from requests_oauthlib import OAuth1Session

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

START = at("2026-09-20 12:30")
SOUND = {
    "entity": "LINE_ITEM", "start_time": "2026-07-01", "end_time": "2026-09-29",
    "granularity": "DAY", "placement": "ALL_ON_TWITTER", "metric_groups": "ENGAGEMENT,BILLING",
}  # fmt: skip
FOREVER = 1e9


@dataclass(kw_only=True)
class Desk:
    """A client of one simulator, and the simulator's clock."""

    address: Address
    session: OAuth1Session
    now: list[float] = field(default_factory=lambda: [START])

    def call(self, method: str, path: str = "", **params: str) -> requests.Response:
        """A call below the first account's jobs."""
        self.session.auth.client.timestamp = str(int(self.now[0]))
        account = next(iter(self.address.world.accounts))
        url = f"{self.address.url}/12/stats/jobs/accounts/{account}{path}"
        return self.session.request(method, url, params=params)

    def make(self, **changes: str) -> requests.Response:
        """A job about one line item unless it is about others."""
        return self.call("POST", **{"entity_ids": "w6n4r", **SOUND, **changes})

    def lines(self) -> str:
        """Some line items of the account that ran."""
        query = {"since": "2026-07-01", "until": "2026-09-19"}
        url = f"{self.address.url}/_simulator/metrics"
        return ",".join(list(requests.get(url, params=query, timeout=9).json()["line_items"])[:20])

    def look(self, *ids: str) -> list[dict[str, Any]]:
        """What is said about jobs."""
        answer = self.call("GET", job_ids=",".join(ids))
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()["data"]
        return rows

    def made(self, **changes: str) -> str:
        """The id of a new job."""
        answer = self.make(**changes)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["data"]["id_str"])

    def done(self, **changes: str) -> dict[str, Any]:
        """A job that is done."""
        job = self.made(**changes)
        self.look(job)
        (row,) = self.look(job)
        assert row["status"] == "SUCCESS"
        return row

    def told(self) -> dict[str, Any]:
        """What the simulator tells of its jobs."""
        told: dict[str, Any] = requests.get(f"{self.address.url}/_simulator/jobs", timeout=5).json()
        return told


@contextmanager
def sitting(
    signed_in: Callable[..., OAuth1Session],
    *modes: str,
    jobs: int = 100,
    job_seconds: float = FOREVER,
) -> Iterator[Desk]:
    """A new simulator, in modes and with a limit of jobs, and a client of it."""
    now = [START]
    settings = Settings(
        founded_at=START, modes=frozenset(modes), limits={"jobs": jobs}, job_seconds=job_seconds
    )
    with running(settings, clock=lambda: now[0]) as address:
        yield Desk(address=address, session=signed_in(address), now=now)
