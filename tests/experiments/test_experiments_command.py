"""`connector experiments …` as a shell runs it."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from campaigns.bureau import Bureau
from campaigns.conftest import MakeBureau
from commands import Call, called, started
from experiments.lab import VARIANTS, Lab
from shop import Ended, clean_environment

from connector.state import database, experiments
from connector.state.experiments import Named

WIDTH = 100


@pytest.fixture
def lab(bureau: Bureau) -> Lab:
    return Lab(bureau=bureau)


def run(lab: Lab, *words: str) -> Ended:
    call = Call(
        words=("experiments", *words), folder=str(lab.bureau.folder),
        environment=clean_environment(),
    )  # fmt: skip
    code, out, err = called(call)
    return Ended(code=code, out=out, err=err)


def document(ended: Ended) -> Any:  # noqa: ANN401 - whatever was printed
    assert ended.code == 0, ended.err
    return ended.json


def old(lab: Lab, days: float) -> None:
    """Start an experiment so many days ago, as X and the command see it now."""
    lab.wait(days=-days)
    lab.start()
    lab.toggle("low", on=True)
    lab.bureau.waited.clear()


def test_an_experiment_from_its_start_to_its_end(lab: Lab) -> None:
    begun = document(run(lab, "start", "bids", "--json"))
    items = {one["variant"]: one["line_item_id"] for one in begun["variants"]}
    assert (begun["status"], begun["live"], begun["exit_code"]) == ("started", True, 0)
    assert begun["campaign_id"] == lab.campaign_id
    assert set(items) == {"control", "low", "other"}
    assert document(run(lab, "start", "bids", "--json"))["status"] == "started_before"
    switched = document(run(lab, "toggle", "bids", "low", "on", "--json"))
    assert switched["variants"] == [
        {
            "variant": "low", "line_item_id": items["low"], "status": "updated",
            "entity_status": "ACTIVE", "error": None,
        }
    ]  # fmt: skip
    assert lab.statuses()["bids / low"] == "ACTIVE"
    assert document(run(lab, "results", "bids", "--json"))["experiment"] == "bids"
    document(run(lab, "stop", "bids", "--json"))
    assert set(lab.statuses().values()) == {"PAUSED"}


def test_people_see_tables_of_a_hundred_columns(lab: Lab) -> None:
    old(lab, 8)
    for words in (("start", "bids"), ("results", "bids"), ("stop", "bids")):
        ended = run(lab, *words)
        assert ended.code == 0, ended.err
        assert all(len(line) <= WIDTH for line in ended.out.splitlines()), ended.out


def test_results_say_in_words_what_is_a_difference(lab: Lab) -> None:
    old(lab, 8)
    told = document(run(lab, "results", "bids", "--json"))
    shown = run(lab, "results", "bids").out
    if document(run(lab, "results", "bids", "--json"))["variants"] != told["variants"]:
        pytest.skip("an hour has ended meanwhile")
    low = told["variants"][1]
    ctr = low["against_control"]["ctr"]
    assert f"{low['impressions']:,}" in shown
    assert f"{float(low['ctr']['value']) * 100:.2f} %" in shown
    assert f"{float(ctr['difference']) * 100:+.3f} points" in shown
    assert ctr["words"] in shown
    assert "not a difference yet: no impressions" in shown  # of the one that was never shown
    assert f"amounts in {told['currency']}" in shown


def test_a_start_that_is_killed_at_any_moment_is_gone_on_with(make_bureau: MakeBureau) -> None:
    lab = Lab(bureau=make_bureau(latency_seconds=0.02))
    for posts in (3, 6, 8):
        call = Call(
            words=("experiments", "start", "bids"), folder=str(lab.bureau.folder),
            environment=clean_environment(),
        )  # fmt: skip
        with started(call) as command:
            ends = time.monotonic() + 60
            while len(lab.bureau.asked("POST")) < posts:
                assert time.monotonic() < ends
            command.kill()
            command.wait()
    told = document(run(lab, "start", "bids", "-v", "--json"))
    assert told["status"] == "started"
    assert lab.statuses() == {
        "bids / control": "ACTIVE", "bids / low": "PAUSED", "bids / other": "PAUSED",
    }  # fmt: skip
    assert all(len(lab.promoted(one["line_item_id"])) == 1 for one in told["variants"])
    assert all(len(lab.targeted(one["line_item_id"])) == 1 for one in told["variants"])


def test_a_start_is_told_to_people_by_variant(lab: Lab) -> None:
    ended = run(lab, "start", "bids")
    lines = [line.split() for line in ended.out.splitlines()]
    items = lab.line_items()
    assert lines[0] == ["bids:", "started"]
    assert lines[2:] == [
        ["control", items["bids / control"]["id"], "created", "active"],
        ["low", items["bids / low"]["id"], "created", "paused"],
        ["other", items["bids / other"]["id"], "created", "paused"],
    ]


@pytest.mark.parametrize(
    "words", [("start", "bids"), ("stop", "bids"), ("toggle", "bids", "low", "on")]
)
def test_a_rehearsal_says_so_first_and_last(lab: Lab, words: tuple[str, ...]) -> None:
    lab.start()
    before = lab.statuses()
    lab.bureau.configure(live="false")
    ended = run(lab, *words)
    lines = ended.err.splitlines()
    assert ended.code == 0, ended.err
    assert "is not live" in lines[0]
    assert "is not live" in lines[-1]
    assert "dry run" in ended.out
    assert all(len(line) <= WIDTH for line in ended.out.splitlines())
    assert lab.statuses() == before
    assert run(lab, *words, "--json").json["live"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("start", "nothing"), "there is no file experiments/nothing.yaml"),
        (("start", "../config"), "is no name of an experiment"),
        (("stop", "bids"), "experiment bids was not started; known: none yet"),
        (("results", "bids"), "connector experiments start bids"),
        (("toggle", "bids", "low", "maybe"), "maybe"),
        (("start", "bids", "--connection", "y"), "there is no connection 'y'"),
    ],
)
def test_what_the_user_must_change_ends_with_2(lab: Lab, words: tuple[str, ...], said: str) -> None:
    ended = run(lab, *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_everything_that_is_wrong_with_a_file_is_told_with_file_and_line(lab: Lab) -> None:
    lab.write(VARIANTS.replace("bid: 1.20", "bids: 1.20"), more="colour: red\n")
    ended = run(lab, "start", "bids")
    assert ended.code == 2
    assert "2 problems in experiments/bids.yaml" in ended.err
    assert "experiments/bids.yaml:13:" in ended.err
    assert lab.line_items() == {}


def test_a_variant_that_can_not_be_stopped_is_in_the_exit_code(lab: Lab) -> None:
    lab.start()
    named = Named(
        target=lab.bureau.address.url, account_id=lab.bureau.stranger.account_id, name="bids"
    )
    with database.opened(lab.bureau.folder / "state" / "connector.db") as state:
        kept = experiments.kept(state, named)
        assert kept is not None
        unknown = {"low": "zzzzz", "control": kept.variants["control"]}
        experiments.keep(state, named, replace(kept, variants=unknown))
    ended = run(lab, "stop", "bids")
    assert ended.code == 2
    assert "low: X Ads PUT accounts/:id/line_items/:id: 404 LINE_ITEM_NOT_FOUND" in ended.err
    assert lab.statuses()["bids / control"] == "PAUSED"


def test_a_project_without_a_state_is_told_how_to_make_one(lab: Lab) -> None:
    for file in (lab.bureau.folder / "state").iterdir():
        file.unlink()
    ended = run(lab, "start", "bids")
    assert ended.code == 2
    assert "connector state init" in ended.err
    assert lab.line_items() == {}


def test_the_schema_of_an_experiment_is_printed(lab: Lab) -> None:
    call = Call(
        words=("schema", "experiment"), folder=str(lab.bureau.folder),
        environment=clean_environment(),
    )  # fmt: skip
    code, out, err = called(call)
    assert code == 0, err
    assert set(json.loads(out)["properties"]) == {
        "connection", "campaign", "line_item", "tweets", "targeting", "control", "treatments",
    }  # fmt: skip
