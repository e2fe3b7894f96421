"""An ad account under management: who may write, when, and what is asked of X for it."""

import socket
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from campaigns.bureau import Bureau, Telling
from campaigns.conftest import MakeBureau

from connector import api
from connector.api.managing import managed, x_connection
from connector.campaigns import writes
from connector.errors import (
    AlreadyRunningError,
    ConfigurationError,
    CredentialsError,
    OvertakenError,
    UnreachableError,
)
from connector.state import database
from connector.state.journal import Journal
from connector.state.lock import named_lock
from connector.state.place import place_of
from connector.x import management

TWO = """\
  y: {platform: x_ads, ad_account_id: a2, auth: {pixel_token: t}}
  tok: {platform: tiktok_ads, advertiser_id: "7", auth: {access_token: t}}
"""


def lock_name(bureau: Bureau) -> str:
    return f"write {bureau.address.url} {bureau.stranger.account_id}"


def test_the_only_connection_to_x_is_meant_where_none_is_named(bureau: Bureau) -> None:
    assert x_connection(bureau.project, None)[0] == "x"
    config = bureau.folder / "config.yaml"
    config.write_text(config.read_text("utf-8") + TWO, "utf-8")
    assert x_connection(bureau.project, "y")[1].ad_account_id == "a2"
    with pytest.raises(ConfigurationError, match=r"--connection; known: x, y$"):
        x_connection(bureau.project, None)
    for name in ("tok", "z"):
        with pytest.raises(ConfigurationError, match=f"no connection '{name}' to X Ads"):
            x_connection(bureau.project, name)


@pytest.mark.parametrize("role", ["CREATIVE_MANAGER", "CAMPAIGN_ANALYST", "ANALYST"])
def test_a_role_that_may_not_write_asks_once_and_sends_nothing(
    make_bureau: MakeBureau, role: str
) -> None:
    bureau = make_bureau(roles=(role,))
    write = writes.deleting("campaign", "k2v8c")
    with pytest.raises(CredentialsError, match="needs ACCOUNT_ADMIN or AD_MANAGER"):
        bureau.write(write)
    assert bureau.asked("DELETE") == []
    assert bureau.asked("GET") == ["authenticated_user_access"]
    assert bureau.journal() == []


def test_the_role_is_asked_once_for_all_writes(bureau: Bureau) -> None:
    with bureau.managed() as manager:
        for _ in range(3):
            manager.write(bureau.campaign())
    assert bureau.asked("GET").count("authenticated_user_access") == 1


def test_a_rehearsal_asks_and_keeps_nothing(bureau: Bureau, tmp_path: Path) -> None:
    write = bureau.campaign()
    bureau.configure(live="false", auth="{stored: true}")
    config = bureau.folder / "config.yaml"
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        config.write_text(config.read_text("utf-8").replace(bureau.address.url, address), "utf-8")
        told: list[object] = []
        with managed(bureau.project, None, api.Edges()) as manager:
            assert not manager.live
            written = manager.write(write, tell=told.append)
    assert told == [written]
    assert written.status == "dry_run"
    assert written.request["params"]["entity_status"] == "PAUSED"
    bureau.configure()
    assert bureau.journal() == []
    assert bureau.named("campaigns", "spring") == []


def test_without_a_state_nothing_is_sent(bureau: Bureau) -> None:
    for file in (bureau.folder / "state").iterdir():
        file.unlink()
    with pytest.raises(ConfigurationError, match="connector state init"):
        bureau.write(bureau.campaign())
    assert bureau.asked("POST") == []
    with bureau.managed() as manager:
        assert list(manager.rows("campaign"))


def test_the_token_of_a_pixel_manages_nothing(bureau: Bureau) -> None:
    bureau.configure(auth="{pixel_token: sim-x}")
    with pytest.raises(ConfigurationError, match="lets conversions in alone; run `connector conn"):
        bureau.write(writes.deleting("campaign", "k2v8c"))


def test_lists_and_rows_are_read_by_the_same_credentials(bureau: Bureau) -> None:
    with bureau.managed() as manager:
        rows = list(manager.rows("line_item"))
        assert manager.row("line_item", rows[0]["id"]) == rows[0]
        of_one = list(manager.rows("line_item", campaign_ids=rows[0]["campaign_id"]))
        assert {row["campaign_id"] for row in of_one} == {rows[0]["campaign_id"]}
        with pytest.raises(ConfigurationError, match="is no id of a campaign"):
            manager.row("campaign", "../x")
        gone = next(row for row in manager.rows("campaign", with_deleted="true") if row["deleted"])
        assert manager.row("campaign", gone["id"], with_deleted=True) == gone
        with pytest.raises(ConfigurationError, match="404 CAMPAIGN_NOT_FOUND"):
            manager.row("campaign", gone["id"])


