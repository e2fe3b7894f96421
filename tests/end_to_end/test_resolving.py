"""A person decides right after a crash, before any other sync has looked at what it left."""

import signal

import pytest
from end_to_end.conftest import Open, Shop

from connector import api
from connector.errors import AlreadyRunningError, StoppedError
from connector.state.resolution import Word


def crashed(shop: Shop) -> int:
    """Kill a sync at its last requests; how many of the 4000 conversions had been accepted."""
    with shop.process() as process:
        shop.until("receipts", 4000, process)
        process.send_signal(signal.SIGKILL)
    done = len(shop.accepted())
    assert 0 < done < 4000
    return done


def resolve(shop: Shop, word: Word, mapping: str = "purchases") -> dict[str, int]:
    ruling = api.Ruling(mapping=mapping, word=word)
    project = api.load(str(shop.config))
    [found] = api.resolve(project, ruling, agree=lambda _: None, edges=shop.edges()).values()
    return dict(found)


def test_what_was_under_way_is_taken_as_accepted(shop: Open) -> None:
    opened = shop(4000, in_doubt="hold", latency_seconds=0.5)
    done = crashed(opened)
    assert resolve(opened, "assume_accepted") == {"held": 0, "in_doubt": 4000 - done}
    assert len(opened.accepted()) == 4000
    assert opened.rows() == {"read": 4000, "deduplicated": 4000}
    assert set(opened.receipts().values()) == {1}


def test_what_was_under_way_is_sent_again(shop: Open) -> None:
    opened = shop(4000, in_doubt="hold", latency_seconds=0.5)
    done = crashed(opened)
    resolve(opened, "resend")
    assert opened.rows() == {"read": 4000, "accepted": 4000 - done, "deduplicated": done}
    assert sum(opened.receipts().values()) == 4000 + 4000 - done


def test_what_a_mapping_left_that_is_called_otherwise_now_is_sent_by_that(shop: Open) -> None:
    opened = shop(4000, in_doubt="hold", latency_seconds=0.5)
    done = crashed(opened)
    mappings = opened.shell.folder / "mappings"
    (mappings / "purchases.yaml").rename(mappings / "orders.yaml")
    [before] = opened.sync()["mappings"]
    assert before["reasons"]["pending"] == {"claimed_by_other_mapping": 4000 - done}
    assert resolve(opened, "resend") == {"held": 0, "in_doubt": 4000 - done}
    assert opened.rows()["accepted"] == 4000 - done
    assert len(opened.accepted()) == 4000


def test_there_is_no_word_while_a_sync_runs(shop: Open) -> None:
    opened = shop(1000, latency_seconds=0.5)
    with opened.process() as process:
        opened.until("receipts", 1, process)
        with pytest.raises(AlreadyRunningError):
            resolve(opened, "resend")
        assert process.wait() == 0
    assert opened.rows() == {"read": 1000, "deduplicated": 1000}
    assert set(opened.receipts().values()) == {1}


def test_who_does_not_agree_leaves_it_to_the_next_sync(shop: Open) -> None:
    opened = shop(4000, in_doubt="hold", latency_seconds=0.5)
    crashed(opened)
    ruling = api.Ruling(mapping="purchases", word="resend")

    def refuse(_: api.Undecided) -> None:
        raise StoppedError("no")

    with pytest.raises(StoppedError):
        api.resolve(api.load(str(opened.config)), ruling, agree=refuse, edges=opened.edges())
    assert opened.rows()["held"] > 0
    assert set(opened.receipts().values()) == {1}
