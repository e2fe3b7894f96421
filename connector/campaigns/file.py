"""A file of campaigns: its model, made from the tables of fields, and what is wrong by line.

What a file does not say is left as it is at X.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema, create_model

from connector.campaigns import fields
from connector.campaigns.fields import EntityName
from connector.campaigns.kinds import Kind, Value, value_of
from connector.campaigns.tree import BELOW, KEYS, NAMED, TWEET, Node, faults_of, fields_of
from connector.errors import ConfigurationError, Problem
from connector.project.judge import judge
from connector.project.scalars import STRICT, Name, refused, written
from connector.project.schema import DIALECT
from connector.project.tree import Fault, Mark, Path, Places, Scalar, read_tree

SCHEMA_FILE = "campaigns.schema.json"
MODELINE = f"# yaml-language-server: $schema={SCHEMA_FILE}\n"
_LISTS: frozenset[Kind] = frozenset({"words", "ids"})
_EMPTY = "must not be empty: X can't do without it; take the key out to leave it as it is"
_TYPES: Mapping[Kind, dict[str, Any]] = {
    "money": {"type": ["number", "string"]},
    "number": {"type": "integer"},
    "flag": {"type": "boolean"},
    "id": {"type": ["string", "integer"]},
    "text": {"type": ["string", "number"]},
    "time": {"type": "string"},
    "word": {"type": "string"},
    "words": {"type": ["array", "string"]},
    "ids": {"type": ["array", "string"]},
}


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of campaigns that is right in itself.

    Attributes:
        name: as people see it.
        connection: the one it is for, where it says so.
    """

    name: str
    connection: str | None
    campaigns: tuple[Node, ...]

    def refusal(self, faults: Sequence[Fault]) -> ConfigurationError:
        """The error that tells all that is wrong with it."""
        return _refusal(self.name, faults)


def read(content: bytes, name: str) -> File:
    """A file, from what is in it.

    Raises:
        ConfigurationError: with everything that is wrong with it, by line.
    """
    tree = read_tree(content)
    model, faults = judge(TREE, tree, between_keys=lambda _: ())
    if model is None or faults:
        raise _refusal(name, faults)
    nodes = tuple(_nodes("campaign", model, (), tree.places))
    found = File(name=name, connection=cast("str | None", _said(model, "connection")),
                 campaigns=nodes)  # fmt: skip
    wrong = sorted(faults_of(nodes), key=lambda fault: fault.mark)
    if wrong:
        raise found.refusal(wrong)
    return found


def campaigns_schema() -> dict[str, Any]:
    """The JSON Schema of a file."""
    made = TREE.model_json_schema()
    return {"$schema": DIALECT, **made, "title": "Campaigns of ads-connector"}


def _refusal(name: str, faults: Sequence[Fault]) -> ConfigurationError:
    count = len(faults)
    return ConfigurationError(
        f"{count} problem{'s' if count != 1 else ''} in {name}:",
        [Problem(name, fault.message, *fault.mark) for fault in faults],
    )


def _said(model: BaseModel, key: str) -> object:
    return getattr(model, key) if key in model.model_fields_set else None


def _nodes(entity: EntityName, around: BaseModel, path: Path, places: Places) -> Iterator[Node]:
    many = cast("tuple[BaseModel | str, ...]", _said(around, KEYS[entity]))
    for number, one in enumerate(many):
        yield _node(entity, one, (*path, KEYS[entity], str(number)), places)


def _node(entity: EntityName, one: BaseModel | str, path: Path, places: Places) -> Node:
    if isinstance(one, str):
        place = {"": places.value(path)}
        return Node(entity=entity, path=path, values={"tweet_id": one}, places=place)
    said = one.model_fields_set
    kinds = [kind for kind in BELOW.get(entity, ()) if KEYS[kind] in said]
    marks: dict[str, Mark] = {key: places.value((*path, key)) for key in said}
    return Node(
        entity=entity, path=path, id=cast("str | None", _said(one, "id")),
        values={known.api: getattr(one, known.name) for known in fields_of(entity)
                if known.name in said},
        below={kind: tuple(_nodes(kind, one, path, places)) for kind in kinds},
        places={"": places.value(path), **marks},
    )  # fmt: skip


