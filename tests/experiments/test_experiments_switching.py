"""Experiments under way: variants on and off, all stopped, and those that are not known."""

import pytest
from campaigns.bureau import Bureau, Killed, Telling
from experiments.lab import Lab

from connector import api
from connector.api import writing
from connector.errors import ConfigurationError, Exit, UnreachableError


@pytest.fixture
def lab(bureau: Bureau) -> Lab:
    made = Lab(bureau=bureau)
    made.start()
    return made


def test_a_variant_is_switched_on_and_off_and_no_other(lab: Lab) -> None:
    before = lab.statuses()
    outcome = lab.toggle("low", on=True)
    assert lab.statuses() == before | {"bids / low": "ACTIVE"}
    assert [(one.variant, one.entity_status) for one in outcome.variants] == [("low", "ACTIVE")]
    lab.toggle("low", on=False)
    assert lab.statuses() == before


def test_switching_twice_is_switching_once(lab: Lab) -> None:
    lab.toggle("low", on=True)
    assert lab.toggle("low", on=True).variants[0].status == "updated"
    assert lab.statuses()["bids / low"] == "ACTIVE"


def test_stopping_pauses_all_and_asks_nothing_of_those_that_are_paused(lab: Lab) -> None:
    lab.toggle("low", on=True)
    writes = len(lab.bureau.asked("PUT"))
    outcome = lab.stop()
    assert set(lab.statuses().values()) == {"PAUSED"}
    assert [one.status for one in outcome.variants] == ["updated", "updated", "unchanged"]
    assert len(lab.bureau.asked("PUT")) == writes + 2
    assert [one.status for one in lab.stop().variants] == ["unchanged"] * 3


def test_what_is_deleted_does_not_keep_the_others_from_being_stopped(lab: Lab) -> None:
    control = lab.line_items()["bids / control"]["id"]
    lab.toggle("low", on=True)
    lab.bureau.stranger.done("DELETE", f"line_items/{control}")
    outcome = lab.stop()
    assert [one.status for one in outcome.variants] == ["deleted", "updated", "unchanged"]
    assert outcome.exit_code == Exit.DONE
    assert set(lab.statuses().values()) == {"PAUSED"}


def test_what_fails_of_one_variant_does_not_keep_the_others(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.toggle("low", on=True)
    monkeypatch.setattr(writing, "MOST_DOUBTS", 1)
    left = [1]

    def after(step: str) -> None:
        lab.bureau.shares.clear()
        if step == "sent" and left[0]:
            left[0] -= 1
            lab.bureau.shares["error_500_after_commit"] = 1.0

    lab.bureau.telling.after = after
    outcome = lab.stop()
    lab.bureau.shares.clear()
    assert [one.status for one in outcome.variants] == ["failed", "updated", "unchanged"]
    assert outcome.exit_code == Exit.UNREACHABLE
    assert outcome.variants[0].error
    assert lab.statuses()["bids / low"] == "PAUSED"


def test_an_experiment_is_stopped_though_its_file_is_gone(lab: Lab) -> None:
    (lab.bureau.folder / "experiments" / "bids.yaml").unlink()
    lab.stop()
    assert set(lab.statuses().values()) == {"PAUSED"}


def test_an_unknown_variant_is_told_with_those_that_are_known(lab: Lab) -> None:
    with pytest.raises(ConfigurationError, match="no variant 'high'; known: control, low, other"):
        lab.toggle("high", on=True)


def test_an_experiment_that_was_not_started_is_told_with_those_that_were(lab: Lab) -> None:
    lab.name = "colours"
    for work in (lab.stop, lab.results, lambda: lab.toggle("low", on=True)):
        with pytest.raises(ConfigurationError, match="colours was not started; known: bids"):
            work()


def test_a_rehearsal_switches_nothing_and_shows_what_it_would_send(lab: Lab) -> None:
    before = lab.statuses()
    lab.bureau.configure(live="false")
    toggled, stopped = lab.toggle("low", on=True), lab.stop()
    assert (toggled.status, stopped.status) == ("dry_run", "dry_run")
    assert [one["method"] for one in (*toggled.requests, *stopped.requests)] == ["PUT"] * 4
    assert lab.statuses() == before


def test_experiments_of_one_name_in_two_accounts_are_told_apart(lab: Lab) -> None:
    config = lab.bureau.folder / "config.yaml"
    text = config.read_text("utf-8")
    there = text[text.index("  x:\n") :]
    config.write_text(f"{text}{there.replace('  x:', '  y:').replace('live: true', 'live: false')}")
    lab.stop()  # the same account under two names is one
    other = there.replace("  x:", "  z:").replace(lab.bureau.stranger.account_id, "zzzzz")
    config.write_text(f"{text}{other}")
    assert api.stop_experiment(lab.bureau.project, None, "bids", lab.edges()).connection == "x"
    with pytest.raises(ConfigurationError, match="was not started"):
        api.stop_experiment(lab.bureau.project, "z", "bids", lab.edges())


def test_no_variant_goes_on_before_all_of_the_experiment_is_there(bureau: Bureau) -> None:
    """A line item whose targeting is not there yet would be shown to everybody."""
    lab = Lab(bureau=bureau)
    bureau.killing("recorded", 2)
    with pytest.raises(Killed):
        lab.start()
    bureau.telling = Telling()
    with pytest.raises(ConfigurationError, match="not started to its end: run `connector exper"):
        lab.toggle("low", on=True)
    assert set(lab.statuses().values()) == {"PAUSED"}
    assert lab.toggle("low", on=False).variants[0].entity_status == "PAUSED"


def test_what_x_does_not_say_is_not_guessed(lab: Lab) -> None:
    lab.bureau.shares["unavailable"] = 1.0
    with pytest.raises(UnreachableError):
        lab.stop()
