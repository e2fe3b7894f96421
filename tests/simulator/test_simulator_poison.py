from collections.abc import Callable

import pytest
import requests

from connector.simulator.envelope import Error
from connector.simulator.poison import FIELDS, Poison, parse_patterns, poison_errors
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

Make = Callable[..., dict[str, object]]
Send = Callable[..., requests.Response]


def errors(conversion: dict[str, object], *, quoted: bool = True, **patterns: str) -> list[Error]:
    return list(poison_errors(conversion, Poison(patterns=patterns, quoted=quoted)))


def test_patterns_are_read_from_texts() -> None:
    assert parse_patterns(["conversion_id=bad-*", "value=1=2"]) == {
        "conversion_id": "bad-*", "value": "1=2",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["conversion_id", "conversion_id=", "bad-*"])
def test_a_pattern_without_its_field_is_refused_with_the_way_to_write_it(text: str) -> None:
    with pytest.raises(ValueError, match="FIELD=PATTERN"):
        parse_patterns([text])


def test_a_field_named_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="value is named twice"):
        parse_patterns(["value=1", "value=2"])


def test_an_unknown_field_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="'colour'") as refused:
        Poison(patterns={"colour": "red"})
    assert all(name in str(refused.value) for name in FIELDS)


def test_what_fits_is_refused_and_quoted_and_what_does_not_passes(conversion: Make) -> None:
    assert errors(conversion(conversion_id="bad-1"), conversion_id="bad-*") == [
        {
            "code": "INVALID_PARAMETER",
            "message": 'Expected another value, got "bad-1" for conversion_id',
            "parameter": "conversion_id",
        }
    ]
    assert errors(conversion(conversion_id="good-1"), conversion_id="bad-*") == []


def test_a_refusal_may_keep_the_value_to_itself(conversion: Make) -> None:
    [said] = errors(conversion(conversion_id="bad-1"), quoted=False, conversion_id="bad-*")
    assert "bad-1" not in said["message"]


def test_identifiers_are_looked_for_in_each_of_their_objects(conversion: Make) -> None:
    identifiers = [{"twclid": "one"}, {"ip_address": "192.0.2.7"}, "no object"]
    found = errors(conversion(identifiers=identifiers), ip_address="192.0.2.*")
    assert [each["parameter"] for each in found] == ["ip_address"]
    assert errors(conversion(identifiers="none"), ip_address="*") == []


def test_numbers_are_compared_as_they_are_written(conversion: Make) -> None:
    assert len(errors(conversion(number_items=3), number_items="3")) == 1


@pytest.fixture
def poisoned() -> Settings:
    return Settings(poison=Poison(patterns={"conversion_id": "bad-*"}))


def test_a_poisoned_conversion_fails_its_whole_request(
    poisoned: Settings, conversion: Make, send: Send
) -> None:
    with running(poisoned) as address:
        both = send(address, conversion(), conversion(conversion_id="bad-1"))
        alone = send(address, conversion())
        count: dict[str, int] = _counted(address)
    assert (both.status_code, alone.status_code) == (400, 200)
    assert both.json()["errors"][0]["parameter"] == "conversion_id"
    assert count["receipts"] == 1


def _counted(address: Address) -> dict[str, int]:
    counted: dict[str, int] = requests.get(
        f"{address.url}/_simulator/conversions", timeout=5
    ).json()
    return counted
