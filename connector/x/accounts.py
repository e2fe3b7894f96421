"""Ad accounts of X, what a user may do there, and the events of their pixels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connector.x.calling import Access, Line, client_of, get, user_of
from connector.x.errors import skew_of

_PAGE = 1000
_MOST_PAGES = 1000
_KEPT = ("id", "name", "timezone")


@dataclass(frozen=True, kw_only=True)
class AdAccount:
    """An ad account; `skew` is how many seconds X's clock is ahead, None when it was not told."""

    id: str
    name: str
    timezone: str = ""
    skew: float | None = None


@dataclass(frozen=True, kw_only=True)
class EventTag:
    """A single event of a pixel; `id` is the short form."""

    id: str
    pixel_id: str
    name: str
    type: str
    deleted: bool


def accounts(line: Line, access: Access) -> list[AdAccount]:
    """The ad accounts that a user reaches, as the line's answers keep them for a while.

    X answers this five times in 15 minutes.

    Raises:
        ConnectorError: X refuses.
    """

    def ask() -> list[dict[str, str]]:
        rows = _paged(line, access, "accounts", operation="accounts")
        return [{name: str(row.get(name) or "") for name in _KEPT} for row in rows]

    if line.answers is None:
        found = ask()
    else:
        found = line.answers.shared(f"accounts {client_of(access)} {user_of(access)}", ask)
    return [_account(row) for row in found]


def account(line: Line, access: Access, account_id: str) -> AdAccount:
    """One ad account, and X's clock.

    Raises:
        ConnectorError: X refuses.
    """
    body, answer = get(line, access, f"accounts/{account_id}", operation="accounts/:id")
    return _account(body.get("data") or {}, skew=skew_of(answer, now=line.now()))


def roles(line: Line, access: Access, account_id: str) -> tuple[str, ...]:
    """What the user is on an ad account.

    Raises:
        ConnectorError: X refuses.
    """
    path = f"accounts/{account_id}/authenticated_user_access"
    body, _ = get(line, access, path, operation="accounts/:id/authenticated_user_access")
    data = body.get("data")
    found = data.get("permissions") if isinstance(data, dict) else None
    return tuple(map(str, found)) if isinstance(found, list) else ()


def event_tags(line: Line, access: Access, account_id: str) -> list[EventTag]:
    """The events of an account's pixels, deleted ones too.

    Raises:
        ConnectorError: X refuses.
    """
    path, operation = f"accounts/{account_id}/web_event_tags", "accounts/:id/web_event_tags"
    rows = _paged(line, access, path, operation=operation, with_deleted="true")
    return [
        EventTag(
            id=str(row.get("id") or ""), pixel_id=str(row.get("website_tag_id") or ""),
            name=str(row.get("name") or ""), type=str(row.get("type") or ""),
            deleted=bool(row.get("deleted")),
        )
        for row in rows
    ]  # fmt: skip


def _account(row: Mapping[str, Any], *, skew: float | None = None) -> AdAccount:
    return AdAccount(
        id=str(row.get("id") or ""), name=str(row.get("name") or ""),
        timezone=str(row.get("timezone") or ""), skew=skew,
    )  # fmt: skip


def _paged(
    line: Line, access: Access, path: str, *, operation: str, **query: str
) -> Iterator[Mapping[str, Any]]:
    """The rows of all pages; a cursor that comes again ends them."""
    seen: set[str] = set()
    cursor = ""
    for _ in range(_MOST_PAGES):
        asked = {"count": str(_PAGE), **query, **({"cursor": cursor} if cursor else {})}
        body, _ = get(line, access, path, operation=operation, query=asked)
        data = body.get("data")
        rows = data if isinstance(data, list) else []
        yield from (row for row in rows if isinstance(row, dict))
        cursor = body.get("next_cursor") or ""
        if not isinstance(cursor, str) or not cursor or cursor in seen:
            return
        seen.add(cursor)
