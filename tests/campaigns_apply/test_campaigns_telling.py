"""A difference in words and as a document."""

import json

from campaigns_apply.trees import PlainX, applied, nodes_of, text_of

from connector.campaigns import telling
from connector.campaigns.difference import Difference, difference

TWEETS = ["101", "102", "103"]
ONE = text_of("fund1", TWEETS, campaigns=1, items=1)


def against(text: str, before: str | None = None, *, prune: bool = False) -> Difference:
    """What a file changes at an X that is as another one has it."""
    x = PlainX()
    if before is not None:
        applied(nodes_of(before), x)
    return difference(nodes_of(text), x.things(), known={}, prune=prune)


def lines(found: Difference) -> list[str]:
    return [f"{one.mark} {one.text}" for one in telling.lines(found)]


def test_what_is_made_is_told_with_its_fields() -> None:
    found = against(ONE)
    where = "of line item pots 0 of campaign spring 0"
    assert lines(found) == [
        "+ campaign spring 0",
        "+ line item pots 0, in campaign spring 0",
        f"+ targeting criteria {where}: LOCATION place0, LOCATION place1",
        f"+ promoted tweets {where}: 101, 102",
    ]
    [campaign, item, *_] = telling.lines(found)
    [said] = campaign.details
    assert said.startswith("funding_instrument_id: fund1, name: spring 0, daily_budget_amount_")
    assert said.endswith("_local: 25.00, entity_status: PAUSED")
    assert "placements: ALL_ON_TWITTER" in item.details[0]
    assert "bid_amount_local: 1.50" in item.details[0]


def test_what_is_changed_is_told_field_by_field() -> None:
    found = against(ONE.replace("25.00", "30.00").replace("''", "2027-04-01"), ONE)
    [campaign, item] = telling.lines(found)
    assert campaign.mark == "~"
    assert campaign.details == ("daily_budget_amount_local: 25.00 → 30.00 EUR",)
    assert item.details == ("end_time: nothing → 2027-04-01T00:00:00Z",)


def test_a_name_is_told_without_its_token() -> None:
    x = PlainX()
    applied(nodes_of(ONE), x)
    text = ONE.replace("name: spring 0", "name: autumn\n    id: c0")
    [line] = telling.lines(difference(nodes_of(text), x.things(), known={}))
    assert line.text == "campaign spring 0 (c0)"
    assert line.details == ("name: spring 0 → autumn",)


def test_what_is_not_in_the_file_is_told_with_the_way_to_delete_it() -> None:
    two = text_of("fund1", TWEETS, campaigns=1, items=2, ads=3)
    told, where = "at X and not in the file; --prune deletes", "campaign spring 0"
    assert lines(against(ONE.replace("101, 102", "101"), two)) == [
        f"! promoted tweets of line item pots 0 of {where}: 102, 103: {told} them",
        f"! line item pots 1 (l2), in {where}: {told} it",
    ]
    assert lines(against(ONE, two, prune=True))[1] == f"- line item pots 1 (l2), in {where}"


def test_the_counts_are_told_in_words() -> None:
    assert telling.summary(telling.counts(against(ONE))) == "6 to create"
    assert telling.summary(telling.counts(against(ONE, ONE))) == (
        "nothing to do: X is as the file has it"
    )
    two = text_of("fund1", TWEETS, campaigns=1, items=2)
    found = against(ONE.replace("25.00", "26.00"), two)
    assert telling.summary(telling.counts(found)) == "1 to change, 1 not in the file"


def test_a_document_is_plain_json_with_ids_and_before_and_after() -> None:
    found = against(ONE.replace("25.00", "30.00"), ONE)
    [entry] = json.loads(json.dumps(telling.document(found, {})))
    assert entry == {
        "change": "update", "entity": "campaign", "title": "campaign spring 0 (c0)",
        "path": "campaigns.0", "above": None, "id": "c0",
        "fields": {"daily_budget_amount_local": {"before": "25.00", "after": "30.00"}},
    }  # fmt: skip
    made = telling.document(against(ONE), {("campaigns", "0"): "k2v8c"})
    assert [one["id"] for one in made] == ["k2v8c", None, None, None, None, None]
    assert made[1]["fields"]["placements"] == {"before": None, "after": ["ALL_ON_TWITTER"]}


def test_fields_that_x_does_not_tell_are_named() -> None:
    assert telling.untold({"b", "a"}).startswith("X does not tell a, b: ")
