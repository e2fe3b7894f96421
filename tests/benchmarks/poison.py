"""What it costs to find the rows that X refuses among those that it takes.

PYTHONPATH=.:tests python tests/benchmarks/poison.py [ROWS]

Refused rows lie at random among the healthy ones; requests are counted by the simulated X.
"""

import sys
import tempfile
from math import ceil
from pathlib import Path

from poisoned import Scenario, measured

from connector.simulator.poison import Poison

REQUEST = 500


def scenarios(rows: int) -> dict[str, Scenario]:
    named = Poison(patterns={"conversion_id": "bad-*"})
    unnamed = Poison(patterns={"conversion_id": "bad-*"}, quoted=False)
    address = Poison(patterns={"ip_address": "192.0.2.*"}, quoted=False)
    few = rows // 1000
    return {
        "nothing is refused": Scenario(rows=rows, bad=0),
        "one in a thousand, quoted": Scenario(rows=rows, bad=few, poison=named),
        "one in a thousand, not quoted": Scenario(rows=rows, bad=few, poison=unnamed),
        "one class of identifiers": Scenario(rows=rows, bad=few, poison=address),
        "all of 500, quoted": Scenario(rows=500, bad=500, poison=named),
        "all of 500, not quoted": Scenario(rows=500, bad=500, poison=unnamed),
        "a wrong event": Scenario(rows=rows, bad=0, event="tw-o8z6j-zzzzz"),
        "a wrong pixel": Scenario(rows=rows, bad=0, pixel="zzzzz", event="o87ne"),
    }


def main(rows: int) -> None:
    for name, scenario in scenarios(rows).items():
        with tempfile.TemporaryDirectory() as folder:
            found = measured(Path(folder), scenario)
        requests, clean = found.wire["requests"], ceil(scenario.rows / REQUEST)
        outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in found.rows.items())
        each = f", {(requests - clean) / scenario.bad:.1f} for each" if scenario.bad else ""
        print(  # noqa: T201 - what a benchmark is for
            f"{name:30} exit {found.ended.code}: {requests:,} requests,"
            f" {requests - clean:+,} beyond {clean}{each};"
            f" {found.mapping['duration_seconds']:.1f} s; {outcomes}"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
