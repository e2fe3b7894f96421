"""How one e-mail address or phone number is normalised and hashed, step by step."""

from dataclasses import dataclass
from typing import Literal

from connector.conversions.fields import DROPPED
from connector.conversions.mapper import sealed
from connector.conversions.rules import RULES, Value
from connector.conversions.sql import ColumnType

_TEXT = ColumnType(family="text", name="VARCHAR")


@dataclass(frozen=True, kw_only=True)
class Hashed:
    """The steps of one value: each what the rule made of the one before, None when it ends there.

    `digest` is what X gets; without one `reason` says why the identifier would be dropped, and is
    None for a blank value. `already` says that the value was a digest before.
    """

    given: str
    trimmed: str | None
    normalised: str | None
    digest: str | None
    reason: str | None
    already: bool

    @property
    def meaning(self) -> str:
        """The reason in words."""
        return DROPPED[self.reason] if self.reason else "it is blank"


def explain(kind: Literal["email", "phone"], value: str, region: str | None) -> Hashed:
    """Run the rule of a kind on one value; `region` is ISO 3166 alpha-2, for phones alone."""
    rule = RULES[kind]
    steps = Value(
        kind=_TEXT, given="given", trimmed="trimmed", clean="clean", valid="valid",
        options={"region": "$region"},
    )  # fmt: skip
    normalised = "clean" if kind == "email" else "connector_phone(clean, $region)"
    statement = (
        "with given_row as (select $value as given),"
        f" trimmed_row as (select *, {rule.trim(steps)} as trimmed from given_row),"
        f" clean_row as (select *, {rule.clean(steps)} as clean from trimmed_row),"
        f" valid_row as (select *, {rule.valid(steps)} as valid from clean_row)"
        f" select trimmed, {normalised}, valid, {rule.reason(steps)}, lower(trimmed) = valid,"
        " $region from valid_row"
    )
    with sealed() as connection:
        row = connection.execute(statement, {"value": value, "region": region}).fetchall()[0]
    trimmed, shown, digest, reason, already, _ = row
    return Hashed(
        given=value, trimmed=trimmed, normalised=None if already else shown, digest=digest,
        reason=reason, already=bool(already),
    )  # fmt: skip
