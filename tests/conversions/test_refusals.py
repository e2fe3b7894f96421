import pytest
from delivery import EVENT, PIXEL, body, mapped, numbered
from hypothesis import given
from hypothesis import strategies as st

from connector.conversions.refusals import SINGLES_THAT_CONDEMN, Standing, parted
from connector.conversions.requests import Batch, Destination

WHERE = Destination(number=1, pixel_id=PIXEL, event_id=EVENT)


def parts(ids: list[str], *values: str) -> list[list[str]]:
    return [part["conversion_id"].to_pylist() for part in parted(mapped(ids), values)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), [["0", "1", "2"], ["3", "4"]]),
        (("1",), [["0", "2", "3", "4"], ["1"]]),
        (("1", "3", "nobody"), [["0", "2", "4"], ["1", "3"]]),
        (("nobody",), [["0", "1", "2"], ["3", "4"]]),
        (("a",), [["0", "1", "2"], ["3", "4"]]),
        (("conversion_i",), [["0", "1", "2"], ["3", "4"]]),
    ],
)
def test_a_request_parts_where_x_points_else_in_the_middle(
    values: tuple[str, ...], expected: list[list[str]]
) -> None:
    assert parts(numbered(5), *values) == expected


@pytest.mark.parametrize("value", ['say "hi"', "back\\slash", "ünï", "100%", "a_b", ".*"])
def test_a_value_is_found_as_it_stands_in_the_body(value: str) -> None:
    rows = mapped(["1", "2"], body=[body("1", value), body("2", value + "!")])
    good, wrong = parted(rows, [value])
    assert wrong["conversion_id"].to_pylist() == ["1"]
    assert good["conversion_id"].to_pylist() == ["2"]


@given(st.integers(2, 40), st.lists(st.sampled_from(numbered(50))))
def test_the_parts_are_smaller_and_lose_nothing(count: int, values: list[str]) -> None:
    first, second = parts(numbered(count), *values)
    assert first
    assert second
    assert sorted(first + second) == sorted(numbered(count))


def refused(standing: Standing, *reasons: str) -> list[int]:
    """The place of each single row that is taken back."""
    taken: list[int] = []
    for place, reason in enumerate(reasons):
        single = Batch(number=place, destination=WHERE, rows=mapped(["1"]))
        taken += [batch.number for batch in standing.refuse(single, reason)]
    return taken


def test_sixteen_that_fail_alike_are_taken_back_once() -> None:
    alike = ["CODE value"] * SINGLES_THAT_CONDEMN
    assert refused(Standing(), *alike) == list(range(16))
    assert refused(Standing(), *alike[1:]) == []


@pytest.mark.parametrize("place", [0, 7, 15])
def test_one_that_fails_in_another_way_clears_the_mapping(place: int) -> None:
    reasons = ["CODE value"] * 40
    reasons[place] = "CODE contents"
    assert refused(Standing(), *reasons) == []


def test_one_that_passed_clears_the_mapping() -> None:
    standing = Standing()
    assert refused(standing, *["CODE value"] * 15) == []
    standing.accepted = True
    assert refused(standing, *["CODE value"] * 15) == []
