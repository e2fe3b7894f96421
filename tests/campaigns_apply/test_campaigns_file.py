"""A file of campaigns becomes nodes, or all that is wrong with it by line."""

import json

import pytest
from campaigns_apply.trees import nodes_of, text_of
from jsonschema import Draft202012Validator

from connector.campaigns import file
from connector.campaigns.fields import ENTITIES
from connector.campaigns.tree import walked
from connector.errors import ConfigurationError, Exit
from connector.project.tree import plain, read_tree

ONE = text_of("fund1", ["101", "102"], campaigns=1, items=1)


def refused(text: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        file.read(text.encode(), "ads.yaml")
    assert caught.value.exit_code == Exit.CONFIGURATION
    return str(caught.value).splitlines()


def test_a_file_says_what_is_in_it_by_x_names_and_in_micros() -> None:
    campaign = nodes_of(ONE)[0]
    assert campaign.values == {
        "name": "spring 0", "funding_instrument_id": "fund1", "entity_status": "PAUSED",
        "daily_budget_amount_local_micro": 25_000_000,
    }  # fmt: skip
    [item] = campaign.below["line_item"]
    assert item.values["end_time"] is None
    assert item.values["placements"] == ("ALL_ON_TWITTER",)
    assert item.values["start_time"] == "2027-03-10T00:00:00Z"
    assert [one.values for one in item.below["promoted_tweet"]] == [
        {"tweet_id": "101"}, {"tweet_id": "102"},
    ]  # fmt: skip
    assert item.below["targeting_criterion"][1].values == {
        "targeting_type": "LOCATION", "targeting_value": "place1",
    }  # fmt: skip


def test_everything_knows_its_line() -> None:
    lines = {node.path: node.places[""].line for node, _ in walked(nodes_of(ONE))}
    assert lines["campaigns", "0"] == 2
    assert lines["campaigns", "0", "line_items", "0"] == 7
    assert nodes_of(ONE)[0].places["daily_budget_amount_local"].line == 4


def test_a_file_may_name_its_connection() -> None:
    assert file.read(f"connection: shop\n{ONE}".encode(), "ads.yaml").connection == "shop"
    assert file.read(ONE.encode(), "ads.yaml").connection is None


def test_ids_and_tweets_that_look_like_numbers_stay_as_they_are_written() -> None:
    text = ONE.replace("place0", "0012").replace("101", "1790123456789012480")
    item = nodes_of(text)[0].below["line_item"][0]
    assert item.below["targeting_criterion"][0].values["targeting_value"] == "0012"
    assert item.below["promoted_tweet"][0].values["tweet_id"] == "1790123456789012480"
    assert nodes_of("campaigns: [{id: 1e5}]")[0].id == "1e5"


def test_no_list_is_not_an_empty_list() -> None:
    assert nodes_of("campaigns: [{id: k2v8c}]")[0].below == {}
    assert nodes_of("campaigns: [{id: k2v8c, line_items: []}]")[0].below == {"line_item": ()}
    assert nodes_of("campaigns: [{id: k2v8c, line_items: }]")[0].below == {"line_item": ()}


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("entity_status", "entity_statu"), 5, "did you mean 'entity_status'?"),
        (("25.00", "25,00"), 4, "must be an amount in currency units, such as 25.50"),
        (("25.00", "-1"), 4, "must be an amount in currency units"),
        (("amount_local: 25", "amount_local_micro: 25"), 4, "unknown key"),
        (("PAUSED", "RUNNING"), 5, "must be one of ACTIVE, DRAFT, PAUSED"),
        (("name: spring 0", "name: ''"), 2, "must not be empty: X can't do without it"),
        (("[ALL_ON_TWITTER]", "[EVERYWHERE]"), 10, "must be one of ALL_ON_TWITTER"),
        (("[ALL_ON_TWITTER]", "{a: b}"), 10, "must be a list"),
        (("2027-03-10", "soon"), 11, "must be a time with its zone"),
        (("[101, 102]", "[101, x]"), 16, "must be the id of a tweet, digits only"),
        (("[101, 102]", "[101, 101]"), 16, "stands here twice, first in line 16"),
        (("[101, 102]", "[dry-1a]"), 16, "is made up"),
        (("place1", "place0"), 15, "stands here twice"),
        (("targeting_type: LOCATION, targeting_value: place1", "targeting_type: LOCATION"), 15,
         "'targeting_value' is missing"),
        (("- name: pots 0", "- bid_strategy: MAX"), 7, "'name' is missing; what has no id is"),
        (("    line_items:", "    id: dry-1\n    line_items:"), 6, "is made up"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_by_line(change: tuple[str, str], line: int, said: str) -> None:
    text = ONE.replace(*change)
    assert text != ONE
    head, *told = refused(text)
    assert head.endswith("in ads.yaml:")
    assert any(one.startswith(f"ads.yaml:{line}:") and said in one for one in told), told


def test_everything_wrong_is_told_at_once() -> None:
    text = ONE.replace("25.00", "x").replace("PAUSED", "X").replace("101", "x")
    assert refused(text)[0] == "4 problems in ads.yaml:"


@pytest.mark.parametrize("text", ["", "campaigns", "- a", "campaigns: {}", "campaigns:\n\t- a"])
def test_what_is_no_file_of_campaigns_is_refused(text: str) -> None:
    assert refused(text)[1:]


def test_two_campaigns_of_one_name_or_id_are_refused() -> None:
    text = text_of("fund1", ["101", "102"], campaigns=2).replace("spring 1", "spring 0")
    assert "campaign spring 0: stands here twice, first in line 2" in refused(text)[1]
    assert "stands here twice" in refused("campaigns: [{id: a1}, {id: a1}]")[1]


def test_line_items_of_one_campaign_share_objective_and_product() -> None:
    text = text_of("fund1", ["101"], campaigns=1, items=2)
    before, _, after = text.rpartition("ENGAGEMENTS")
    assert "must have one objective and one product_type" in refused(f"{before}REACH{after}")[1]


def test_the_schema_knows_every_field_and_what_it_may_be() -> None:
    schema = file.campaigns_schema()
    Draft202012Validator.check_schema(schema)
    for name, entity in (("Campaign", ENTITIES["campaign"]), ("LineItem", ENTITIES["line_item"])):
        known = schema["$defs"][name]["properties"]
        missing = {one.name for one in entity.fields} - known.keys() - {"campaign_id"}
        assert not missing


def test_the_schema_takes_what_the_reader_takes_and_no_unknown_key() -> None:
    validator = Draft202012Validator(json.loads(json.dumps(file.campaigns_schema())))
    tree = read_tree(ONE.encode()).root
    assert tree is not None
    validator.validate(plain(tree))
    wrong = plain(read_tree(ONE.replace("entity_status", "entity_statu").encode()).root or {})
    assert [error.validator for error in validator.iter_errors(wrong)] != []
