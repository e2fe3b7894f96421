"""What must be true of a round, by what X received and what the ledger says."""

from collections import defaultdict
from decimal import Decimal

from crashes.scene import Known, Receipts, Scene

from connector.state.resolution import Word

WINDOW_SECONDS = 47 * 3600
MOST_CALM_SYNCS = 8
# No run is left when nothing runs any more: what these tables say must make sense then.
NOTHING_WAITS = (
    "select count(*) from conversions c join batches b on b.id = c.batch"
    " where b.state in ('claimed', 'sent', 'in_doubt')"
)
NO_RUN_IS_OPEN = "select count(*) from runs where finished_at is null"
NO_AMOUNT_IS_ORPHAN = (
    "select count(*) from amounts a left join batches b on b.id = a.batch"
    " where b.state is null or b.state <> 'accepted'"
)


def of_accepted(scene: Scene, known: Known, receipts: Receipts | None, one: str) -> None:
    assert receipts is not None, f"{one} is accepted and never arrived"
    assert receipts.acknowledged, f"{one} is accepted, and X never said so"
    assert known.settled is not None
    if one not in scene.excused:
        assert receipts.last <= known.settled, f"{one} arrived after it was accepted"


def of_the_wire(scene: Scene) -> None:
    """What is true at any moment at which no sync runs."""
    ledger, wire = scene.ledger(), scene.wire()
    for one, known in ledger.items():
        assert known.state, f"{one} is in no batch"
        if known.state == "accepted":
            of_accepted(scene, known, wire.get(one), one)
    accepted = {one for one, known in ledger.items() if known.state == "accepted"}
    assert scene.accepted <= accepted, "what was accepted stays accepted"
    scene.accepted |= accepted
    for one, receipts in wire.items():
        assert one in ledger, f"{one} arrived, and the ledger does not know it"
        late = receipts.last - receipts.first
        in_window = late <= WINDOW_SECONDS or one in scene.excused
        assert in_window, f"{one} arrived again after {late / 3600:.1f} h"
        if scene.in_doubt == "hold":
            assert receipts.times == 1, f"{one} arrived {receipts.times} times"


def of_the_end(scene: Scene) -> None:
    """What is true once syncs without a fault have nothing to do any more."""
    for _ in range(MOST_CALM_SYNCS):
        mappings = scene.calm()["mappings"]
        if not any(m["rows"]["pending"] + m["rows"]["in_doubt"] for m in mappings):
            break
    of_the_wire(scene)
    for query in (NOTHING_WAITS, NO_RUN_IS_OPEN, NO_AMOUNT_IS_ORPHAN):
        assert scene.read(query) == [(0,)], query
    ledger, wire = scene.ledger(), scene.wire()
    assert ledger.keys() == scene.orders.keys()
    states = {known.state for known in ledger.values()}
    assert states <= {"accepted", "refused", "held"}
    refused = {one for one, known in ledger.items() if known.state == "refused"}
    assert refused <= scene.bad
    assert not scene.bad & wire.keys()
    held = [one for one, known in ledger.items() if known.state == "held"]
    assert not held or scene.in_doubt == "hold" or scene.skips
    assert _amounts(scene) == _worth(scene)


def of_every_conversion(scene: Scene) -> None:
    """Once a person has looked at what is held and refused, all are accepted."""
    wire = scene.wire()
    scene.mend()
    # What was in doubt, then refused, and is mended too late is held once more.
    while _decide(scene) or scene.calm()["exit_code"]:
        pass
    ended = scene.ledger()
    assert ended.keys() == scene.orders.keys()
    assert {known.state for known in ended.values()} == {"accepted"}
    arrived = scene.wire()
    assert arrived.keys() == scene.orders.keys()
    again = [one for one in wire if arrived[one].times != wire[one].times]
    assert not again, "what had arrived is not sent again"
    fresh = arrived.keys() - wire.keys()
    assert {arrived[one].times for one in fresh} <= {1}
    scene.counts["conversions"] += len(arrived)
    scene.counts["receipts"] += sum(receipts.times for receipts in arrived.values())
    scene.counts["received more than once"] += sum(r.times > 1 for r in arrived.values())


def _decide(scene: Scene) -> int:
    """A person's word on what is held, after a look at X; on how many conversions."""
    wire = scene.wire()
    words: dict[Word, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    held = {one: known for one, known in scene.ledger().items() if known.state == "held"}
    for one, known in held.items():
        words["assume_accepted" if one in wire else "resend"][known.mapping].append(one)
    for word, by_mapping in words.items():
        scene.resolve(word, by_mapping)
    scene.counts["held, then resolved"] += len(held)
    return len(held)


def _amounts(scene: Scene) -> tuple[int, Decimal]:
    """How many conversions the ledger counted as accepted, and what they are worth."""
    rows = scene.read("select conversions, amount from amounts")
    return sum(count for count, _ in rows), sum((Decimal(a) for _, a in rows), Decimal(0))


def _worth(scene: Scene) -> tuple[int, Decimal]:
    accepted = [one for one, known in scene.ledger().items() if known.state == "accepted"]
    return len(accepted), Decimal(sum(scene.orders[one][1] for one in accepted))
