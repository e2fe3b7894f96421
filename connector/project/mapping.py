"""A mapping: which rows become which conversions of which event."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, Field, PrivateAttr, ValidationInfo

from connector.project.expressions import (
    Column,
    Consent,
    ConsentColumn,
    ConversionTime,
    EventId,
    Expression,
    Member,
    Phone,
    PhoneColumn,
    PixelId,
    TimeColumn,
)
from connector.project.scalars import (
    STRICT,
    Flag,
    Lookback,
    Name,
    Share,
    Span,
    SpanAboveZero,
    Tag,
    Text,
    choice,
    listed,
    refused,
    written,
)
from connector.project.tree import Mark, Places

Sufficient = Literal["twclid", "email", "phone", "ip_user_agent"]
SUFFICIENT: tuple[Sufficient, ...] = get_args(Sufficient)


@dataclass(frozen=True)
class SourceFile:
    """An SQL file of the project and what it said when the project was loaded."""

    path: FilePath
    text: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a mapping needs that is not in its text; the context of its validation.

    `read_file` gives the SQL file of a name in the mapping, or raises ValueError with a rule.
    """

    path: str
    places: Places = field(default_factory=Places)
    read_file: Callable[[str], SourceFile]


def _source_file(raw: object, info: ValidationInfo) -> SourceFile:
    scalar = written(raw, "must be the path of an SQL file in the project")
    if not isinstance(info.context, Surroundings):
        raise refused("can't be read: this mapping stands in no project")
    try:
        return info.context.read_file(str(scalar))
    except ValueError as error:
        raise refused(str(error)) from None


class Source(BaseModel):
    """The rows: exactly one of query, table and file.

    `lookback` is a span, a number for an integer cursor, or None for the default of the cursor's
    type.
    """

    model_config = STRICT
    query: Text | None = None
    table: Text | None = None
    file: (
        Annotated[SourceFile, BeforeValidator(_source_file, json_schema_input_type=str)] | None
    ) = None
    cursor: Text | None = None
    lookback: Lookback | None = None


class Destination(BaseModel):
    """Where conversions go; bare ids are constants."""

    model_config = STRICT
    type: Annotated[Literal["x_conversions"], choice("x_conversions")]
    connection: Text
    pixel_id: PixelId
    event_id: EventId
    browser_pixel: Flag = False


class Identifiers(BaseModel):
    """Who converted; `sufficient` is what alone makes a row sendable."""

    model_config = STRICT
    twclid: Column | None = None
    email: Column | None = None
    hashed_email: Column | None = None
    phone: PhoneColumn | None = None
    hashed_phone_number: Column | None = None
    ip_address: Column | None = None
    user_agent: Column | None = None
    sufficient: Annotated[
        tuple[Annotated[Sufficient, choice(*SUFFICIENT)], ...], listed("[twclid, email]")
    ] = SUFFICIENT


class Fields(BaseModel):
    """What the conversion says of itself."""

    model_config = STRICT
    conversion_time: TimeColumn
    conversion_id: Column
    value: Column | None = None
    price_currency: Column | None = None
    number_items: Column | None = None
    description: Column | None = None
    event_source_url: Column | None = None


class ContentFields(BaseModel):
    """What is said of each item; columns are members of the item."""

    model_config = STRICT
    content_id: Member | None = None
    content_name: Member | None = None
    content_type: Member | None = None
    content_price: Member | None = None
    num_items: Member | None = None
    content_group_id: Member | None = None


class Contents(BaseModel):
    """The items of a conversion; `items` is the key `from`: a LIST of STRUCT, or JSON."""

    model_config = STRICT
    items: Column = Field(alias="from")
    fields: ContentFields


class Limits(BaseModel):
    """What stops a row, or the sync; `max_rejected` is a share of 1."""

    model_config = STRICT
    max_age: SpanAboveZero = timedelta(days=90)
    max_in_future: Span = timedelta(minutes=5)
    max_rejected: Share = 0.1
    anomaly: Annotated[Literal["warn", "stop", "off"], choice("warn", "stop", "off")] = "warn"


Reasons = Annotated[tuple[Text, ...], listed("[missing_identifier]")]


class Expectation(BaseModel):
    """What a test says becomes of its row: exactly one of the three.

    `conversion` holds trees of `tree.Scalar`; `tree.plain` gives Python's values.
    """

    model_config = STRICT
    conversion: dict[str, Any] | None = Field(default=None, repr=False)
    rejected: Reasons | None = None
    suppressed: Reasons | None = None


class MappingTest(BaseModel):
    """One row and what must become of it; `given` holds trees of `tree.Scalar`, by column."""

    model_config = STRICT
    name: Text
    given: dict[str, Any] = Field(repr=False)
    expect: Expectation


class Mapping(BaseModel):
    """One mapping file."""

    model_config = STRICT
    name: Name
    enabled: Flag = True
    tags: Annotated[tuple[Tag, ...], listed("[hourly]")] = ()
    source: Source
    destination: Destination
    identifiers: Identifiers
    fields: Fields
    contents: Contents | None = None
    consent: ConsentColumn | None = None
    limits: Limits = Limits()
    in_doubt: Annotated[Literal["resend", "hold"], choice("resend", "hold")] = "resend"
    tests: Annotated[tuple[MappingTest, ...], listed("[{name: …, given: …, expect: …}]")] = ()

    _path: str = PrivateAttr(default="")
    _places: Places = PrivateAttr(default_factory=Places)

    def model_post_init(self, context: object, /) -> None:
        """Keeps where the mapping was read."""
        if isinstance(context, Surroundings):
            self._path, self._places = context.path, context.places

    @property
    def path(self) -> str:
        """The file as it is shown to people."""
        return self._path

    def place(self, where: str) -> Mark:
        """Line and column (from 1) of what stands at `where`, such as `fields.value`.

        The place of something that is not written is that of the nearest thing around it.
        """
        return self._places.value(tuple(where.split(".")))

    def expressions(self) -> dict[str, Expression]:
        """Every expression of the mapping by its place, in the order of the fields."""
        return dict(_expressions(self, ()))


def _expressions(part: object, path: tuple[str, ...]) -> Iterator[tuple[str, Expression]]:
    if isinstance(part, Expression):
        yield ".".join(path), part
    elif isinstance(part, ConversionTime | Consent):
        yield ".".join(path), part.expression
    elif isinstance(part, Phone):
        yield ".".join(path), part.expression
        yield from _expressions(part.region, (*path, "region"))
    elif isinstance(part, BaseModel):
        for name, info in type(part).model_fields.items():
            yield from _expressions(getattr(part, name), (*path, info.alias or name))
