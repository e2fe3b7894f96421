"""Files of experiments: what they mean, and all that is wrong with them, by line."""

import json
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from connector.errors import ConfigurationError
from connector.experiments.file import Experiment, load_experiment
from connector.experiments.schema import experiment_schema

SOUND = """\
campaign: k2v8c
line_item:
  objective: WEBSITE_CLICKS
  product_type: PROMOTED_TWEETS
  placements: [ALL_ON_TWITTER]
  start_time: 2026-04-01T00:00:00+02:00
  end_time:
  bid_strategy: MAX
  daily_budget_amount_local: 20
tweets: [1790123456789012480]
targeting:
  - {targeting_type: LOCATION, targeting_value: 96683cc9126741d1}
control: {bid: 1.50}
treatments:
  low: {bid: 1.2}
  auto: {bid: {strategy: AUTO}}
  words:
    bid: 1.5
    tweets: [1790123456789012481, 1790123456789012482]
"""


def load(folder: Path, text: str, name: str = "bids") -> Experiment:
    (folder / "experiments").mkdir(exist_ok=True)
    (folder / "experiments" / f"{name}.yaml").write_text(text, "utf-8")
    return load_experiment(folder, name)


def problems(folder: Path, text: str) -> list[str]:
    """Line and sentence of each."""
    with pytest.raises(ConfigurationError) as caught:
        load(folder, text)
    return [f"{one.line}: {one.message}" for one in caught.value.problems]


