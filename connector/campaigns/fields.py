"""The fields of everything that is managed, as tables.

The command line, YAML files, the checks and the documentation read them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from connector.campaigns.kinds import (
    NO_LIMITS,
    Kind,
    Limits,
    Value,
    text_of,
    value_of,
    written,
)
from connector.campaigns.naming import without_token
from connector.campaigns.words import GOALS, OBJECTIVES, PLACEMENTS

EntityName = Literal["campaign", "line_item", "promoted_tweet", "media", "targeting_criterion"]
Verb = Literal["create", "update", "delete"]
Row = Mapping[str, Any]

MICRO = "_micro"
MOST_IDS = 200
"""How many ids a list takes to filter by."""
BOTH: frozenset[Verb] = frozenset({"create", "update"})
ONCE: frozenset[Verb] = frozenset({"create"})


@dataclass(frozen=True, kw_only=True)
class Field:
    """One field of an entity.

    Attributes:
        api: its name at X.
        on: the verbs that can say it.
        required: what is made must have it.
        always: what is made says it in any case, if only that it is empty.
        can_unset: the empty text takes it away again.
        where: it is found, for who does not say it and must.
    """

    api: str
    kind: Kind
    help: str
    on: frozenset[Verb] = BOTH
    required: bool = False
    always: bool = False
    can_unset: bool = False
    where: str = ""
    limits: Limits = NO_LIMITS

    @property
    def wanted(self) -> str:
        """What to do where it is missing."""
        text = self.help.removesuffix(".")
        told = f"say {text[0].lower()}{text[1:]}"
        if self.kind == "word" and self.limits.words:
            told = f"say one of {', '.join(self.limits.words)}"
        return f"{told}; {self.where}" if self.where else told

    @property
    def name(self) -> str:
        """As people write it: money is in currency units and is called so."""
        return self.api.removesuffix(MICRO) if self.kind == "money" else self.api


@dataclass(frozen=True, kw_only=True)
class Entity:
    """A kind of thing that an ad account has.

    Attributes:
        title: as sentences name one.
        path: below the account.
        ids: the parameter by which lists take ids; `id_param` names one in a batch.
        id_form: what an id of it is made of, a pattern.
        page: the most rows of a page.
        is_named: it carries a token at the end of its name.
        has_status: it can be paused.
    """

    name: EntityName
    title: str
    path: str
    ids: str
    fields: tuple[Field, ...]
    verbs: frozenset[Verb] = frozenset({"create", "update", "delete"})
    id_form: str = r"[0-9a-z]{1,20}"
    page: int = 1000
    is_named: bool = False
    has_status: bool = False

    @property
    def id_param(self) -> str:
        """The parameter that names one."""
        return f"{self.name}_id"


def _money(api: str, text: str, **more: Any) -> Field:  # noqa: ANN401 - whatever a field has
    return Field(api=api, kind="money", help=text, can_unset=True, **more)


def _word(api: str, text: str, *words: str, **more: Any) -> Field:  # noqa: ANN401 - likewise
    return Field(api=api, kind="word", help=text, limits=Limits(words=words), **more)


def _text(api: str, text: str, most: int = 255, **more: Any) -> Field:  # noqa: ANN401 - likewise
    return Field(api=api, kind="text", help=text, limits=Limits(most=most), **more)


def _id(api: str, text: str, **more: Any) -> Field:  # noqa: ANN401 - likewise
    return Field(api=api, kind="id", help=text, **more)


_DAILY = _money("daily_budget_amount_local_micro", "Spend of a day, in currency units.")
_TOTAL = _money("total_budget_amount_local_micro", "Spend altogether, in currency units.")
_STATUS = _word(
    "entity_status", "ACTIVE or PAUSED; DRAFT where it is made.", "ACTIVE", "DRAFT", "PAUSED"
)
_DELIVERY = Field(api="standard_delivery", kind="flag", help="Spread over the day: true or false.")

CAMPAIGN = Entity(
    name="campaign", title="campaign", path="campaigns", ids="campaign_ids",
    is_named=True, has_status=True,
    fields=(
        _id(
            "funding_instrument_id", "What pays.", on=ONCE, required=True,
            where="`connector campaigns list --json` has it of each campaign",
        ),
        _text("name", "What it is called, up to 255 characters.", required=True),
        _DAILY,
        _TOTAL,
        _STATUS,
        _word("budget_optimization", "LINE_ITEM.", "LINE_ITEM"),
        _text("purchase_order_number", "Up to 50 characters.", 50, can_unset=True),
        _DELIVERY,
    ),
)  # fmt: skip
LINE_ITEM = Entity(
    name="line_item", title="line item", path="line_items", ids="line_item_ids",
    is_named=True, has_status=True,
    fields=(
        _id(
            "campaign_id", "The campaign it is in.", on=ONCE, required=True,
            where="`connector campaigns list` has their ids",
        ),
        _word("objective", "What is wanted.", *OBJECTIVES, on=ONCE, required=True),
        _word(
            "product_type", "What is promoted.", "MEDIA", "PROMOTED_ACCOUNT", "PROMOTED_TWEETS",
            on=ONCE, required=True,
        ),
        Field(
            api="placements", kind="words", help="Where it is shown, joined by commas.",
            required=True, where="such as ALL_ON_TWITTER", limits=Limits(words=PLACEMENTS),
        ),
        Field(api="start_time", kind="time", help="When it begins.", required=True),
        Field(
            api="end_time", kind="time", help="When it ends; '' for no end.", required=True,
            always=True, can_unset=True,
        ),
        _text("name", "Up to 255 characters.", can_unset=True),
        _STATUS,
        _word("bid_strategy", "AUTO, MAX or TARGET.", "AUTO", "MAX", "TARGET"),
        _money("bid_amount_local_micro", "The bid, in currency units; not for AUTO."),
        _DAILY,
        _TOTAL,
        _word("goal", "What is optimised for; follows the objective.", *GOALS),
        _word("pay_by", "What is paid for; follows the objective."),
        _id("primary_web_event_tag", "The event of WEBSITE_CONVERSIONS.", can_unset=True),
        Field(
            api="frequency_cap", kind="number", help="Most views by one person.", can_unset=True,
            limits=Limits(most=100),
        ),
        Field(
            api="duration_in_days", kind="number", help="Days of frequency_cap: 1, 7 or 30.",
            can_unset=True, limits=Limits(most=30, numbers=(1, 7, 30)),
        ),
        _text("android_app_store_identifier", "For objectives of apps.", can_unset=True),
        _text("ios_app_store_identifier", "For objectives of apps.", can_unset=True),
        _word(
            "audience_expansion", "BROAD, EXPANDED or DEFINED.", "BROAD", "DEFINED", "EXPANDED",
            can_unset=True,
        ),
        _DELIVERY,
        _text("advertiser_domain", "For PUBLISHER_NETWORK.", can_unset=True),
        Field(
            api="categories", kind="ids", help="For PUBLISHER_NETWORK, joined by commas.",
            limits=Limits(most=200),
        ),
        _id("advertiser_user_id", "Whose it is, where not the account's own user's."),
    ),
)  # fmt: skip
PROMOTED_TWEET = Entity(
    name="promoted_tweet", title="promoted tweet", path="promoted_tweets",
    ids="promoted_tweet_ids", verbs=frozenset({"create", "delete"}),
    fields=(
        _id(
            "line_item_id", "The line item it is on.", on=ONCE, required=True,
            where="`connector line-items list` has their ids",
        ),
        Field(
            api="tweet_ids", kind="ids", help="The tweets, up to 50, joined by commas.", on=ONCE,
            required=True, limits=Limits(most=50, are_tweets=True),
        ),
    ),
)  # fmt: skip
MEDIA = Entity(
    name="media", title="media", path="media_library", ids="media_keys", page=50,
    id_form=r"[0-9]{1,2}_[0-9]{1,19}",
    fields=(
        _id("media_key", "What `media upload` answered.", on=ONCE, required=True),
        _text("name", "Up to 255 characters.", can_unset=True),
        _text("title", "Up to 255 characters.", can_unset=True),
        _text("description", "What it shows.", 2000, can_unset=True),
        _text("file_name", "Up to 255 characters.", can_unset=True),
        _id("poster_media_key", "The image before a video begins.", can_unset=True),
    ),
)  # fmt: skip
TARGETING_CRITERION = Entity(
    name="targeting_criterion", title="targeting criterion", path="targeting_criteria",
    ids="targeting_criterion_ids", verbs=frozenset({"create", "delete"}),
    fields=(
        _id("line_item_id", "The line item it is on.", on=ONCE, required=True),
        _word("targeting_type", "What is targeted, such as LOCATION.", on=ONCE, required=True),
        _text("targeting_value", "Its value, as the type has it.", 500, on=ONCE, required=True),
        _word("operator_type", "EQ unless said.", "EQ", "NE", "GTE", "LT", on=ONCE),
    ),
)  # fmt: skip
ENTITIES: Mapping[EntityName, Entity] = {
    one.name: one for one in (CAMPAIGN, LINE_ITEM, PROMOTED_TWEET, MEDIA, TARGETING_CRITERION)
}


def read(
    entity: EntityName, verb: Verb, values: Mapping[str, object]
) -> tuple[dict[str, Value], list[str]]:
    """What was written, by the API's names and as X has it; and what is wrong with it.

    Nothing, and the empty text, take a field away where it changes something; where something is
    made they say nothing.
    """
    fields = {one.name: one for one in ENTITIES[entity].fields if verb in one.on}
    params: dict[str, Value] = {}
    problems = [f"{name}: {_unknown(entity, name)}" for name in values if name not in fields]
    for name, one in fields.items():
        given = values.get(name)
        is_empty = given is None or given in ("", [], ())
        try:
            if not is_empty:
                params[one.api] = value_of(one.kind, given, one.limits)
            elif name in values and (verb == "update" or one.always):
                params[one.api] = None
                _require_unsettable(one)
            elif one.required and verb == "create":
                problems.append(f"{name}: is missing; {one.wanted}")
        except ValueError as error:
            problems.append(f"{name}: {error}")
    return params, problems


def _require_unsettable(field: Field) -> None:
    if not field.can_unset:
        raise ValueError("must not be empty: X can't do without it")


def _unknown(entity: EntityName, name: str) -> str:
    """Why a name is none of the fields that can be said."""
    known = ENTITIES[entity]
    if any(one.name == name for one in known.fields):
        return f"can't be changed once the {known.title} is made"
    if name.endswith(MICRO) and any(one.api == name for one in known.fields):
        return f"money is written in currency units, as {name.removesuffix(MICRO)}"
    return f"is no field of a {known.title}"


def texts(params: Mapping[str, Value]) -> dict[str, str]:
    """Params as a query says them."""
    return {name: text_of(value) for name, value in params.items()}


def told(entity: EntityName, row: Row) -> dict[str, object]:
    """The fields of one of X's rows that can be written, as people write them.

    What is not there is left out, but for what is always said; and so is the token of a name.
    """
    found: dict[str, object] = {}
    for one in ENTITIES[entity].fields:
        value = row.get(one.api)
        if value is None or value == []:
            found |= {one.name: ""} if one.always else {}
            continue
        found[one.name] = written(one.kind, value)
        if one.api == "name":
            found["name"] = without_token(str(value))
    return found
