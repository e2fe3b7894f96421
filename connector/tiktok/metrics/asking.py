"""Questions about one advertiser, counted as they leave."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import IO

from connector.http import Answer, NoAnswer, Request
from connector.metrics.rows import Requests
from connector.tiktok.calling import Line, Reply, Sender, get, post

Parameters = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A line for questions about one advertiser; `requests` grows with each that leaves."""

    line: Line
    token: str = field(repr=False)
    advertiser_id: str
    requests: Requests = field(default_factory=Requests)

    def get(self, path: str, parameters: Parameters) -> Reply:
        """A read; lists and objects among the parameters are written as JSON.

        Raises:
            ConnectorError: TikTok does not give it.
        """
        query = {name: _text(value) for name, value in self._own(parameters).items()}
        before = self.requests.sent
        try:
            return get(self._counted(), self.token, path, query)
        finally:
            self.requests.retried += max(self.requests.sent - before - 1, 0)

    def post(self, path: str, parameters: Parameters) -> Reply:
        """A call with a JSON body, once.

        Raises:
            ConnectorError: TikTok refuses.
        """
        return post(self._counted(), path, self._own(parameters), token=self.token)

    def fetch(self, url: str, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """A file, asked for without credentials."""
        request = Request(url=url, headers={}, method="GET")
        return self._counted().session.fetch(request, into, largest=largest)

    def _own(self, parameters: Parameters) -> Parameters:
        return {"advertiser_id": self.advertiser_id, **parameters}

    def _counted(self) -> Line:
        counting = Counting(sender=self.line.session, requests=self.requests)
        return replace(self.line, session=counting)


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Sends requests and counts them."""

    sender: Sender
    requests: Requests

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and read the answer."""
        self.requests.sent += 1
        return self.sender.send(request)

    def fetch(self, request: Request, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """Send once; what a 200 holds goes into a file."""
        self.requests.sent += 1
        return self.sender.fetch(request, into, largest=largest)


def _text(value: object) -> str:
    is_plain = isinstance(value, str | int) and not isinstance(value, bool)
    return str(value) if is_plain else json.dumps(value, separators=(",", ":"))