def test_any_other_call_goes_by_the_same_credentials(bureau: Bureau) -> None:
    with bureau.managed() as manager:
        found = manager.called(
            lambda line, access: list(
                management.rows(line, access, manager.account_id, "funding_instruments", page=1000)
            )
        )
    assert found[0]["currency"]


def test_who_waits_for_another_write_for_too_long_is_told_by_whom(bureau: Bureau) -> None:
    place = place_of(bureau.state, bureau.folder)
    with named_lock(place, lock_name(bureau)) as lock:
        assert lock.take()
        with pytest.raises(AlreadyRunningError, match=r"writes to ad account 18ce54d4x5t: process"):
            bureau.write(bureau.campaign(), pause=lambda seconds: bureau.pause(seconds * 100))
    assert bureau.asked("POST") == []
    [warning] = bureau.telling.warnings
    assert warning.startswith("waiting: another process writes to ad account 18ce54d4x5t: process")


def test_the_same_command_at_the_same_time_is_one_write(bureau: Bureau) -> None:
    place, meanwhile = place_of(bureau.state, bureau.folder), replace(bureau, telling=Telling())
    with ExitStack() as stack:
        lock = stack.enter_context(named_lock(place, lock_name(bureau)))
        assert lock.take()
        ids: list[str] = []

        def pause(_seconds: float) -> None:
            stack.close()
            ids.append(meanwhile.write(bureau.campaign()).id)

        written = bureau.write(bureau.campaign(), pause=pause)
    assert (written.status, [written.id]) == ("adopted", ids)
    assert len(bureau.named("campaigns", "spring")) == 1


def test_who_was_overtaken_lets_its_request_be(bureau: Bureau) -> None:
    """A server's lock goes with its connection, while the process lives on."""

    def overtake(step: str) -> None:
        if step == "sent":
            with database.opened(place_of(bureau.state, bureau.folder)) as state:
                other = Journal(
                    state, target=bureau.address.url, account_id=bureau.stranger.account_id,
                    run="other", now=lambda: 0.0,
                )  # fmt: skip
                other.take(other.entries()[-1])

    bureau.telling.after = overtake
    with pytest.raises(OvertakenError, match="another process goes on with this write"):
        bureau.write(bureau.campaign())
    assert bureau.asked("POST") == []
    [entry] = bureau.journal()
    assert (entry.run, entry.state) == ("other", "unclear")


def test_writes_wait_for_their_budget_and_say_so(bureau: Bureau) -> None:
    bureau.configure(writes="2 per 1 minute")
    with bureau.managed() as manager:
        for _ in range(3):
            manager.write(bureau.campaign())
    assert sum(bureau.waited) == pytest.approx(60, abs=2)
    [warning] = bureau.telling.warnings
    assert warning.startswith("X Ads POST campaigns: ")
    assert "going on in" in warning


def test_a_budget_that_is_used_up_for_longer_than_anybody_waits_ends_it(bureau: Bureau) -> None:
    bureau.configure(writes="1 per 2 hours")
    bureau.write(bureau.campaign())
    with pytest.raises(UnreachableError, match="not sent: the budget of writes is used up"):
        bureau.write(bureau.campaign("autumn"))
    assert [entry.state for entry in bureau.journal()] == ["done", "planned"]
    assert bureau.asked("POST") == ["campaigns"]


def test_who_shares_the_budget_heeds_what_x_says_is_left(make_bureau: MakeBureau) -> None:
    bureau = make_bureau(limits={"writes": 3, "accounts": 0}, window_scale=0.5)
    for name in ("a", "b", "c", "d"):
        bureau.write(bureau.campaign(name))
    assert 20 < sum(bureau.waited) <= 32
    assert [entry.sendings for entry in bureau.journal()] == [1, 1, 1, 1]


def test_each_write_carries_a_key_of_its_own(bureau: Bureau) -> None:
    for _ in range(3):
        bureau.write(bureau.campaign())
    keys = {entry.key for entry in bureau.journal()}
    assert len(keys) == 3
    assert {len(key) for key in keys} == {32}
