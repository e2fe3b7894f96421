"""Writes: what is to be made, changed or deleted, once it is known to make sense."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from connector.campaigns.checks import problems
from connector.campaigns.fields import ENTITIES, Entity, EntityName, Row, Verb, read
from connector.campaigns.kinds import DRY, MADE_UP, Value
from connector.errors import ConfigurationError

_LONGEST_KEY = 200
_ROUND = (
    "X can't {verb} a {title}: pause its line item (`connector line-items pause ID`), or delete it"
    " and create another one (`connector promoted-tweets delete ID`)"
)
_NO_STATUS = (
    "a {title} can't be paused or resumed: pause the line items that show it (`connector line-items"
    " pause ID`)"
)
_NO_UPDATE = "X can't {verb} a {title}: delete it and create another one"


@dataclass(frozen=True, kw_only=True)
class Write:
    """One write that is meant.

    Attributes:
        params: by the API's names, as X has them; a name is without its token.
        key: the caller's own idempotency key: the same one answers with what it did the first time.
    """

    entity: EntityName
    verb: Verb
    id: str | None = None
    params: Mapping[str, Value] = field(default_factory=dict)
    key: str | None = None

    def __post_init__(self) -> None:
        """Refuse a key that no header takes."""
        if self.key is not None and not re.fullmatch(rf"[!-~]{{1,{_LONGEST_KEY}}}", self.key):
            raise ConfigurationError(
                f"an idempotency key is 1 to {_LONGEST_KEY} letters, digits and signs, no blanks"
            )

    @property
    def of(self) -> Entity:
        """The table of what it is about."""
        return ENTITIES[self.entity]


def checked_id(entity: EntityName, id_: str) -> str:
    """An id that can be asked for.

    Raises:
        ConfigurationError: it is made up, or none of this kind of thing.
    """
    if id_.startswith(DRY):
        raise ConfigurationError(f"{id_} {MADE_UP}")
    if not re.fullmatch(ENTITIES[entity].id_form, id_):
        raise ConfigurationError(f"{id_!r} is no id of a {ENTITIES[entity].title}")
    return id_


def creating(
    entity: EntityName, values: Mapping[str, object], *, active: bool = False,
    parent: Row | None = None, currency: str | None = None, key: str | None = None,
) -> Write:  # fmt: skip
    """Make something; what can be paused is paused unless `active`.

    Args:
        entity: what.
        values: its fields as people write them.
        active: it begins at once.
        parent: the row of a line item's campaign, where it is known.
        currency: of the ad account, where it is known.
        key: see `Write`.

    Raises:
        ConfigurationError: with everything that is wrong with it.
    """
    params, wrong = read(entity, "create", values)
    if ENTITIES[entity].has_status:
        wrong += _status_problems(params, active=active)
        params.setdefault("entity_status", "ACTIVE" if active else "PAUSED")
    _refuse(entity, wrong or problems(entity, "create", params, parent=parent, currency=currency))
    return Write(entity=entity, verb="create", params=params, key=key)


def _status_problems(params: Mapping[str, Value], *, active: bool) -> list[str]:
    status = params.get("entity_status")
    if status is not None and active != (status == "ACTIVE"):
        return ["entity_status: --active alone begins at once; without it PAUSED or DRAFT"]
    return []


def updating(
    entity: EntityName, id_: str, values: Mapping[str, object], *,
    before: Row | None = None, currency: str | None = None, key: str | None = None,
) -> Write:  # fmt: skip
    """Change some fields; what is not named stays.

    Raises:
        ConfigurationError: with everything that is wrong with it, or X can't change such a thing.
    """
    _refuse_what_is_impossible(entity, "update")
    params, wrong = read(entity, "update", values)
    if not values:
        wrong.append("nothing is to be changed: name a field")
    _refuse(entity, wrong or problems(entity, "update", params, before=before, currency=currency))
    return Write(entity=entity, verb="update", id=checked_id(entity, id_), params=params, key=key)


def deleting(entity: EntityName, id_: str, *, key: str | None = None) -> Write:
    """Delete something, for good.

    Raises:
        ConfigurationError: it is no id of such a thing.
    """
    return Write(entity=entity, verb="delete", id=checked_id(entity, id_), key=key)


def pausing(entity: EntityName, id_: str) -> Write:
    """Pause something.

    Raises:
        ConfigurationError: X can't pause such a thing; the text says the way round.
    """
    _refuse_what_is_impossible(entity, "pause")
    return updating(entity, id_, {"entity_status": "PAUSED"})


def resuming(entity: EntityName, id_: str) -> Write:
    """Let something go on.

    Raises:
        ConfigurationError: as `pausing`.
    """
    _refuse_what_is_impossible(entity, "resume")
    return updating(entity, id_, {"entity_status": "ACTIVE"})


def _refuse_what_is_impossible(
    entity: EntityName, verb: Literal["update", "pause", "resume"]
) -> None:
    known = ENTITIES[entity]
    if "update" in known.verbs and (verb == "update" or known.has_status):
        return
    told = _ROUND if entity == "promoted_tweet" else _NO_UPDATE
    if "update" in known.verbs:
        told = _NO_STATUS
    raise ConfigurationError(told.format(verb=verb, title=known.title))


def _refuse(entity: EntityName, wrong: list[str]) -> None:
    if wrong:
        raise ConfigurationError("\n".join([f"{ENTITIES[entity].title}: not sent", *wrong]))
