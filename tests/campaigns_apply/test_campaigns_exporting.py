"""A file of what is at X, which makes no difference to it."""

import string
from typing import Any

from campaigns_apply.trees import PlainX, applied, nodes_of, text_of
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connector.campaigns import exporting, file
from connector.campaigns.difference import difference

ONE = text_of("fund1", ["101", "102"], campaigns=2, items=2)


def exported(x: PlainX) -> str:
    text, left_out = exporting.written(x.things(), connection="shop")
    assert not left_out
    return text


def made() -> PlainX:
    x = PlainX()
    applied(nodes_of(ONE), x)
    return x


def test_a_file_that_was_written_makes_no_difference() -> None:
    x = made()
    found = difference(nodes_of(exported(x)), x.things(), known={}, prune=True)
    assert found.changes == ()
    assert not found.untold


def test_names_are_written_without_their_tokens_and_everything_with_its_id() -> None:
    text = exported(made())
    assert "name: spring 0\n" in text
    assert "[c12345678]" not in text
    assert [node.id for node in nodes_of(text)] == ["c0", "c1"]


def test_money_is_in_currency_units() -> None:
    text = exported(made())
    assert "daily_budget_amount_local: 25.00\n" in text
    assert "bid_amount_local: 1.50\n" in text


def test_the_connection_is_named() -> None:
    assert file.read(exported(made()).encode(), "ads.yaml").connection == "shop"


def test_a_line_for_editors_stands_first() -> None:
    text, _ = exporting.written(made().things(), connection="shop", modeline=file.MODELINE)
    assert text.startswith("# yaml-language-server: $schema=campaigns.schema.json\nconnection:")
    assert nodes_of(text)


def test_a_tweet_that_is_promoted_twice_is_written_once() -> None:
    x = made()
    row = next(iter(x.rows["promoted_tweet"].values()))
    x.put("promoted_tweet", {"line_item_id": row["line_item_id"], "tweet_id": row["tweet_id"]})
    assert difference(nodes_of(exported(x)), x.things(), known={}).changes == ()


def test_a_word_that_no_file_can_say_is_left_out_and_named() -> None:
    x = made()
    for row in x.rows["line_item"].values():
        row["goal"] = "SOMETHING_NEW"
    text, left_out = exporting.written(x.things(), connection="shop")
    assert left_out == {"goal"}
    assert difference(nodes_of(text), x.things(), known={}).changes == ()


@given(
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=255)
    | st.text(string.digits + "e.-~: #'\"[]{}&*!|>%@`", min_size=1, max_size=40)
    | st.sampled_from(["null", "true", "~", "1e5", "0x1f", "2027-03-10", "- a", "a: b", "<<"])
)
@settings(deadline=None, max_examples=300)
def test_any_name_comes_back_as_it_was(name: str) -> None:
    assume(name.strip())  # X takes no other
    x = PlainX(token=None)
    values: dict[str, Any] = {
        "name": name, "funding_instrument_id": "fund1", "entity_status": "PAUSED",
        "daily_budget_amount_local_micro": 1,
    }  # fmt: skip
    x.put("campaign", values)
    assert difference(nodes_of(exported(x)), x.things(), known={}).changes == ()
