from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.simulator.conversions import short_event_id
from connector.simulator.envelope import Error
from connector.simulator.founding import make_world

WORLD = make_world()
_, SECOND, FOREIGN = WORLD.pixels.values()
FOREIGN_EVENT = next(event for event in WORLD.events.values() if event.pixel_id == FOREIGN.id)
OTHER_EVENT = next(event for event in WORLD.events.values() if event.pixel_id == SECOND.id)

EMAIL = {"hashed_email": "c380883a7f5bd30f9566377252d7a73542e94bed90a654681412c7a0bfa0d409"}
PHONE = {"hashed_phone_number": EMAIL["hashed_email"].upper()}
CLICK = {"twclid": "2q8d5m1x7k0c9vz4w6t3r5b8ny"}
IP = {"ip_address": "203.0.113.24"}
AGENT = {"user_agent": "ExampleBrowser/9.1"}

Make = Callable[..., dict[str, object]]
Errors = Callable[..., list[Error]]


def invalid(message: str, parameter: str) -> Error:
    return {"code": "INVALID_PARAMETER", "message": message, "parameter": parameter}


NO_IDENTIFIER = invalid("At least one user identifier must be provided", "")


def test_a_conversion_with_everything_is_taken(errors_of: Errors, conversion: Make) -> None:
    assert not errors_of(
        conversion(
            identifiers=[CLICK, EMAIL, PHONE, IP | AGENT],
            value="84.50",
            price_currency="EUR",
            number_items=2,
            description="garden order",
            event_source_url="https://shop.example.org/thanks",
            contents=[
                {
                    "content_id": "SKU-118",
                    "content_name": "Watering can",
                    "content_type": "garden",
                    "content_price": "42.25",
                    "num_items": 2,
                    "content_group_id": "cans",
                },
            ],
        ),
    )


def test_unknown_keys_do_not_matter(errors_of: Errors, conversion: Make) -> None:
    assert not errors_of(conversion(custom_data={"a": [1]}, user_agent=5, contents=[{"x": None}]))


@pytest.mark.parametrize(
    "identifiers",
    [
        [CLICK, EMAIL, PHONE, IP | AGENT],
        [EMAIL | IP | AGENT],
        [CLICK | EMAIL | PHONE | IP | AGENT],
        [EMAIL],
        [PHONE],
        [CLICK],
        [IP | AGENT],
        [EMAIL | IP],
        [EMAIL | {"twclid": ""}],
        [EMAIL | {"twpid": "tw.1.2"}],
    ],
)
def test_identifiers_that_name_a_person_are_taken(
    errors_of: Errors, conversion: Make, identifiers: object
) -> None:
    assert not errors_of(conversion(identifiers=identifiers))


@pytest.mark.parametrize(
    "identifiers",
    [
        [EMAIL, IP, AGENT],
        [EMAIL, AGENT],
        [IP],
        [AGENT],
        [IP, AGENT],
        [],
        [{}],
        [EMAIL, {}],
        [{"twclid": ""}],
        [{"twclid": " "}],
        [{"twclid": 5}],
        [{"twclid": None}],
        [{"hashed_email": ""}],
        [{"twpid": "tw.1.2"}],
        [IP | {"user_agent": ""}],
        [[EMAIL]],
        ["hashed_email"],
        EMAIL,
        "hashed_email",
        None,
    ],
)
def test_each_element_must_name_a_person_by_itself(
    errors_of: Errors, conversion: Make, identifiers: object
) -> None:
    assert errors_of(conversion(identifiers=identifiers)) == [NO_IDENTIFIER]


@pytest.mark.parametrize("key", ["hashed_email", "hashed_phone_number"])
@pytest.mark.parametrize(
    "value", ["abc", "ana.lima@example.org", "g" * 64, "a" * 63, "a" * 64 + "\n"]
)
def test_a_hash_that_is_none_is_named(
    errors_of: Errors, conversion: Make, key: str, value: str
) -> None:
    assert errors_of(conversion(identifiers=[{key: value}])) == [
        invalid(f"{key} ({value}) is not a valid SHA-256 hash", key),
    ]


def test_the_form_of_a_click_id_matters_only_when_asked_for(
    errors_of: Errors, conversion: Make
) -> None:
    odd = conversion(identifiers=[{"twclid": "short"}])
    assert not errors_of(odd)
    assert errors_of(odd, formats=True) == [
        invalid('Expected Click ID, got "short" for twclid', "twclid"),
    ]
    assert not errors_of(conversion(identifiers=[CLICK]), formats=True)


