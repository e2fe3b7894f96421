"""Questions about one ad account, counted as they leave."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import IO, Any, NoReturn, TypeGuard
from urllib.parse import quote, urlencode

from connector.errors import UnreachableError
from connector.http import FORM, Answer, NoAnswer, Request
from connector.metrics.rows import Requests
from connector.x.calling import Access, Line, client_of, get, header, user_of
from connector.x.errors import told_seconds
from connector.x.limits import WINDOW_SECONDS, Counted, owners, told

Json = Mapping[str, Any]
WRITES, WRITES_SECONDS = 450, 60.0
UNPACED_SECONDS = (2.0, 5.0, 15.0, 60.0)
"""Of a line without pacing the least after so many refusals in a row."""
_TOO_MANY, _DOWN = 429, 503


@dataclass(frozen=True, kw_only=True)
class Counting:
    """A line's pacing, which counts what leaves; without one, what X asks to wait is waited."""

    line: Line
    requests: Requests

    def leave(self, operation: str, counted: Counted, *, since: float) -> float:
        """0.0 when a request leaves, else the seconds that are too long."""
        pacing = self.line.pacing
        seconds = pacing.leave(operation, counted, since=since) if pacing else 0.0
        self.requests.sent += not seconds
        return seconds

    def heard(
        self, counted: Counted, name: str, *, limit: int, remaining: int, resets_in: float
    ) -> None:
        """X said what is left."""
        pacing = self.line.pacing
        if pacing:
            pacing.heard(counted, name, limit=limit, remaining=remaining, resets_in=resets_in)

    def refused(self, counted: Counted, *, times: int, seconds: float | None) -> bool:
        """X refused for a limit so many times in a row; whether to ask for leave again."""
        if self.line.pacing:
            return self.line.pacing.refused(counted, times=times, seconds=seconds)
        if times > len(UNPACED_SECONDS) or (seconds or 0.0) > WINDOW_SECONDS:
            return False
        self.line.pause(max(seconds or 0.0, UNPACED_SECONDS[times - 1]))
        return True


@dataclass(frozen=True, kw_only=True)
class Asking:
    """A line for questions about one ad account; `requests` grows with each that leaves.

    Operations are paths with `:id` for the account.
    """

    line: Line
    access: Access = field(repr=False)
    account_id: str
    requests: Requests = field(default_factory=Requests)

    def counted(self) -> Line:
        """The line, whose reads are counted."""
        return replace(self.line, pacing=Counting(line=self.line, requests=self.requests))

    def get(self, operation: str, query: Mapping[str, str] | None = None) -> Json:
        """The body of a read.

        Raises:
            ConnectorError: X does not give it; of the kind of who must act.
        """
        before = self.requests.sent
        try:
            body, _ = get(
                self.counted(), self.access, self._path(operation), operation=operation, query=query
            )
        finally:
            self.requests.retried += max(self.requests.sent - before - 1, 0)
        return body

    def rows(self, operation: str, query: Mapping[str, str]) -> Iterator[Json]:
        """The rows of a list that is all on one page."""
        data = self.get(operation, query).get("data")
        return (
            (row for row in data if isinstance(row, dict)) if isinstance(data, list) else iter(())
        )

    def post(self, operation: str, query: Mapping[str, str]) -> Answer | NoAnswer:
        """What comes back from a call that is sent once, or again when X asks to wait.

        Raises:
            UnreachableError: it may not leave for too long.
        """
        pacing = Counting(line=self.line, requests=self.requests)
        counted, since, times = self._writes(), self.line.now(), 0
        while True:
            seconds = pacing.leave(f"X Ads POST {operation}", counted, since=since)
            if seconds:
                _not_sent(operation, seconds)
            answer, now = self._posted(operation, query), self.line.now()
            said = told(answer, now=now) if isinstance(answer, Answer) else None
            if said:
                pacing.heard(
                    counted, counted.name(said.by), limit=said.limit, remaining=said.remaining,
                    resets_in=said.resets_in,
                )  # fmt: skip
            if not is_to_wait(answer):
                return answer
            times += 1
            if not pacing.refused(counted, times=times, seconds=told_seconds(answer, now=now)):
                return answer
            self.requests.retried += 1

    def fetch(self, url: str, into: IO[bytes], *, largest: int) -> Answer | NoAnswer:
        """A file, asked for without credentials."""
        self.requests.sent += 1
        request = Request(url=url, headers={}, method="GET")
        return self.line.session.fetch(request, into, largest=largest)

    def _posted(self, operation: str, query: Mapping[str, str]) -> Answer | NoAnswer:
        """X wants the parameters of a write in the query; each try is signed anew."""
        asked = urlencode(query, quote_via=quote)
        url = f"{self.line.hosts.ads}/12/{self._path(operation)}?{asked}"
        made = header(self.access, "POST", url, now=self.line.now())
        return self.line.session.send(Request(url=url, headers=made, content_type=FORM))

    def _path(self, operation: str) -> str:
        return operation.replace(":id", self.account_id)

    def _writes(self) -> Counted:
        account, user = owners(user_of(self.access), self.account_id)
        return Counted(
            client=client_of(self.access), names=(f"{user}: writes", f"{account}: writes"),
            limit=WRITES, seconds=WRITES_SECONDS,
        )  # fmt: skip


def is_to_wait(answer: Answer | NoAnswer) -> TypeGuard[Answer]:
    """Whether X processed nothing and asks to wait."""
    if isinstance(answer, NoAnswer):
        return False
    return answer.status == _TOO_MANY or (
        answer.status == _DOWN and "retry-after" in answer.headers
    )


def _not_sent(operation: str, seconds: float) -> NoReturn:
    raise UnreachableError(
        f"X Ads POST {operation}: not sent: the limit is used up by requests before this one; try"
        f" again in {seconds:,.0f} s"
    )


def portions(ids: Iterable[str], most: int) -> Iterator[list[str]]:
    """Ids in order, so many at once."""
    left = iter(sorted(ids))
    while portion := list(islice(left, most)):
        yield portion
