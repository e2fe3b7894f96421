"""Campaign management as a shell runs it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from manager import Manager
from shop import Shell
from typer.main import get_command

from connector.campaigns.fields import ENTITIES, EntityName
from connector.campaigns.naming import token_of
from connector.cli.app import GROUPS
from connector.cli.campaigns import group_of
from connector.cli.entities import FILTERS, dashed
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings
from connector.state import database
from connector.state.place import place_of

CONFIG = """\
warehouse: {{url: "duckdb:///shop.duckdb"}}
state: {{url: "sqlite:///state/connector.db"}}
connections:
  x:
    platform: x_ads
    live: {live}
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth: {{oauth1: {pair}}}
"""


def configure(shell: Shell, *, live: bool) -> None:
    facts = shell.address.describe()
    known = {**facts, "live": str(live).lower(), "pair": json.dumps(facts["oauth1"])}
    shell.write("config.yaml", CONFIG.format(**known))


@pytest.fixture
def manager(x_ads: Address) -> Manager:
    return Manager(address=x_ads)


@pytest.fixture
def shell(tmp_path: Path, x_ads: Address) -> Shell:
    made = Shell(folder=tmp_path, address=x_ads)
    (made.folder / "mappings").mkdir()
    configure(made, live=True)
    assert made.run("state", "init").code == 0
    return made


@pytest.fixture
def create(shell: Shell, manager: Manager) -> list[str]:
    return [
        "campaigns", "create", "--name", "spring", "--funding-instrument-id", manager.funding,
        "--daily-budget-amount-local", "25.50",
    ]  # fmt: skip


def line_item(campaign: str) -> list[str]:
    return [
        "line-items", "create", "--campaign-id", campaign, "--objective", "engagements",
        "--product-type", "PROMOTED_TWEETS", "--placements", "ALL_ON_TWITTER", "--name", "pots",
        "--start-time", "2027-03-10", "--end-time", "", "--bid-amount-local", "1.5",
    ]  # fmt: skip


def test_a_campaign_lives_from_its_creation_to_its_deletion(
    shell: Shell, manager: Manager, create: list[str]
) -> None:
    made = shell.run(*create, "--json")
    assert made.code == 0, made.err
    found = made.json
    assert (found["status"], found["live"], found["ids"]) == ("created", True, [found["id"]])
    [row] = found["data"]
    assert (row["entity_status"], row["account_id"]) == ("PAUSED", manager.account_id)
    assert row["name"] == f"spring [{token_of(row['name'])}]"
    assert found["request"]["params"]["daily_budget_amount_local_micro"] == "25500000"
    id_ = found["id"]
    assert shell.run("campaigns", "resume", id_).out == f"campaign {id_} changed: {row['name']}\n"
    changed = shell.run(
        "campaigns", "update", id_, "--total_budget_amount_local", "100", "--json"
    ).json
    assert changed["data"][0]["total_budget_amount_local_micro"] == 100_000_000
    assert shell.run("campaigns", "pause", id_).code == 0
    shown = shell.run("campaigns", "show", id_, "--json").json
    assert (shown["entity_status"], shown["total_budget_amount_local_micro"]) == ("PAUSED", 10**8)
    assert "total_budget_amount_local       100.00\n" in shell.run("campaigns", "show", id_).out
    gone = shell.run("campaigns", "update", id_, "--total-budget-amount-local", "", "--json").json
    assert gone["data"][0]["total_budget_amount_local_micro"] is None
    assert shell.run("campaigns", "delete", id_).out == f"campaign {id_} deleted: {row['name']}\n"
    missing = shell.run("campaigns", "show", id_)
    assert missing.code == 2
    assert "404 CAMPAIGN_NOT_FOUND" in missing.err
    assert shell.run("campaigns", "show", id_, "--with-deleted", "--json").json["deleted"]


def test_a_tree_is_made_and_listed(shell: Shell, manager: Manager, create: list[str]) -> None:
    campaign = shell.run(*create, "--active", "--json").json
    assert campaign["data"][0]["entity_status"] == "ACTIVE"
    made = shell.run(*line_item(campaign["id"]), "--json")
    assert made.code == 0, made.err
    assert made.json["data"][0]["objective"] == "ENGAGEMENTS"
    tweets = [row["id_str"] for row in manager.rows("tweets", tweet_type="PUBLISHED")[:2]]
    promoted = shell.run(
        "promoted-tweets", "create", "--line-item-id", made.json["id"], "--tweet-ids",
        ",".join(tweets), "--json",
    ).json  # fmt: skip
    assert [row["tweet_id"] for row in promoted["data"]] == tweets
    listed = shell.run("promoted-tweets", "list", "--line-item-ids", made.json["id"], "--json")
    assert [row["id"] for row in listed.json["promoted_tweets"]] == promoted["ids"]
    of_campaign = shell.run("line-items", "list", "--campaign_ids", campaign["id"], "--json").json
    assert [row["id"] for row in of_campaign["line_items"]] == [made.json["id"]]
    assert promoted["ids"][0] in shell.run("promoted-tweets", "list").out
    assert shell.run("promoted-tweets", "delete", promoted["ids"][0]).code == 0
    assert shell.run("line-items", "delete", made.json["id"]).code == 0
    assert (
        shell.run("promoted-tweets", "list", "--line-item-ids", made.json["id"]).out.count("\n")
        == 1
    )


def test_media_is_listed_changed_and_deleted(shell: Shell) -> None:
    [media, *_] = shell.run("media", "list", "--json").json["media"]
    key = media["media_key"]
    assert shell.run("media", "update", key, "--title", "pots").code == 0
    assert shell.run("media", "show", key, "--json").json["title"] == "pots"
    again = shell.run("media", "create", "--media-key", key, "--name", "again", "--json").json
    assert again["ids"] == [key]
    assert shell.run("media", "delete", key).out == f"media {key} deleted: again\n"
    assert shell.run("media", "show", key).code == 2


@pytest.mark.parametrize(
    "name", ["--daily_budget_amount_local_micro", "--daily-budget-amount-local"]
)
def test_amounts_are_in_currency_units_whatever_they_are_called(
    shell: Shell, create: list[str], name: str
) -> None:
    found = shell.run(*create[:-2], name, "30", "--json").json
    assert found["data"][0]["daily_budget_amount_local_micro"] == 30_000_000


def test_what_looks_like_micros_is_refused_and_so_is_an_amount_said_twice(
    shell: Shell, manager: Manager, create: list[str]
) -> None:
    option = "--daily-budget-amount-local-micro"
    refused = shell.run(*create[:-2], option, "25500000")
    assert refused.code == 2
    assert "looks like micros; write 25.50, or --daily-budget-amount-local 25500000" in refused.err
    assert shell.run(*create, option, "30").code == 2
    assert "currency units" in shell.run(*create[:-2], option, "25500000.x").err
    large = shell.run(*create[:-1], "25500000", "--json")
    assert large.json["data"][0]["daily_budget_amount_local_micro"] == 25_500_000_000_000
    assert len(manager.rows("campaigns", q="spring", with_draft="true")) == 2  # one was there


def test_everything_that_is_wrong_is_told_before_anything_is_sent(shell: Shell) -> None:
    ended = shell.run("line-items", "create", "--goal", "FAME", "--frequency-cap", "3")
    assert ended.code == 2
    for told in ("campaign_id: is missing", "goal: must be one of", "end_time: is missing"):
        assert told in ended.err
    with database.opened(place_of("sqlite:///state/connector.db", shell.folder)) as state:
        assert state.read("select * from writes") == []


@pytest.mark.parametrize("words", [("pause", "5ft2qa"), ("resume", "5ft2qa"), ("update", "5ft2qa"),
                                   ("update", "5ft2qa", "--entity-status", "PAUSED")])  # fmt: skip
def test_x_cannot_change_a_promoted_tweet_and_the_way_round_is_told(
    shell: Shell, words: tuple[str, ...]
) -> None:
    ended = shell.run("promoted-tweets", *words)
    assert ended.code == 2
    assert "`connector line-items pause ID`" in ended.err
    assert "delete it and create another one" in ended.err


def test_a_rehearsal_prints_the_request_and_an_id_that_is_refused_everywhere(
    shell: Shell, manager: Manager, create: list[str]
) -> None:
    configure(shell, live=False)
    before = manager.rows("campaigns")
    ended = shell.run(*create)
    assert ended.code == 0
    request, *params, made_up = ended.out.splitlines()
    assert request == f"POST accounts/{manager.account_id}/campaigns"
    assert "  daily_budget_amount_local_micro=25500000" in params
    assert "  entity_status=PAUSED" in params
    assert ended.err.count("connection x is not live: this is a rehearsal, nothing is sent") == 2
    id_ = made_up.split()[1]
    assert made_up == f"campaign {id_} is made up, nothing was sent"
    assert id_.startswith("dry-")
    found = shell.run(*create, "--json").json
    assert (found["status"], found["live"], found["data"]) == ("dry_run", False, [])
    assert found["id"].startswith("dry-")
    for live in (False, True):
        configure(shell, live=live)
        for words in (
            ["campaigns", "show", id_], ["campaigns", "pause", id_], ["campaigns", "delete", id_],
            ["campaigns", "update", id_, "--name", "x"], line_item(id_),
        ):  # fmt: skip
            refused = shell.run(*words)
            assert refused.code == 2, words
            assert f"{id_} is made up" in refused.err
    assert manager.rows("campaigns") == before


def test_a_rehearsal_makes_up_no_thing_that_is_there(shell: Shell, manager: Manager) -> None:
    configure(shell, live=False)
    id_ = manager.rows("campaigns")[0]["id"]
    for verb in ("pause", "resume", "delete"):
        ended = shell.run("campaigns", verb, id_)
        assert ended.out.splitlines()[-1] == f"campaign {id_} is as it was, nothing was sent"


def test_a_key_of_ones_own_makes_one_thing(shell: Shell, create: list[str]) -> None:
    first, again = (
        shell.run(*create, "--idempotency-key", "order-7", "--json").json for _ in range(2)
    )
    assert (first["status"], again["status"], again["id"]) == ("created", "adopted", first["id"])
    assert "nothing was sent again" in again["remarks"][0]


def test_a_connection_is_named_where_there_are_several(shell: Shell) -> None:
    config = shell.folder / "config.yaml"
    text = config.read_text("utf-8")
    shell.write(
        "config.yaml", text + text.partition("connections:\n")[2].replace("  x:", "  y:", 1)
    )
    assert (
        "say which connection to X Ads with --connection; known: x, y"
        in shell.run("campaigns", "list").err
    )
    assert shell.run("campaigns", "list", "--connection", "y").code == 0
    assert shell.run("campaigns", "list", "--connection", "z").code == 2


@pytest.fixture
def analyst() -> Iterator[Address]:
    with running(Settings(roles=("CAMPAIGN_ANALYST",))) as address:
        yield address


def test_who_may_not_write_is_told_which_role_may(tmp_path: Path, analyst: Address) -> None:
    shell = Shell(folder=tmp_path, address=analyst)
    (shell.folder / "mappings").mkdir()
    configure(shell, live=True)
    shell.run("state", "init")
    assert shell.run("campaigns", "list").code == 0
    ended = shell.run("campaigns", "pause", "k2v8c")
    assert ended.code == 5
    assert "may not change campaigns; that needs ACCOUNT_ADMIN or AD_MANAGER" in ended.err


def test_steps_are_told_to_who_asks(shell: Shell, create: list[str]) -> None:
    err = shell.run(*create, "-v").err
    places = [err.index(f"DEBUG {step}: ") for step in ("planned", "sent", "answered", "done")]
    assert places == sorted(places)


def test_a_name_that_is_cut_is_told(shell: Shell, create: list[str]) -> None:
    create[3] = "x" * 255
    ended = shell.run(*create, "--json")
    assert len(ended.json["data"][0]["name"]) == 255
    assert "the name was cut to make room for [c" in ended.err


def options(group: str, verb: str) -> set[str]:
    found = get_command(group_of(group)).commands[verb]  # type: ignore[attr-defined]
    return {option for parameter in found.params for option in parameter.opts}


@pytest.mark.parametrize("entity", FILTERS)
def test_every_field_has_an_option_and_every_filter(entity: EntityName) -> None:
    word = ENTITIES[entity].title.split()[0]
    group = next(name for name in GROUPS["Manage campaigns"] if name.startswith(word))
    assert {f"--{dashed(name)}" for name in FILTERS[entity]} <= options(group, "list")
    for verb in ENTITIES[entity].verbs - {"delete"}:
        fields = [one for one in ENTITIES[entity].fields if verb in one.on]
        names = {name for one in fields for name in (one.name, one.api)}
        assert {f"--{dashed(name)}" for name in names} <= options(group, verb)
    assert ("--active" in options(group, "create")) is ENTITIES[entity].has_status


def test_stdout_has_the_result_alone_and_stderr_is_quiet(shell: Shell, create: list[str]) -> None:
    ended = shell.run(*create, "--log-format", "json", "--json")
    assert ended.err == ""
    assert ended.json["status"] == "created"


def test_who_does_not_say_what_pays_is_told_what_could(
    shell: Shell, manager: Manager, create: list[str]
) -> None:
    words = [*create[:4], *create[6:]]
    ended = shell.run(*words)
    assert ended.code == 2
    lines = ended.err.splitlines()
    assert lines[1] == (
        "funding_instrument_id: is missing; say what pays; `connector campaigns list --json` has it"
        " of each campaign"
    )
    able = [row for row in manager.rows("funding_instruments") if row["able_to_fund"]]
    assert [line.split()[1] for line in lines[2:]] == [row["id"] for row in able]
    assert lines[2].endswith(f" {able[0]['currency']} can pay")
    configure(shell, live=False)
    assert len(shell.run(*words).err.splitlines()) == 2
