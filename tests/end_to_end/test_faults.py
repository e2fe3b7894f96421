from functools import partial

import pytest
from end_to_end.conftest import EITHER, Open

from connector.api import syncing
from connector.http import Session
from connector.simulator.faults import FAULTS
from connector.simulator.server import running
from connector.simulator.settings import Settings

pytestmark = EITHER

# Faults after which the sender cannot know that X has stored the request.
STORED_UNSEEN = {"reset_after_commit", "error_500_after_commit", "short_acknowledgement"}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_any_fault_every_conversion_is_accepted_or_listed(
    shop: Open, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault == "timeout":
        monkeypatch.setattr(syncing, "Session", partial(Session, read=0.4))
    opened = shop(3000, faults={fault: 0.4})
    [first] = opened.sync()["mappings"]
    listed = first["rows"]["accepted"] + first["rows"]["in_doubt"] + first["rows"]["pending"]
    assert listed == first["rows"]["read"] == 3000
    for _ in range(5):
        last = opened.rows()
        if "in_doubt" not in last and "pending" not in last:
            break
    wire = opened.wire()
    assert len(opened.accepted()) == wire["distinct"] == 3000
    assert wire["receipts_after_acknowledgement"] == 0
    assert (wire["requests"] > 6) == (fault != "slow")
    assert (wire["receipts"] > wire["distinct"]) == (fault in STORED_UNSEEN)


def test_a_second_sync_sends_nothing(shop: Open) -> None:
    opened = shop(700)
    assert opened.rows() == {"read": 700, "accepted": 700}
    assert opened.rows() == {"read": 700, "deduplicated": 700}
    assert opened.wire()["receipts"] == 700


def test_another_target_gets_everything(shop: Open) -> None:
    opened = shop(700)
    opened.rows()
    with running(Settings()) as other:
        opened.shell.config(address=other)
        assert opened.rows() == {"read": 700, "accepted": 700}
        opened.shell.config()
        assert opened.rows() == {"read": 700, "deduplicated": 700}


def test_the_rate_limit_is_waited_for(shop: Open) -> None:
    opened = shop(1500, events_per_window=500)
    summary = opened.sync()
    assert summary["mappings"][0]["rows"]["accepted"] == 500
    assert (summary["status"], summary["exit_code"]) == ("unfinished", 7)
    assert summary["mappings"][0]["reasons"]["pending"] == {"TOO_MANY_REQUESTS": 1000}
    assert opened.wire()["receipts"] == 500


def test_rows_x_refuses_are_found_and_the_others_arrive(shop: Open) -> None:
    opened = shop(1200, modes=frozenset({"strict_formats"}))
    short = "update orders set click_id = 'too-short', updated_at = now() where number in (5, 700)"
    opened.orders(1200, short)
    [mapping] = opened.sync()["mappings"]
    assert (mapping["rows"]["accepted"], mapping["rows"]["refused"]) == (1198, 2)
    assert list(mapping["reasons"]["refused"]) == ["INVALID_PARAMETER twclid"]
    assert opened.wire()["distinct"] == 1198
    assert opened.rows() == {"read": 1200, "deduplicated": 1198, "refused": 2}
    opened.orders(1200)
    assert opened.rows() == {"read": 1200, "deduplicated": 1198, "accepted": 2}


def test_an_event_of_another_account_keeps_its_rows_pending(shop: Open) -> None:
    opened = shop(600)
    opened.mapping(event="tw-o8z6j-zzzzz")
    summary = opened.sync()
    assert summary["exit_code"] == 2
    assert summary["mappings"][0]["reasons"]["pending"] == {"NOT_FOUND event_id": 600}
    assert opened.wire()["receipts"] == 0


def test_refused_credentials_keep_everything_pending(shop: Open) -> None:
    opened = shop(600)
    text = opened.config.read_text()
    token = str(opened.shell.address.describe()["pixel_token"])
    opened.config.write_text(text.replace(token, "sim-wrong"))
    summary = opened.sync()
    assert (summary["status"], summary["exit_code"]) == ("unauthorized", 5)
    assert summary["mappings"][0]["rows"]["pending"] == 600
    opened.config.write_text(text)
    assert opened.rows() == {"read": 600, "accepted": 600}


def test_oauth_credentials_are_taken(shop: Open) -> None:
    opened = shop(600)
    oauth = opened.shell.address.describe()["oauth1"]
    assert isinstance(oauth, dict)
    four = ", ".join(f"{name}: {secret}" for name, secret in oauth.items())
    token = f"pixel_token: {opened.shell.address.describe()['pixel_token']}"
    opened.config.write_text(opened.config.read_text().replace(token, f"oauth1: {{{four}}}"))
    assert opened.rows() == {"read": 600, "accepted": 600}


def test_nobody_there_is_out_of_reach(shop: Open) -> None:
    opened = shop(600)
    with running(Settings()) as gone:
        pass
    opened.shell.config(address=gone)
    summary = opened.sync()
    assert (summary["status"], summary["exit_code"]) == ("unreachable", 8)
    assert summary["mappings"][0]["reasons"]["pending"] == {"the connection was refused": 600}