def test_the_control_comes_first_and_each_variant_has_what_it_does_not_say(tmp_path: Path) -> None:
    found = load(tmp_path, SOUND)
    control, low, auto, words = found.variants
    assert (found.name, found.campaign_id, found.connection) == ("bids", "k2v8c", None)
    assert [one.name for one in found.variants] == ["control", "low", "auto", "words"]
    assert (control.values["bid_amount_local"], low.values["bid_amount_local"]) == ("1.50", "1.2")
    assert auto.values["bid_strategy"] == "AUTO"
    assert "bid_amount_local" not in auto.values
    assert low.tweets == ("1790123456789012480",)
    assert words.tweets == ("1790123456789012481", "1790123456789012482")
    assert words.targeting == control.targeting
    assert control.values["end_time"] == ""
    assert found.line_item_name(low) == "bids / low"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1.50}", "1.5000}"), ("[ALL_ON_TWITTER]", "ALL_ON_TWITTER"),
        ("2026-04-01T00:00:00+02:00", "2026-03-31T22:00:00Z"), ("end_time:", "end_time: ''"),
        ("481, 1790123456789012482]", "482, 1790123456789012481]"),
        ("campaign: k2v8c", "connection: x\ncampaign: k2v8c"), ("control: {", "# a\ncontrol: {"),
    ],
)  # fmt: skip
def test_files_that_mean_the_same_have_one_digest(tmp_path: Path, before: str, after: str) -> None:
    assert before in SOUND
    assert load(tmp_path, SOUND.replace(before, after)).digest == load(tmp_path, SOUND).digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("k2v8c", "k2v8d"), ("bid: 1.2", "bid: 1.3"), ("012480]", "012490]"), ("low:", "lower:"),
        ("9126741d1", "9126741d2"), ("local: 20", "local: 21"),
    ],
)  # fmt: skip
def test_files_that_mean_something_else_have_another_digest(
    tmp_path: Path, before: str, after: str
) -> None:
    assert load(tmp_path, SOUND.replace(before, after)).digest != load(tmp_path, SOUND).digest


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("campaign:", "campain:", "1: unknown key 'campain'; did you mean 'campaign'?"),
        ("placements:", "placement:", "5: unknown key 'placement' in line_item; did you mean"),
        ("  objective: WEBSITE_CLICKS\n", "", "2: 'objective' is missing in line_item"),
        ("WEBSITE_CLICKS", "CLICKS", "3: line_item.objective must be one of APP_ENGAGEMENTS"),
        ("local: 20", "local: 2o", "9: line_item.daily_budget_amount_local must be an amount"),
        ("local: 20", "local_micro: 20", "9: unknown key 'daily_budget_amount_local_micro'"),
        ("2026-04-01T00:00:00+02:00", "2026-04-01T00:00", "6: line_item.start_time must be a time"),
        ("012480]", "012480x]", "10: tweets.0 must be a tweet's id"),
        ("targeting_value: 9", "value: 9", "12: unknown key 'value' in targeting.0"),
        ("{bid: 1.50}", "{bids: 1.50}", "13: unknown key 'bids' in control; did you mean 'bid'?"),
        ("{bid: 1.2}", "{bid: -1.2}", "15: treatments.low.bid must be an amount"),
        ("{bid: 1.2}", "{bid: 1.50}", "15: treatments.low is the same as control"),
        ("  low: {", "  Low: {", "15: a key of treatments must be of lower-case letters"),
        ("  low: {", "  control: {", "15: treatments.control is the control's name"),
        ("{strategy: AUTO}", "{strategy: MAX}", "16: treatments.auto.bid_amount_local is missing"),
        ("[1790123456789012481, 17901234567", "[1790123456789012482, 17901234567",
         "19: treatments.words.tweets names one twice"),
        ("tweets: [1790123456789012480]\n", "", "12: control.tweets are missing"),
        ("k2v8c", "dry-ab12", "1: campaign must be a campaign's id"),
        ("campaign: k2v8c", "campaign: k2v8c\nname: x", "2: unknown key 'name'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    assert before in SOUND
    found = problems(tmp_path, SOUND.replace(before, after, 1))
    assert [one for one in found if one.startswith(said)], found


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = (
        SOUND.replace("WEBSITE_CLICKS", "CLICKS")
        .replace("k2v8c", "K")
        .replace("bid: 1.2", "bid: x")
    )
    assert [one.partition(":")[0] for one in problems(tmp_path, text)] == ["1", "3", "15"]


def test_a_promoted_account_needs_no_tweets(tmp_path: Path) -> None:
    text = SOUND.replace("tweets: [1790123456789012480]\n", "").replace(
        "PROMOTED_TWEETS", "PROMOTED_ACCOUNT"
    )
    assert load(tmp_path, text).variants[0].tweets == ()


def test_treatments_are_what_an_experiment_is_about(tmp_path: Path) -> None:
    text = SOUND[: SOUND.index("treatments:")]
    assert problems(tmp_path, text) == ["1: 'treatments' is missing"]
    assert "is empty" in problems(tmp_path, f"{text}treatments: {{}}\n")[0]


def test_more_tweets_than_x_takes_are_too_many(tmp_path: Path) -> None:
    many = ", ".join(str(1790 + n) for n in range(51))
    assert "are 51, and X takes 50 at once" in "".join(
        problems(tmp_path, SOUND.replace("[1790123456789012480]", f"[{many}]"))
    )


@pytest.mark.parametrize("name", ["../config", "Bids", "a/b", "", "x" * 61, "a b", "ä"])
def test_a_name_leads_to_no_file_elsewhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name of an experiment"):
        load_experiment(tmp_path, name)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"there is no file .*experiments/bids\.yaml"):
        load_experiment(tmp_path, "bids")


@given(st.binary(max_size=200))
def test_any_bytes_are_an_experiment_or_a_configuration_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("e")
    (folder / "experiments").mkdir()
    (folder / "experiments" / "x.yaml").write_bytes(content)
    with pytest.raises(ConfigurationError):
        load_experiment(folder, "x")


def test_the_example_of_the_documentation_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "campaigns.md").read_text("utf-8")
    [text] = [part.partition("```")[0] for part in page.split("```yaml\n") if "treatments:" in part]
    found = load(tmp_path, text)
    assert [one.name for one in found.variants] == ["control", "low_bid", "other_words"]
    assert found.connection == "x"


def test_the_schema_takes_what_the_tool_takes_and_no_more() -> None:
    schema = experiment_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    read = json.loads(json.dumps(YAML(typ="safe").load(SOUND), default=str))
    jsonschema.validate(read, schema)
    for wrong in ({**read, "name": "x"}, {**read, "treatments": {"low": {"bids": 1}}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, schema)
