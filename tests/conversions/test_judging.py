import pyarrow as pa
import pytest
from rows import ADA_HASH, PHONE, Columns, mapped, misfits, one, sql, with_fields

CONSENT = "{column: agreed, granted: [true, granted]}"
FAILING = "cast(note as integer)"


def outcomes(columns: Columns, **sections: str) -> list[tuple[str, str | None]]:
    return [(row["outcome"], row["reasons"]) for row in mapped(columns, **sections)]


def test_a_row_has_all_of_its_reasons() -> None:
    columns = {
        "order_id": ["ada@example.com"], "paid_at": ["yesterday"], "email": ["nobody"],
        "amount": ["-1"], "cur": ["??"], "quantity": ["0"], "items": ["{}"],
        "pixel": ["?"], "event": [None],
    }  # fmt: skip
    row = one(
        columns,
        destination="{type: x_conversions, connection: x,"
        " pixel_id: {column: pixel}, event_id: {column: event}}",
        fields=with_fields(value="amount", price_currency="cur", number_items="quantity"),
        contents="{from: items, fields: {content_id: sku}}",
    )
    assert row["reasons"] == (
        "invalid_pixel_id missing_event_id invalid_conversion_time personal_conversion_id"
        " negative_value invalid_price_currency invalid_number_items invalid_contents"
        " missing_identifier"
    )
    assert (row["outcome"], row["dropped"]) == ("rejected", "invalid_email")
    told = ("conversion_id", "time_ms", "body", "digest", "value", "currency", "conversion")
    assert [row[name] for name in told] == [None] * len(told)
    assert row["identifiers"] == 0


AGREED = {
    "granted": True, "true": True, "Granted": False, " granted": False, "yes": False, "1": False,
    "t": False, "false": False, "": False, None: False,
}  # fmt: skip


def test_only_what_was_granted_is_sent() -> None:
    rows = mapped({"agreed": list(AGREED)}, consent=CONSENT)
    assert dict(zip(AGREED, (row["outcome"] == "sendable" for row in rows), strict=True)) == AGREED
    assert {row["outcome"] for row in rows} == {"sendable", "suppressed"}


@pytest.mark.parametrize(
    ("column", "granted", "sent"),
    [
        (pa.array([True, False, None]), "[true]", [True, False, False]),
        (pa.array([True, False, None]), "[True, 'no']", [True, False, False]),
        (pa.array([True, False, None]), "[false]", [False, True, False]),
        (pa.array([1, 0, None]), "[1]", [True, False, False]),
        (pa.array(["it's", "its"]), "[it's]", [True, False]),
    ],
)
def test_consent_may_be_a_boolean_or_a_number(
    column: pa.Array, granted: str, sent: list[bool]
) -> None:
    rows = mapped({"agreed": column}, consent=f"{{column: agreed, granted: {granted}}}")
    assert [row["outcome"] == "sendable" for row in rows] == sent


def test_consent_is_judged_first_and_a_suppressed_row_counts_under_nothing_else() -> None:
    columns = {
        "agreed": ["no"], "order_id": [None], "paid_at": ["2026-11-02"], "email": [ADA_HASH],
        "click": ["a b"], "note": ["ada@example.com"],
    }  # fmt: skip
    row = one(
        columns, consent=CONSENT, identifiers="{email: email, twclid: click}",
        fields=with_fields(description="note", value=sql(FAILING), price_currency="note"),
    )  # fmt: skip
    words = ("reasons", "dropped", "warnings", "hashed", "body", "digest", "value")
    assert row["outcome"] == "suppressed"
    assert [row[name] for name in words] == [None] * len(words)
    assert row["identifiers"] == 0


def test_consent_fails_closed_when_its_expression_fails() -> None:
    consent = "{sql: cast(agreed as integer) = 1, granted: [true]}"
    rows = mapped({"agreed": ["1", "0", "nonsense", None]}, consent=consent)
    assert [row["outcome"] for row in rows] == ["sendable", *["suppressed"] * 3]
    assert [row["reasons"] for row in rows] == [None] * 4


