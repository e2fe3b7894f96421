import signal
import threading
from contextlib import suppress
from types import FrameType

from vaults import ended, start

from connector.credentials.unbroken import unbroken


def asked(*, twice: bool) -> list[str]:
    """What of a block is done when Ctrl-C comes within."""
    done = ["so far"]
    with suppress(KeyboardInterrupt):
        with unbroken():
            signal.raise_signal(signal.SIGINT)
            if twice:
                signal.raise_signal(signal.SIGINT)
            done.append("the rest")
        done.append("too far")
    return done


def test_ctrl_c_waits_for_the_end_of_the_block() -> None:
    assert asked(twice=False) == ["so far", "the rest"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_who_asks_twice_waits_no_longer() -> None:
    assert asked(twice=True) == ["so far"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_somebody_elses_hears_of_it_afterwards() -> None:
    heard: list[tuple[int, list[str]]] = []
    done: list[str] = []

    def handler(number: int, _frame: FrameType | None) -> None:
        heard.append((number, list(done)))

    before = signal.signal(signal.SIGTERM, handler)
    try:
        with unbroken():
            signal.raise_signal(signal.SIGTERM)
            done.append("the rest")
        assert heard == [(signal.SIGTERM, ["the rest"])]
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, before)


def test_what_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with unbroken():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_leaves_the_signals_alone() -> None:
    seen = []

    def run() -> None:
        with unbroken():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


ASKED = """
import os, signal
from connector.credentials.unbroken import unbroken
with unbroken():
    os.kill(os.getpid(), signal.SIGTERM)
    print("the rest", flush=True)
print("too far", flush=True)
"""


def test_a_process_that_is_to_end_ends_after_the_block() -> None:
    assert ended(start(ASKED))[:2] == (-signal.SIGTERM, "the rest\n")
