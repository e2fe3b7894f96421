"""A file of what is at X, which makes no difference to it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from connector.campaigns.amounts import units_of
from connector.campaigns.fields import Field
from connector.campaigns.kinds import Value, text_of, value_of
from connector.campaigns.naming import without_token
from connector.campaigns.tree import BELOW, KEYS, NAMED, Thing, fields_of

_WIDTH = 100


def written(
    things: Sequence[Thing], *, connection: str, modeline: str = ""
) -> tuple[str, set[str]]:
    """The text of a file, and the fields that are left out because no file can say them."""
    left_out: set[str] = set()
    tree = {
        "connection": connection,
        KEYS["campaign"]: [_entry(thing, left_out) for thing in things],
    }
    out = StringIO()
    _yaml().dump(tree, out)
    return modeline + out.getvalue(), left_out


def _entry(thing: Thing, left_out: set[str]) -> dict[str, Any]:
    """One thing as a file has it: with its id, but for what can't be changed."""
    found: dict[str, Any] = {"id": thing.id} if thing.entity in NAMED else {}
    found |= dict(_fields(thing, left_out))
    for kind in BELOW.get(thing.entity, ()):
        below = thing.below.get(kind, ())
        if kind == "promoted_tweet":
            tweets = dict.fromkeys(str(one.values["tweet_id"]) for one in below)
            found[KEYS[kind]] = list(tweets)
        else:
            found[KEYS[kind]] = [_entry(one, left_out) for one in below]
    return found


def _fields(thing: Thing, left_out: set[str]) -> Iterator[tuple[str, object]]:
    for one in fields_of(thing.entity):
        value = thing.values.get(one.api)
        if value is None:
            continue
        if not _is_sayable(one, value):
            left_out.add(one.name)
        else:
            yield one.name, _plain(one, value)


def _is_sayable(one: Field, value: Value) -> bool:
    """Whether a file may say it: X has words that it does not document."""
    if one.kind == "money":
        return isinstance(value, int)
    try:
        value_of(one.kind, text_of(value), one.limits)
    except ValueError:
        return False
    return True


def _plain(one: Field, value: Value) -> object:
    if one.kind == "money" and isinstance(value, int):
        return units_of(value)
    if one.api == "name":
        return without_token(str(value))
    return list(value) if isinstance(value, tuple) else value


def _yaml() -> YAML:
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    yaml.default_flow_style = False
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.Representer = _Representer
    return yaml


class _Representer(RoundTripRepresenter):
    """Amounts keep their digits."""


def _amount(representer: RoundTripRepresenter, amount: Decimal) -> ScalarNode:
    node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:float", f"{amount:f}")
    return node


_Representer.add_representer(Decimal, _amount)