@pytest.mark.parametrize("column", [pa.array([["granted"]]), pa.array([b"granted"])])
def test_consent_of_another_type_is_an_error_of_the_configuration(column: pa.Array) -> None:
    (told,) = misfits({"agreed": column}, consent=CONSENT)
    assert told.startswith("6:19 consent is ")
    assert told.endswith("; make it a BOOLEAN or VARCHAR")


def test_an_expression_that_fails_on_a_row_rejects_that_row_alone() -> None:
    notes = ["1"] * 3000
    notes[17] = notes[2100] = "x"
    found = outcomes({"note": notes}, fields=with_fields(description=sql(FAILING)))
    assert [n for n, (outcome, _) in enumerate(found) if outcome == "rejected"] == [17, 2100]
    assert found[17] == ("rejected", "expression_failed")


def test_a_null_of_an_expression_is_no_failure() -> None:
    value = sql("nullif(cast(note as integer), 0)")
    fields = with_fields(value=value, price_currency="{value: EUR}")
    rows = mapped({"note": ["0", "5", None, "x"]}, fields=fields)
    assert [row["reasons"] for row in rows] == [None, None, None, "expression_failed"]
    assert [row["value"] for row in rows] == [None, "5.00", None, None]


@pytest.mark.parametrize(
    ("expression", "good", "bad"),
    [
        ("cast(note as integer) + cast(note as integer)", "2", "x"),
        (
            "case when cast(note as integer) = 0 then 1 else 2 // cast(note as integer) end",
            "2",
            "x",
        ),
        ("[cast(note as integer), cast(note as integer)][1]", "2", "x"),
        ("list_transform([note], lambda x: cast(x as integer))[1]", "2", "x"),
        ("1 // cast(note as integer)", "2", "0"),
        # These failures pass through DuckDB's TRY.
        ("timezone(note, timestamp '2020-01-01')", "UTC", "nowhere"),
        ("'a' like 'a' escape note", "x", "xx"),
        ("time_bucket(to_days(length(note) - 1), date '2020-01-01')", "xx", "x"),
    ],
)
def test_a_failure_stays_with_its_row_however_the_expression_fails(
    expression: str, good: str, bad: str
) -> None:
    twice = f"concat({expression}, {expression})"
    fields = with_fields(description=sql(expression), event_source_url=sql(twice))
    found = outcomes({"note": [good, bad, good]}, fields=fields)
    assert found == [("sendable", None), ("rejected", "expression_failed"), ("sendable", None)]


@pytest.mark.parametrize(
    ("field", "expression"),
    [
        ("conversion_id", "cast(cast(note as integer) as varchar)"),
        ("conversion_time", "cast(note as timestamptz)"),
        ("value", "cast(note as decimal(9, 2))"),
        ("number_items", FAILING),
    ],
)
def test_a_field_whose_expression_failed_has_no_reason_of_its_own(
    field: str, expression: str
) -> None:
    fields = with_fields(price_currency="{value: EUR}", **{field: sql(expression)})
    assert one({"note": ["x"]}, fields=fields)["reasons"] == "expression_failed"


def test_an_identifier_whose_expression_failed_is_missing() -> None:
    identifiers = '{email: {sql: "note || cast(note as integer)"}, phone: phone}'
    columns = {"note": ["x", None, "x"], "phone": [None, None, PHONE]}
    assert outcomes(columns, identifiers=identifiers) == [
        ("rejected", "expression_failed missing_identifier"),
        ("rejected", "missing_identifier"),
        ("rejected", "expression_failed"),
    ]


IDENTIFIERS = "twclid: click, email: email, phone: phone, ip_address: ip, user_agent: agent"
PEOPLE = {
    "click": ["c", None, None, None, None, None, None],
    "email": [None, "ada@example.com", None, None, None, None, None],
    "phone": [None, None, PHONE, None, None, None, None],
    "ip": [None, None, None, "::1", "::1", None, "nonsense"],
    "agent": [None, None, None, "x", None, "x", "x"],
}


