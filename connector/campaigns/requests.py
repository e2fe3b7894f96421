"""What a write is on the wire and in the journal, and how it ended."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from connector.campaigns.fields import Row, Verb, texts
from connector.campaigns.kinds import DRY, Value, text_of
from connector.campaigns.naming import named, new_token
from connector.campaigns.writes import Write

Status = Literal["created", "adopted", "updated", "deleted", "dry_run"]
DONE: Mapping[Verb, Status] = {"create": "created", "update": "updated", "delete": "deleted"}
METHODS: Mapping[Verb, Literal["POST", "PUT", "DELETE"]] = {
    "create": "POST", "update": "PUT", "delete": "DELETE",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Written:
    """How a write ended.

    Attributes:
        ids: of what was made, found, changed or deleted.
        rows: X's, as far as it told them.
        request: method, path and params, as they are sent.
        remarks: what the user should know.
    """

    status: Status
    ids: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The first id."""
        return self.ids[0]


def path_of(write: Write) -> str:
    """The path below the ad account."""
    return write.of.path if write.id is None else f"{write.of.path}/{write.id}"


def carries_token(write: Write) -> bool:
    """Whether the name of what is made gets a token."""
    return write.verb == "create" and write.of.is_named


def params_of(write: Write, token: str | None) -> Mapping[str, Value]:
    """The params as they leave: the name has its token."""
    if token is None:
        return write.params
    return {**write.params, "name": named(text_of(write.params.get("name")), token)}


def told_request(write: Write, token: str | None, *, account_id: str) -> dict[str, Any]:
    """What is sent, for people."""
    return {
        "method": METHODS[write.verb], "path": f"accounts/{account_id}/{path_of(write)}",
        "params": texts(params_of(write, token)),
    }  # fmt: skip


def cut_remarks(write: Write, token: str | None) -> Iterator[str]:
    """That the name was cut, where it was."""
    wanted = text_of(write.params.get("name")).rstrip()
    if token is not None and wanted not in named(wanted, token):
        yield f"the name was cut to make room for [{token}]"


def digests_of(write: Write) -> tuple[str, str]:
    """Of what is sent, and of what is meant, which is the caller's key where there is one."""
    sent = [write.verb, path_of(write), sorted(texts(write.params).items())]
    digest = _digest(sent)
    return digest, _digest(["key", write.key]) if write.key is not None else digest


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:32]


def ids_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The ids of X's rows; media have keys."""
    return tuple(str(row.get("id") or row.get("media_key")) for row in rows)


def count_of(write: Write) -> int:
    """How many things it is about."""
    tweets = write.params.get("tweet_ids")
    return len(tweets) if isinstance(tweets, tuple) else 1


def rehearsed(write: Write, account_id: str, *, random_bytes: Callable[[int], bytes]) -> Written:
    """What would be sent, and ids that are made up."""
    token = new_token(random_bytes) if carries_token(write) else None
    made_up = tuple(f"{DRY}{random_bytes(6).hex()}" for _ in range(count_of(write)))
    return Written(
        status="dry_run", ids=made_up if write.id is None else (write.id,),
        request=told_request(write, token, account_id=account_id),
        remarks=tuple(cut_remarks(write, token)),
    )  # fmt: skip