@pytest.mark.parametrize("event_id", ["o87ne", "tw-o8z6j-o87ne", OTHER_EVENT.id])
def test_an_event_of_the_account_is_taken_short_and_full(
    errors_of: Errors, conversion: Make, event_id: str
) -> None:
    assert not errors_of(conversion(event_id=event_id))


@pytest.mark.parametrize("event_id", ["o8z6j", "tw-o8z6j-o8z6j", SECOND.id])
def test_a_pixel_is_not_an_event(errors_of: Errors, conversion: Make, event_id: str) -> None:
    assert errors_of(conversion(event_id=event_id)) == [
        invalid(f"event_id ({event_id}) is not a single event tag (SET)", "event_id"),
    ]


@pytest.mark.parametrize(
    "event_id",
    [
        "abc",
        "O87NE",
        FOREIGN_EVENT.id,
        FOREIGN_EVENT.full_id,
        FOREIGN.id,
        OTHER_EVENT.full_id,  # the middle part must be the pixel of the path
        "tw-o8z6j",
        "tw-o8z6j-o87ne-x",
        "tw--o87ne",
    ],
)
def test_a_foreign_event_gets_both_errors(
    errors_of: Errors, conversion: Make, event_id: str
) -> None:
    foreign = f"event_id ({event_id}) does not belong to provided account"
    assert errors_of(conversion(event_id=event_id)) == [
        {"code": "NOT_FOUND", "message": foreign, "parameter": "event_id"},
        invalid(f"event_id ({event_id}) is not a single event tag (SET)", "event_id"),
    ]


def test_an_event_id_of_another_type_is_foreign_too(errors_of: Errors, conversion: Make) -> None:
    assert [entry["message"] for entry in errors_of(conversion(event_id=["o87ne"]))] == [
        'event_id (["o87ne"]) does not belong to provided account',
        'event_id (["o87ne"]) is not a single event tag (SET)',
    ]


@pytest.mark.parametrize("event_id", [None, ""])
def test_a_missing_event_is_not_found(
    errors_of: Errors, conversion: Make, event_id: object
) -> None:
    assert errors_of(conversion() | {"event_id": event_id}) == [
        {
            "code": "MISSING_PARAMETER",
            "message": "Event ID was not found",
            "parameter": "event_id",
        },
    ]


@pytest.mark.parametrize("contents", ["SKU", {"content_id": "SKU"}, [["SKU"]], ["SKU"]])
def test_contents_are_a_list_of_objects(
    errors_of: Errors, conversion: Make, contents: object
) -> None:
    assert [entry["parameter"] for entry in errors_of(conversion(contents=contents))] == [
        "contents",
    ]


def test_what_is_no_object_is_no_conversion(errors_of: Errors) -> None:
    assert [entry["parameter"] for entry in errors_of("order-1")] == ["conversions"]


def test_all_errors_of_all_conversions_come_in_order_and_the_same_one_once(
    errors_of: Errors,
    conversion: Make,
) -> None:
    found = errors_of(
        conversion(event_id="zz9", value="x"),
        conversion(),
        conversion(event_id="zz9", identifiers=[]),
        conversion(event_id="zz8", value="x"),
    )
    assert [entry["message"] for entry in found] == [
        "event_id (zz9) does not belong to provided account",
        "event_id (zz9) is not a single event tag (SET)",
        'Expected Double, got "x" for value',
        "At least one user identifier must be provided",
        "event_id (zz8) does not belong to provided account",
        "event_id (zz8) is not a single event tag (SET)",
    ]


def test_the_short_form_of_an_event_is_its_last_part() -> None:
    assert short_event_id("o87ne", pixel_id="o8z6j") == "o87ne"
    assert short_event_id("tw-o8z6j-o87ne", pixel_id="o8z6j") == "o87ne"
    assert short_event_id("tw-other-o87ne", pixel_id="o8z6j") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["conversion_time", "event_id", "identifiers", "value", "number_items", "contents", "other"],
)


@given(conversions=st.lists(st.dictionaries(KEYS, JSON) | JSON, min_size=1, max_size=3))
def test_whatever_is_sent_has_errors_and_breaks_nothing(
    errors_of: Errors,
    conversions: list[object],
) -> None:
    found = errors_of(*conversions, formats=True, integers=False)
    assert found
    assert all(isinstance(text, str) for entry in found for text in entry.values())