@pytest.mark.parametrize(
    ("sufficient", "sent"),
    [
        ("", [0, 1, 2, 3]),
        (", sufficient: [twclid]", [0]),
        (", sufficient: [email, phone]", [1, 2]),
        (", sufficient: [ip_user_agent]", [3]),
        (", sufficient: [ip_user_agent, twclid, email, phone]", [0, 1, 2, 3]),
    ],
)
def test_a_row_needs_a_sufficient_identifier(sufficient: str, sent: list[int]) -> None:
    found = outcomes(PEOPLE, identifiers=f"{{{IDENTIFIERS}{sufficient}}}")
    assert [n for n, (outcome, _) in enumerate(found) if outcome == "sendable"] == sent
    assert {reasons for outcome, reasons in found if outcome == "rejected"} == {
        "missing_identifier"
    }


def test_what_is_not_sufficient_is_sent_beside_what_is() -> None:
    columns = {"ip": ["::1"], "agent": ["x"]}
    identifiers = "{email: email, ip_address: ip, user_agent: agent, sufficient: [email]}"
    assert one(columns, identifiers=identifiers)["conversion"]["identifiers"] == [
        {"hashed_email": ADA_HASH}, {"ip_address": "::1", "user_agent": "x"},
    ]  # fmt: skip


def test_a_dropped_identifier_does_not_reject_its_row_while_another_remains() -> None:
    columns = {
        "click": [ADA_HASH, ADA_HASH], "email": ["ada@example.com", "?"], "phone": ["1", "1"],
        "digest": ["?", "?"], "ip": ["?", "?"],
    }  # fmt: skip
    identifiers = (
        "{twclid: click, email: email, hashed_phone_number: digest, phone: phone, ip_address: ip}"
    )
    rows = mapped(columns, identifiers=identifiers)
    assert [row["reasons"] for row in rows] == [None, "missing_identifier"]
    assert rows[0]["dropped"] == "invalid_twclid invalid_hash invalid_phone invalid_ip_address"
    assert rows[1]["dropped"] == (
        "invalid_twclid invalid_email invalid_hash invalid_phone invalid_ip_address"
    )


def test_drops_of_one_reason_are_counted_each() -> None:
    columns = {"a": ["?"], "b": ["?"]}
    row = one(columns, identifiers="{hashed_email: a, hashed_phone_number: b, twclid: email}")
    assert row["dropped"] == "invalid_hash invalid_hash"


def test_an_address_in_a_public_text_is_a_warning() -> None:
    fields = with_fields(description="note", event_source_url="page")
    notes = ["for ada@example.com", "a@b", None, "x"]
    pages = ["https://x.org/?mail=ada@example.com", "https://x.org/@b", None, "ada@example.com"]
    rows = mapped({"note": notes, "page": pages}, fields=fields)
    assert [row["warnings"] for row in rows] == [
        "personal_description personal_event_source_url", None, None, "personal_event_source_url",
    ]  # fmt: skip
    assert {row["outcome"] for row in rows} == {"sendable"}


def test_constants_may_stand_for_any_field() -> None:
    row = one(
        {},
        fields="{conversion_time: paid_at, conversion_id: {value: 00123}, value: {value: 5},"
        " price_currency: {value: eur}, number_items: {value: 2}, description: {value: true},"
        ' event_source_url: {value: "it\'s"}}',
        identifiers="{twclid: {value: 1e5}, ip_address: {value: 1.1.1.1}, user_agent: {value: 7}}",
    )
    assert row["conversion"] == {
        "conversion_time": "2026-11-02T11:00:00.417Z", "event_id": "tw-o8z6j-o87ne",
        "identifiers": [{"twclid": "1e5"}, {"ip_address": "1.1.1.1", "user_agent": "7"}],
        "value": "5.00", "price_currency": "EUR", "number_items": 2, "conversion_id": "00123",
        "description": "true", "event_source_url": "it's",
    }  # fmt: skip
