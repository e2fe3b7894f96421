"""Experiments are started at a simulated X, killed, met by faults, and started again."""

from typing import Any

import pytest
from campaigns.bureau import Bureau, Killed, Telling
from campaigns.conftest import MakeBureau
from experiments.lab import LINE_ITEM, VARIANTS, Lab

from connector import api
from connector.errors import ConfigurationError, StoppedError, UnreachableError
from connector.state.journal import STEPS

FAULTS = ("reset_after_commit", "error_500_after_commit", "unavailable", "rate_limited", "reset")
DEATHS = [
    *((step, count) for step in ("planned", "sent", "answered", "done") for count in (1, 3, 7)),
    ("looked", 1), ("looked", 5), ("recorded", 1), ("recorded", 3), ("started", 1),
]  # fmt: skip
BEGUN = 10
"""Writes, the last of which wakes the control."""
READY = {"bids / control": "ACTIVE", "bids / low": "PAUSED", "bids / other": "PAUSED"}


@pytest.fixture
def lab(bureau: Bureau) -> Lab:
    return Lab(bureau=bureau)


@pytest.fixture
def kept_in(make_bureau: MakeBureau, url: str) -> Lab:
    """An experiment whose state is in a file, then in PostgreSQL."""
    bureau = make_bureau()
    bureau.state = url
    return Lab(bureau=bureau.open())


def killed_at(lab: Lab, step: str, count: int) -> None:
    """A start that died when it reached a step for the n-th time."""
    lab.bureau.killing(step, count)
    with pytest.raises(Killed):
        lab.start()
    lab.bureau.telling = Telling()


def is_whole(lab: Lab) -> None:
    """Each variant is there once, with what it is to show and to whom."""
    items = lab.line_items()
    assert lab.statuses() == READY
    for name, item in items.items():
        is_other = name == "bids / other"
        assert lab.promoted(item["id"]) == [lab.tweets[1 if is_other else 0]]
        place = "5a110d312052166f" if is_other else "96683cc9126741d1"
        assert lab.targeted(item["id"]) == [("LOCATION", place)]
    assert lab.bureau.twice() == {}


def test_each_variant_is_a_line_item_and_the_control_alone_begins(lab: Lab) -> None:
    outcome = lab.start()
    items = lab.line_items()
    is_whole(lab)
    assert outcome.status == "started"
    assert [(one.variant, one.line_item_id) for one in outcome.variants] == [
        (name, items[f"bids / {name}"]["id"]) for name in ("control", "low", "other")
    ]
    assert items["bids / low"]["bid_amount_local_micro"] == 1_200_000
    assert items["bids / other"]["bid_amount_local_micro"] == 1_500_000
    assert outcome.remarks == ()


def test_nothing_is_shown_before_all_is_there(lab: Lab) -> None:
    """Active first, targeted later, would be shown to everybody meanwhile."""
    seen: list[dict[str, str]] = []
    lab.bureau.telling.after = lambda step: seen.append(lab.statuses()) if step == "done" else None
    lab.start()
    assert all(set(statuses.values()) <= {"PAUSED"} for statuses in seen[:-1])
    assert seen[-1] == READY
    calls = [path for path in lab.bureau.asked("POST") if path != "campaigns"]
    assert calls == ["line_items"] * 3 + ["targeting_criteria"] * 3 + ["promoted_tweets"] * 3


def test_started_again_it_sends_nothing(lab: Lab) -> None:
    first = lab.start()
    lab.toggle("control", on=False)
    before = lab.bureau.asked("POST") + lab.bureau.asked("PUT")
    again = lab.start()
    assert lab.bureau.asked("POST") + lab.bureau.asked("PUT") == before
    assert again.status == "started_before"
    assert [one.line_item_id for one in again.variants] == [
        one.line_item_id for one in first.variants
    ]
    assert lab.statuses()["bids / control"] == "PAUSED"


@pytest.mark.parametrize(("step", "count"), DEATHS)
def test_a_start_that_dies_at_a_step_is_gone_on_with(kept_in: Lab, step: str, count: int) -> None:
    killed_at(kept_in, step, count)
    outcome = kept_in.start()
    is_whole(kept_in)
    assert len(outcome.variants) == 3


def test_each_step_of_the_journal_is_one_a_start_may_die_at() -> None:
    known = {*STEPS, *api.EXPERIMENT_STEPS}
    assert {step for step, _ in DEATHS} <= known
    assert set(api.EXPERIMENT_STEPS) <= {step for step, _ in DEATHS}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_make_no_variant_twice(lab: Lab, fault: str) -> None:
    lab.bureau.shares[fault] = 0.3
    for _ in range(30):
        try:
            lab.start()
        except UnreachableError:
            continue
        break
    lab.bureau.shares.clear()
    is_whole(lab)


