"""Options and tables of what an ad account has, made from the tables of its fields."""

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer

from connector.campaigns.amounts import MICROS, units_of
from connector.campaigns.fields import ENTITIES, MOST_IDS, EntityName, Field, Row, Verb
from connector.errors import ConfigurationError, Exit

Function = Callable[..., Exit | None]

ONE_ID = Annotated[str, typer.Argument(metavar="ID", show_default=False)]
CONNECTION = Annotated[
    str | None,
    typer.Option(
        "--connection", metavar="NAME", help="Where there are several to X Ads.", show_default=False
    ),
]

# The filters of a list beside those that all have, by the parameter X knows them by.
FILTERS: Mapping[EntityName, tuple[str, ...]] = {
    "campaign": ("campaign_ids", "funding_instrument_ids", "q"),
    "line_item": ("line_item_ids", "campaign_ids", "funding_instrument_ids", "q"),
    "promoted_tweet": ("promoted_tweet_ids", "line_item_ids"),
    "media": ("media_keys", "media_type", "q"),
}
# The columns that people see, and what they are called.
COLUMNS: Mapping[EntityName, Mapping[str, str]] = {
    "campaign": {
        "id": "id", "name": "name", "entity_status": "status", "effective_status": "effective",
        "daily_budget_amount_local_micro": "daily budget",
        "total_budget_amount_local_micro": "total budget", "currency": "currency",
    },
    "line_item": {
        "id": "id", "name": "name", "campaign_id": "campaign", "objective": "objective",
        "entity_status": "status", "bid_amount_local_micro": "bid",
        "daily_budget_amount_local_micro": "daily budget", "currency": "currency",
    },
    "promoted_tweet": {
        "id": "id", "line_item_id": "line item", "tweet_id": "tweet", "entity_status": "status",
        "approval_status": "approval",
    },
    "media": {
        "media_key": "media_key", "name": "name", "media_category": "category",
        "media_status": "status", "file_name": "file",
    },
}  # fmt: skip
_MONEY = "_local_micro"


def dashed(option: str) -> str:
    """An option's name as it is looked up: fields may be written with underscores, as at X."""
    return option.replace("_", "-")


def field_options(entity: EntityName, verb: Verb) -> dict[str, object]:
    """An option for each field that a verb can say.

    Where X can't change a thing, the fields it has are taken all the same: the answer is the way
    round, and not that there is no such option.
    """
    known = ENTITIES[entity]
    if verb in known.verbs:
        fields = (one for one in known.fields if verb in one.on)
        return {name: option for one in fields for name, option in _options(one, verb)}
    names = [*(one.name for one in known.fields), "entity_status"]
    return {name: _option(name, "", "text", hidden=True) for name in names}


def with_options(function: Function, options: Mapping[str, object]) -> Function:
    """Give a command options in place of its `**others`; all are None unless they are said."""
    own = inspect.signature(function, eval_str=True).parameters.values()
    kept = [one for one in own if one.kind is not inspect.Parameter.VAR_KEYWORD]
    made = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in options.items()
    ]
    first = [one for one in kept if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    last = [one for one in kept if one.kind is inspect.Parameter.KEYWORD_ONLY]
    function.__signature__ = inspect.Signature([*first, *made, *last])  # type: ignore[attr-defined]
    return function


def _options(field: Field, verb: Verb) -> Iterator[tuple[str, object]]:
    needed = " Required." if field.required and verb == "create" else ""
    yield field.name, _option(field.name, f"{field.help}{needed}", field.kind)
    if field.api != field.name:
        yield field.api, _option(field.api, "", field.kind, hidden=True)


def _option(name: str, text: str, metavar: str, *, hidden: bool = False) -> object:
    option = typer.Option(
        f"--{dashed(name)}", metavar=metavar.upper(), help=text, show_default=False, hidden=hidden
    )
    return Annotated[str | None, option]


def filters_of(entity: EntityName) -> dict[str, object]:
    """The options of a list."""
    return {name: _option(name, "As X documents it.", "text") for name in FILTERS[entity]}


def asked(filters: Mapping[str, str | None]) -> dict[str, str]:
    """The filters of a list that were said.

    Raises:
        ConfigurationError: one names more ids than X takes.
    """
    query = {name: text for name, text in filters.items() if text is not None}
    for name, text in query.items():
        many = text.count(",") + 1
        if name.endswith(("_ids", "_keys")) and many > MOST_IDS:
            raise ConfigurationError(
                f"--{dashed(name)} names {many:,}, and X takes {MOST_IDS} at once"
            )
    return query


def said(entity: EntityName, given: Mapping[str, str | None]) -> dict[str, object]:
    """The fields that were said, by their names; X's own name of an amount means units, too.

    Raises:
        ConfigurationError: an amount was said twice, or looks like micros.
    """
    found: dict[str, object] = {}
    names = {one.api: one.name for one in ENTITIES[entity].fields}
    for option, text in given.items():
        if text is None:
            continue
        name = names.get(option, option)
        if name in found:
            raise ConfigurationError(f"say --{dashed(name)} once")
        whole = text.partition(".")[0]
        if name != option and whole.isascii() and whole.isdigit() and int(whole) >= MICROS:
            raise ConfigurationError(
                f"--{dashed(option)} {text}: amounts are in currency units, and this looks like"
                f" micros; write {units_of(int(whole))}, or --{dashed(name)} {text} if it is meant"
                " so"
            )
        found[name] = text
    return found


def cells(entity: EntityName, row: Row) -> list[str]:
    """A row as people see it."""
    return [cell(name, row.get(name)) for name in COLUMNS[entity]]


def head(entity: EntityName) -> Sequence[str]:
    """What the columns are called."""
    return list(COLUMNS[entity].values())


def cell(name: str, value: Any) -> str:  # noqa: ANN401 - a value of JSON
    """A value as people see it: money in units."""
    if value is None or value == []:
        return ""
    if name.endswith(_MONEY) and isinstance(value, int):
        return f"{units_of(value):f}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def rehearsing(name: str) -> str:
    """That a connection sends nothing."""
    return (
        f"connection {name} is not live: this is a rehearsal, nothing is sent; set"
        f" connections.{name}.live to true to send"
    )
