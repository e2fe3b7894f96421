"""The nodes of a file and the things of X have one form, in which they are compared."""

import pytest
from campaigns_apply.trees import nodes_of, text_of

from connector.campaigns.kinds import Value
from connector.campaigns.tree import fields_of, is_same, key_of, thing, title, values_of, walked

TWEETS = ["101", "102"]


def keys(text: str) -> list[str]:
    return [key_of(node, above) for node, above in walked(nodes_of(text))]


def test_every_node_has_a_key_of_its_own_that_stays() -> None:
    text = text_of("fund1", TWEETS)
    assert len(set(keys(text))) == len(keys(text)) == 2 + 4 + 8 + 8
    assert keys(text) == keys(text.replace("25.00", "30.00").replace("PAUSED", "ACTIVE"))


def test_a_key_changes_with_every_name_above() -> None:
    text = text_of("fund1", TWEETS, campaigns=1, items=1)
    assert not set(keys(text)) & set(keys(text.replace("spring 0", "autumn")))
    renamed = keys(text.replace("pots 0", "pans"))
    assert [one in keys(text) for one in renamed] == [True, False, False, False, False, False]


def test_a_key_is_one_that_a_header_takes() -> None:
    text = text_of("fund1", TWEETS, campaigns=1, items=1).replace("spring 0", "春 ☂")
    assert all(one.isascii() and one.isprintable() and " " not in one for one in keys(text))


def test_a_row_is_read_as_x_would_take_it() -> None:
    row = {
        "id": "w6n4r", "name": "pots", "placements": ["ALL_ON_TWITTER"], "categories": [],
        "start_time": "2027-03-10T00:00:00Z", "end_time": None, "bid_amount_local_micro": 1_500_000,
        "standard_delivery": True, "goal": "A_NEW_ONE", "campaign_id": "k2v8c",
    }  # fmt: skip
    assert values_of("line_item", row) == {
        "name": "pots", "placements": ("ALL_ON_TWITTER",), "categories": None,
        "start_time": "2027-03-10T00:00:00Z", "end_time": None, "bid_amount_local_micro": 1_500_000,
        "standard_delivery": True, "goal": "A_NEW_ONE",
    }  # fmt: skip


def test_a_moment_is_the_same_in_any_zone() -> None:
    values = values_of("line_item", {"start_time": "2027-03-10T01:00:00+01:00"})
    assert values == {"start_time": "2027-03-10T00:00:00Z"}


def test_a_criterion_without_an_operator_is_for_equals() -> None:
    row = {"id": "c1", "targeting_type": "LOCATION", "targeting_value": "x", "operator_type": None}
    assert thing("targeting_criterion", row).values["operator_type"] == "EQ"


@pytest.mark.parametrize(
    ("name", "wanted", "there", "same"),
    [
        ("name", "spring", "spring", True), ("name", "spring", "spring [c12345678]", True),
        ("name", "spring", "Spring", False), ("name", "x" * 255, "x" * 243 + " [c12345678]", True),
        ("placements", ("A", "B"), ("B", "A"), True), ("placements", ("A",), ("B", "A"), False),
        ("end_time", None, None, True), ("bid_amount_local_micro", 1, 2, False),
        ("standard_delivery", False, None, False),
    ],
)  # fmt: skip
def test_fields_are_compared_as_they_are_meant(
    *, name: str, wanted: Value, there: Value, same: bool
) -> None:
    known = {one.api: one for one in fields_of("line_item")}
    assert is_same(known[name], wanted, there) is same


def test_a_title_has_nothing_that_steers_a_terminal() -> None:
    assert title("campaign", {"name": "a\x1b[2Jb [c12345678]"}, "k2v8c") == (
        "campaign a\ufffd[2Jb (k2v8c)"
    )
    assert title("line_item", {}, "w6n4r") == "line item (w6n4r)"