def test_a_start_that_the_user_ends_is_gone_on_with(lab: Lab) -> None:
    lab.bureau.shares["unavailable"] = 1.0
    with pytest.raises(StoppedError):
        lab.start(stopping=lambda: True)
    lab.bureau.shares.clear()
    lab.start()
    is_whole(lab)


def test_an_experiment_is_not_changed_under_way(lab: Lab) -> None:
    lab.start()
    lab.write(VARIANTS.replace("1.20", "1.10"))
    with pytest.raises(ConfigurationError, match="is not changed under way"):
        lab.start()
    lab.write(f"# said otherwise, meant the same\n{VARIANTS.replace('1.20', '1.2')}")
    assert lab.start().status == "started_before"


def test_what_x_refuses_can_be_put_right_in_the_file(lab: Lab) -> None:
    lab.write(line_item=LINE_ITEM.replace("objective", "primary_web_event_tag: zzzzz\n  objective"))
    with pytest.raises(ConfigurationError, match="X Ads POST"):
        lab.start()
    lab.write(VARIANTS.replace("SECOND", "1790000000000000000"))
    with pytest.raises(ConfigurationError, match="X Ads POST"):
        lab.start()
    lab.write()
    lab.start()
    is_whole(lab)


def test_a_line_item_that_is_made_keeps_its_fields(lab: Lab) -> None:
    killed_at(lab, "recorded", 2)
    lab.write(VARIANTS.replace("1.20", "1.10"))
    with pytest.raises(ConfigurationError, match="low was begun with other fields"):
        lab.start()
    lab.write()
    lab.start()
    is_whole(lab)


def test_a_tweet_of_a_start_that_did_not_end_does_not_stay_unnoticed(lab: Lab) -> None:
    killed_at(lab, "recorded", 2)
    lab.write(f"control: {{tweets: [SECOND]}}\n{VARIANTS}")
    with pytest.raises(ConfigurationError, match="has tweets or targeting that the file"):
        lab.start()
    lab.write()
    lab.start()
    is_whole(lab)


def test_a_variant_that_the_file_names_no_more_does_not_stay_unnoticed(lab: Lab) -> None:
    killed_at(lab, "recorded", 3)
    lab.write(VARIANTS.partition("  other:")[0])
    with pytest.raises(ConfigurationError, match=r"\(other\) is of no variant that the file names"):
        lab.start()
    lab.write()
    lab.start()
    is_whole(lab)


def test_a_control_that_was_paused_after_a_start_died_stays_so(lab: Lab) -> None:
    killed_at(lab, "done", BEGUN)
    lab.stop()
    outcome = lab.start()
    assert set(lab.statuses().values()) == {"PAUSED"}
    assert outcome.variants[0].entity_status == "PAUSED"


def test_a_control_that_was_deleted_after_a_start_died_is_made_again(lab: Lab) -> None:
    killed_at(lab, "done", BEGUN)
    gone = lab.line_items()["bids / control"]["id"]
    lab.bureau.stranger.done("DELETE", f"line_items/{gone}")
    assert lab.start().variants[0].line_item_id != gone
    is_whole(lab)


def test_a_campaign_that_is_paused_is_remarked(lab: Lab) -> None:
    lab.bureau.stranger.done("PUT", f"campaigns/{lab.campaign_id}", entity_status="PAUSED")
    [remark] = lab.start().remarks
    assert f"`connector campaigns resume {lab.campaign_id}`" in remark


def test_what_contradicts_the_campaign_is_told_before_anything_is_made(lab: Lab) -> None:
    lab.write(VARIANTS.replace("1.20", "100"))
    with pytest.raises(ConfigurationError, match=r"campaign's daily budget, 90\.00"):
        lab.start()
    assert lab.line_items() == {}


def test_a_campaign_that_is_not_there_is_told(lab: Lab) -> None:
    lab.campaign_id = "zzzzz"
    lab.write()
    with pytest.raises(ConfigurationError, match="GET accounts/:id/campaigns/:id"):
        lab.start()


def test_a_rehearsal_asks_for_nothing_and_shows_every_request(lab: Lab) -> None:
    lab.bureau.configure(live="false")
    before = lab.bureau.asked("GET")
    outcome = lab.start()
    assert lab.bureau.asked("GET") == before
    assert outcome.status == "dry_run"
    assert [one["path"].rpartition("/")[2] for one in outcome.requests[:9]] == [
        "line_items", "targeting_criteria", "promoted_tweets"
    ] * 3  # fmt: skip
    ids = [one.line_item_id for one in outcome.variants]
    assert all(id_.startswith("dry-") for id_ in ids)
    assert _line_items_of(outcome.requests[:9]) == [id_ for id_ in ids for _ in range(2)]
    last: Any = outcome.requests[9]
    assert (last["method"], last["path"].rpartition("/")[2]) == ("PUT", ids[0])
    assert lab.line_items() == {}


def _line_items_of(requests: Any) -> list[str]:  # noqa: ANN401 - documents
    return [one["params"]["line_item_id"] for one in requests if "line_item_id" in one["params"]]
