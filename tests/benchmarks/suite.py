"""What is measured, in which order, and how often."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import servers
from benchmarks import ledger, parts, syncs, tools, warehouse
from benchmarks.ledger import Pace
from benchmarks.parts import Part
from benchmarks.syncs import Plan, Sync, Yard

SIZES = (10_000, 100_000, 1_000_000)
FULL_SIZES = (*SIZES, 10_000_000)
SLOW_FROM = 1_000_000  # rows, from which one round is enough


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How much is measured: `rows` of a sync, rounds, sizes of one case, rows of a full ledger."""

    rows: int = 300_000
    rounds: int = 3
    sizes: Sequence[int] = SIZES
    again: int = 1_000_000
    ledger: int = 100_000
    held: int = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Results:
    """Everything measured; a section that was not asked for is empty."""

    cases: list[Sync] = field(default_factory=list)
    sizes: list[Sync] = field(default_factory=list)
    variants: list[Sync] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    ledger: list[Pace] = field(default_factory=list)


Section = Callable[[Yard, Extent], Results]


def cases(yard: Yard, extent: Extent) -> Results:
    """The three cases, each by all tools in turn."""
    plans = [Plan(what=name, case=case, rows=extent.rows) for case, name in tools.CASES.items()]
    return Results(
        cases=[sync for p in plans for sync in syncs.compared(yard, p, rounds=extent.rounds)]
    )


def sizes(yard: Yard, extent: Extent) -> Results:
    """One case at growing sizes, by all tools in turn."""
    found = []
    for rows in extent.sizes:
        plan = Plan(what=tools.CASES["email"], case="email", rows=rows)
        rounds = 1 if rows >= SLOW_FROM else extent.rounds
        found += syncs.compared(yard, plan, rounds=rounds)
    return Results(sizes=found)


def variants(yard: Yard, extent: Extent) -> Results:
    """One case by this tool alone: other keys, another warehouse, another state, and once more."""
    base = Plan(what="as above", case="email", rows=extent.rows)
    many = replace(base, rows=extent.again)
    with _postgresql(base.rows) as (read_from, states):
        return Results(variants=[
            sync
            for _ in range(extent.rounds)
            for plan, url in (
                (base, None),
                (replace(base, what="ids at random", keys="at random"), None),
                (replace(base, what="warehouse in PostgreSQL"), read_from),
                (replace(base, what="state in PostgreSQL", state=next(states)), None),
            )
            for sync in syncs.ours(plan, url or yard.url(plan), rounds=1)
        ] + syncs.again(
            replace(many, what="all sent before"), yard.url(many), rounds=extent.rounds
        ))  # fmt: skip


@contextmanager
def _postgresql(rows: int) -> Iterator[tuple[str, Iterator[str]]]:
    """The URL of a warehouse, and of one state after the other."""
    with servers.postgresql(durable=True) as server:
        url = server.database(warehouse.postgresql_statement(rows))
        yield url, (server.owner(f"state_{number}") for number in range(1_000))


def alone(yard: Yard, extent: Extent) -> Results:
    """Start-up beside that of drt, and mapping without the rest."""
    commands = {
        "python -c pass": [tools.CONNECTOR[0], "-c", "pass"],
        "connector --help": [*tools.CONNECTOR, "--help"],
        **({"drt --help": [*tools.drt_words(yard.drt), "--help"]} if yard.drt else {}),
    }
    ten = Plan(what="ten rows", case="email", rows=10)
    started = parts.start_up(commands, rounds=extent.rounds)
    for sync in syncs.compared(yard, ten, rounds=extent.rounds):
        started.append(Part(what=f"ten rows, {sync.tool}", rows=0, seconds=sync.seconds))
    for case in tools.CASES:
        url = yard.url(Plan(what="", case=case, rows=extent.rows))
        started += parts.mapping(case, url, rounds=extent.rounds)
    return Results(parts=started)


def ledgers(_yard: Yard, extent: Extent) -> Results:
    """The ledger without the rest."""
    return Results(ledger=ledger.paces(extent.ledger, extent.held))


SECTIONS: Mapping[str, Section] = {
    "cases": cases,
    "sizes": sizes,
    "variants": variants,
    "parts": alone,
    "ledger": ledgers,
}


def run(
    yard: Yard, extent: Extent, *, sections: Sequence[str], tell: Callable[[str], None]
) -> Results:
    """Measure these sections; `tell` hears which one begins."""
    results = Results()
    for name in sections:
        tell(name)
        found = SECTIONS[name](yard, extent)
        results = Results(
            **{key: getattr(results, key) + getattr(found, key) for key in vars(results)}
        )
    return results
