"""What a file of an experiment may hold; the fields of a line item are those of the tables."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, create_model

from connector.campaigns.fields import LINE_ITEM, TARGETING_CRITERION, Field
from connector.campaigns.kinds import value_of
from connector.project.config import ConnectionName
from connector.project.scalars import STRICT, listed, matching, refused
from connector.project.tree import Scalar

CONTROL = "control"
MOST_TWEETS = 50
Written = str | tuple[str, ...]
"""A field as it was written: text, or several."""
_OF_EXPERIMENT = frozenset({"campaign_id", "name", "entity_status"})
_KNOWN = {one.name: one for one in LINE_ITEM.fields}
_BID, _STRATEGY = _KNOWN["bid_amount_local"], _KNOWN["bid_strategy"]


def _as_written(field: Field) -> Callable[[object], Written]:
    """Keeps what was written, once it is known to be a value of its kind."""

    def read(raw: object) -> Written:
        text = _written(raw)
        try:
            if text:
                value_of(field.kind, text, field.limits)
        except ValueError as error:
            raise refused(str(error)) from None
        if not text and not field.can_unset:
            raise refused(f"has no value; {field.help[0].lower()}{field.help[1:]}")
        return text

    return read


def _written(raw: object) -> Written:
    """The text of a scalar, or those of a list; nothing is the empty text."""
    if isinstance(raw, list) and all(isinstance(one, Scalar) for one in raw):
        return tuple(map(str, raw))
    if not isinstance(raw, Scalar):
        raise refused("must be a value, or a list of values")
    return "" if raw.resolved is None else str(raw)


def _kind(field: Field) -> Any:  # noqa: ANN401 - a type
    schema = str | int | float | bool | list[str | int] | None
    return Annotated[Written, BeforeValidator(_as_written(field), json_schema_input_type=schema)]


def _block(name: str, doc: str, fields: list[Field]) -> type[BaseModel]:
    made: dict[str, Any] = {
        one.name: (_kind(one), ...) if one.required else (_kind(one) | None, None) for one in fields
    }
    return create_model(name, __config__=STRICT, __doc__=doc, **made)


if TYPE_CHECKING:
    # Types that are made of tables are not known before they run.
    LineItem = BaseModel
    Criterion = BaseModel
else:
    LineItem = _block(
        "LineItem",
        "What the line items of all variants share; the fields are X's, money in currency units.",
        [one for one in LINE_ITEM.fields if "create" in one.on and one.name not in _OF_EXPERIMENT],
    )
    Criterion = _block(
        "Criterion",
        "A targeting criterion, as X has it.",
        [one for one in TARGETING_CRITERION.fields if one.name != "line_item_id"],
    )


_BY_AMOUNT = BeforeValidator(_as_written(_BID), json_schema_input_type=str | float)
_BY_STRATEGY = BeforeValidator(_as_written(_STRATEGY), json_schema_input_type=str)


class Bid(BaseModel):
    """What a variant bids."""

    model_config = STRICT
    amount: Annotated[Written, _BY_AMOUNT] | None = None
    strategy: Annotated[Written, _BY_STRATEGY] | None = None


def _amount(raw: object) -> object:
    """The block that an amount alone stands for."""
    return raw if isinstance(raw, dict) else {"amount": raw}


_TWEET = "must be a tweet's id, such as 1790123456789012480"
Tweets = Annotated[
    tuple[Annotated[str, matching(r"[0-9]{1,19}", _TWEET)], ...], listed("[1790123456789012480]")
]
Criteria = Annotated[
    tuple[Criterion, ...],
    listed("{targeting_type: LOCATION, targeting_value: 96683cc9126741d1}"),
]
VariantName = Annotated[
    str,
    matching(r"[a-z0-9_-]{1,40}", "must be of lower-case letters, digits, - and _, up to 40"),
]


class Variant(BaseModel):
    """What is different about a variant; what it does not say is what all share."""

    model_config = STRICT
    bid: (
        Annotated[Bid, BeforeValidator(_amount, json_schema_input_type=Bid | str | float)] | None
    ) = None
    tweets: Tweets | None = None
    targeting: Criteria | None = None


def _some(raw: object) -> object:
    if raw == {}:
        raise refused("is empty; it must hold at least one to compare the control with")
    return raw


class ExperimentFile(BaseModel):
    """One campaign, what its variants share, a control, and treatments by name."""

    model_config = STRICT
    connection: ConnectionName | None = None
    campaign: Annotated[str, matching(r"[0-9a-z]{1,20}", "must be a campaign's id, such as k2v8c")]
    line_item: LineItem
    tweets: Tweets | None = None
    targeting: Criteria | None = None
    control: Variant = Variant()
    treatments: Annotated[dict[VariantName, Variant], BeforeValidator(_some)]