def _reader(known: fields.Field) -> Callable[[object], Value]:
    """How a field of a file is read; nothing, and the empty text, take it away at X."""

    def read_value(raw: object) -> Value:
        given = _given(raw, known.kind)
        if given in (None, "", []):
            if not known.can_unset:
                raise refused(_EMPTY)
            return None
        try:
            return value_of(known.kind, given, known.limits)
        except ValueError as error:
            raise refused(str(error)) from None

    return read_value


def _given(raw: object, kind: Kind) -> object:
    """What stands in the file: a text as written, None for nothing, or a list of texts."""
    if kind in _LISTS and isinstance(raw, list):
        return [str(written(one, "must be a list of words")) for one in raw]
    if isinstance(raw, Scalar) and raw.resolved is None:
        return None
    return str(written(raw, "must be a list" if kind in _LISTS else "must be a single value"))


def _field(known: fields.Field) -> tuple[Any, Any]:
    shape: dict[str, Any] = {**_TYPES[known.kind]}
    if known.kind == "word" and known.limits.words:
        shape["enum"] = [*known.limits.words]
    if known.can_unset:
        shape = {"anyOf": [shape, {"enum": [None, ""]}]}
    kind = Annotated[Any, BeforeValidator(_reader(known)), WithJsonSchema(shape)]
    return kind, Field(None, description=known.help)


def _id(entity: EntityName) -> tuple[Any, Any]:
    title = fields.ENTITIES[entity].title
    known = fields.Field(api="id", kind="id", help=f"X's, of a {title} that is there.")
    return _field(known)


def _tweet_id(raw: object) -> str:
    text = str(written(raw, "must be the id of a tweet"))
    try:
        return str(value_of(TWEET.kind, text, TWEET.limits))
    except ValueError as error:
        raise refused(str(error)) from None


def _many(raw: object) -> object:
    """A list, as a tuple; nothing is an empty one."""
    if isinstance(raw, Scalar) and raw.resolved is None:
        return ()
    if not isinstance(raw, list):
        raise refused("must be a list, one entry a line with - before it; [] for none")
    return tuple(raw)


def _list(of: Any, text: str, *, default: object = ()) -> tuple[Any, Any]:  # noqa: ANN401 - a type
    return Annotated[tuple[of, ...], BeforeValidator(_many)], Field(default, description=text)


_TWEET = Annotated[str, BeforeValidator(_tweet_id), WithJsonSchema({"type": ["string", "integer"]})]


def _required(entity: EntityName) -> dict[str, tuple[Any, Any]]:
    """The fields of what can't be changed, which is nothing without them."""
    made = {one.name: (one, _field(one)[0]) for one in fields_of(entity)}
    return {
        name: (kind, Field(... if one.required else None, description=one.help))
        for name, (one, kind) in made.items()
    }


def _model(entity: EntityName) -> type[BaseModel]:
    """The model of one kind of thing, with the lists of what stands below it."""
    if entity not in NAMED:
        own = _required(entity)
    else:
        own = {"id": _id(entity), **{one.name: _field(one) for one in fields_of(entity)}}
    for kind in BELOW.get(entity, ()):
        what = f"All {KEYS[kind].replace('_', ' ')}; without the key they stay as they are."
        of: Any = _TWEET if kind == "promoted_tweet" else _model(kind)
        own[KEYS[kind]] = _list(of, what)
    name = fields.ENTITIES[entity].title.title().replace(" ", "")
    return create_model(name, __config__=STRICT, **cast("dict[str, Any]", own))


def _tree() -> type[BaseModel]:
    return create_model(
        "Campaigns", __config__=STRICT,
        connection=(Name, Field(None, description="The connection of config.yaml.")),
        campaigns=_list(_model("campaign"), "The campaigns.", default=...),
    )  # fmt: skip


TREE = _tree()
"""The model of a whole file."""
