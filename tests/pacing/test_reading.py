"""Thousands of reads by four processes: they meet no limit, and lose little time over the limits.

The platforms' windows are as long as they really are; the clock of all goes on when every process
waits. With SOAK=1 the reads are 10,000 and new each time, and most of them meet X's own limit of
2,000; SEED=… repeats a round that failed.
"""

import json
import math
import os
import secrets
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import urlopen

import pytest
from pacing import reading
from pacing.projects import project_of
from pacing.reading import TIKTOK, Part, kinds
from pacing.virtual import make_clock

from connector import api
from connector.simulator.limits import LIMITS
from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

TESTS = Path(__file__).parents[1]
SOAK = int(os.environ.get("SOAK", "0"))
SEED = int(os.environ.get("SEED", str(secrets.randbelow(10**9) if SOAK else 1)))
READS = 10_000 if SOAK else 1_000
PROCESSES = 4
START = 1_795_000_000.0
MOST_OVER = 1.2


@dataclass(frozen=True, kw_only=True)
class Case:
    """Kinds of reads, and X's limit for each that names an account, as a share of all reads."""

    shares: Mapping[str, int]
    limit: float

    @property
    def calls(self) -> int:
        return round(READS * self.limit)


CASES = {
    # With 10,000 reads this is X's own limit.
    "one kind above all": Case(shares={"accounts": 5, "account": 90, TIKTOK: 5}, limit=1 / 5),
    "many kinds, many windows": Case(
        shares={"accounts": 5, "account": 40, "roles": 10, "event_tags": 10,
                "funding_instruments": 10, TIKTOK: 25},
        limit=1 / 25,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_four_processes_meet_no_limit_and_lose_little_time(
    tmp_path: Path, record_property: Callable[[str, object], None], name: str
) -> None:
    case = CASES[name]
    clock = make_clock(tmp_path / "clock", processes=PROCESSES, now=START)
    settings = Settings(limits={"account_reads": case.calls})
    with running(settings, clock=clock.time) as address:
        parts = parts_of(tmp_path, address, case)
        refused = together(parts)
        asked = asked_of(address)
    wanted = Counter(kind for part in parts for kind in kinds(part))
    least, took = least_seconds(wanted, case), clock.time() - START
    record_property("reads", (name, SEED, took, least, refused.total()))
    assert refused.total() == 0, SEED
    assert took <= MOST_OVER * least, SEED
    assert asked["/12/accounts"] <= 1 + took / LIMITS["accounts"].seconds
    assert asked.total() == READS - wanted["accounts"] + asked["/12/accounts"]


def parts_of(folder: Path, address: Address, case: Case) -> list[Part]:
    """Four processes of a project that has a state."""
    project = project_of(folder, address)
    api.init_state(project)
    return [
        Part(
            config=str(project.path), clock=str(folder / "clock"), slot=slot, seed=SEED,
            reads=READS // PROCESSES, shares=case.shares,
        )
        for slot in range(PROCESSES)
    ]  # fmt: skip


def together(parts: list[Part]) -> Counter[str]:
    """Let all of them read; what was refused for a limit."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(TESTS), str(TESTS.parent)))}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", reading.__name__, json.dumps(asdict(part))],
            env=environment, stdout=subprocess.PIPE, text=True,
        )
        for part in parts
    ]  # fmt: skip
    told = [process.communicate(timeout=3_000)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(parts)
    return sum((Counter(json.loads(text)) for text in told), Counter())


def asked_of(address: Address) -> Counter[str]:
    """How often each path was asked."""
    found = Counter[str]()
    with urlopen(f"{address.url}/_simulator/requests") as answer:
        for each in json.load(answer)["requests"]:
            found[each["path"]] += each["count"]
    return found


def least_seconds(wanted: Counter[str], case: Case) -> float:
    """What the limits allow to who spends each window at once, and asks for accounts once."""
    group = LIMITS["account_reads"]
    limits = {kind: [(case.calls, group.seconds)] for kind in wanted if kind != "accounts"}
    limits[TIKTOK] = [
        (LIMITS[name].calls, LIMITS[name].seconds) for name in ("tiktok_seconds", "tiktok_minutes")
    ]
    return max(
        (math.ceil(wanted[kind] / calls) - 1) * seconds
        for kind, every in limits.items()
        for calls, seconds in every
    )
