import signal
from random import Random

import pytest
from crashes import proof
from crashes.children import Rule
from crashes.conftest import Opened
from crashes.incidents import ended

CODES = {"resend": 0, "hold": 4}


def test_a_request_that_was_about_to_leave_does_not_leave_days_later(scene: Opened) -> None:
    opened = scene("resend", {"error_500_after_commit": 1.0})
    opened.order(Random(0), rows=20, bad=0)
    # Both events' requests have left once when the third is about to leave.
    sync = opened.start(Rule(step="sent", count=3, deed="stop"), batch=500, names=("purchases",))
    sync.until(lambda: False)
    assert sync.is_stopped
    opened.skip(50)
    sync.signal(signal.SIGCONT)
    ended(sync)
    assert "held" in {known.state for known in opened.ledger().values()}
    proof.of_the_wire(opened)


@pytest.mark.parametrize("in_doubt", CODES)
def test_who_was_overtaken_while_a_request_was_about_to_leave_lets_it_be(
    scene: Opened, in_doubt: str
) -> None:
    opened = scene(in_doubt, {})
    opened.order(Random(0), rows=20, bad=0)
    sync = opened.start(Rule(step="sent", deed="stop"), batch=500, names=("purchases",))
    sync.until(lambda: False)
    if not opened.cut(sync, lock_alone=True):
        assert ended(opened.start(batch=500, names=("purchases",))) == 6
        sync.signal(signal.SIGCONT)
        assert ended(sync) == 0
        return
    assert ended(opened.start(batch=500, names=("purchases",))) == CODES[in_doubt]
    opened.clock.skip(90)
    sync.signal(signal.SIGCONT)
    assert ended(sync) == 7
    assert all(receipts.times == 1 for receipts in opened.wire().values())
    proof.of_the_wire(opened)
