"""Finding again what may have been made: where to look, and which rows are meant.

What has a name is found by its token, all else by what it is made of. X's search may lag behind
what is there, so the newest rows are looked through, too.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.campaigns.fields import EntityName, Row
from connector.campaigns.kinds import Value, text_of
from connector.campaigns.naming import token_of
from connector.campaigns.writes import Write

WAITS = (3.0, 7.0)
"""Seconds between looks; after the last one it is not there."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """A list to ask X for, the first page of it alone where `once`."""

    query: Mapping[str, str]
    once: bool = False


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is there of a write, and what is still to be made: the params of the rest, None of all.

    `seen` are the ids that are there, whoever made them, where that matters.
    """

    rows: tuple[Row, ...] = ()
    rest: Mapping[str, Value] | None = None
    seen: tuple[str, ...] | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left to be made."""
        return bool(self.rows) and self.rest is None


def looks_first(write: Write) -> bool:
    """Whether it is looked for before it is sent at all: a second one of it would have no sense."""
    return write.verb == "create" and write.entity in {"promoted_tweet", "targeting_criterion"}


def questions(write: Write, token: str | None) -> Sequence[Question]:
    """Where to look for what a write makes; none for what can simply be sent again."""
    return _QUESTIONS[write.entity](write, token or "") if write.verb == "create" else ()


def by_ids(write: Write, ids: Sequence[str]) -> Question:
    """Where to look whether what a write made is still there; what is deleted is not."""
    line_item = write.params.get("line_item_id")
    within = {"line_item_ids": str(line_item)} if line_item else {}
    drafts = {"with_draft": "true"} if write.of.is_named else {}
    return Question(query={write.of.ids: ",".join(ids), **within, **drafts})


def found(
    write: Write, token: str | None, rows: Iterable[Row], *, seen: Collection[str] | None
) -> Found:
    """What of some rows a write has made.

    Args:
        write: what is meant.
        token: at the end of its name.
        rows: the answers to all questions.
        seen: the ids that were there before it was sent first, None where nothing was.
    """
    kept = list({str(row.get("id") or row.get("media_key")): row for row in rows}.values())
    return _FOUND[write.entity](write, token or "", kept, seen)


def _by_token(write: Write, token: str) -> Sequence[Question]:
    parent = write.params.get("campaign_id")
    within = {"with_draft": "true"} | ({"campaign_ids": str(parent)} if parent else {})
    newest = {**within, "sort_by": "created_at-desc"}
    return (Question(query={**within, "q": token}), Question(query=newest, once=True))


def _of_line_item(write: Write, _: str) -> Sequence[Question]:
    return (Question(query={"line_item_ids": str(write.params["line_item_id"])}),)


def _of_key(write: Write, _: str) -> Sequence[Question]:
    return (Question(query={"media_keys": str(write.params["media_key"])}),)


def _named(_: Write, token: str, rows: Sequence[Row], __: Collection[str] | None) -> Found:
    mine = [row for row in rows if token_of(str(row.get("name") or "")) == token]
    return Found(rows=tuple(mine[:1]))


def _keyed(_: Write, __: str, rows: Sequence[Row], ___: Collection[str] | None) -> Found:
    return Found(rows=tuple(rows[:1]))


def _same(write: Write, _: str, rows: Sequence[Row], __: Collection[str] | None) -> Found:
    wanted = {"operator_type": "EQ", **write.params}
    mine = [
        row
        for row in rows
        if all(str(row.get(name) or "EQ") == text_of(value) for name, value in wanted.items())
    ]
    return Found(rows=tuple(mine[:1]))


def _promoted(write: Write, _: str, rows: Sequence[Row], seen: Collection[str] | None) -> Found:
    """Promoted tweets by their tweets; another user's has another id there, so it is a new one."""
    wanted = write.params["tweet_ids"]
    tweets = wanted if isinstance(wanted, tuple) else ()
    there = {str(row.get("tweet_id")): row for row in reversed(rows)}
    missing = [one for one in tweets if one not in there]
    others = list(_copies(rows, tweets, seen)) if missing else []
    copies = dict(zip(missing, others, strict=False)) if len(others) >= len(missing) else {}
    mine = {**there, **copies}
    rest = tuple(one for one in tweets if one not in mine)
    return Found(
        rows=tuple(mine[one] for one in tweets if one in mine),
        rest={**write.params, "tweet_ids": rest} if rest else None,
        seen=tuple(str(row["id"]) for row in rows),
    )


def _copies(
    rows: Sequence[Row], tweets: Sequence[str], seen: Collection[str] | None
) -> Iterator[Row]:
    """What is new since before the first sending, and is none of the tweets themselves."""
    for row in rows:
        if seen is not None and str(row["id"]) not in seen and str(row["tweet_id"]) not in tweets:
            yield row


_QUESTIONS: Mapping[EntityName, Callable[[Write, str], Sequence[Question]]] = {
    "campaign": _by_token,
    "line_item": _by_token,
    "promoted_tweet": _of_line_item,
    "targeting_criterion": _of_line_item,
    "media": _of_key,
}
_FOUND: Mapping[
    EntityName, Callable[[Write, str, Sequence[Row], Collection[str] | None], Found]
] = {
    "campaign": _named,
    "line_item": _named,
    "promoted_tweet": _promoted,
    "targeting_criterion": _same,
    "media": _keyed,
}
