"""A process that makes campaigns as fast as the budget lets it, from a word on until a moment."""

import json
import sys
import time

from connector import api
from connector.campaigns import writes


def write_until(config: str, funding: str, mark: str, ends: float) -> list[float]:
    """When each campaign was there, in epoch seconds."""
    done: list[float] = []
    with api.managed(api.load(config), None, api.Edges()) as manager:
        while time.time() < ends:
            values = {
                "name": f"{mark} {len(done)}", "funding_instrument_id": funding,
                "daily_budget_amount_local": "25",
            }  # fmt: skip
            manager.write(writes.creating("campaign", values))
            done.append(time.time())
    return done


def main() -> None:
    """Get ready, wait for the word, write, and print when."""
    config, funding, mark = sys.argv[1:]
    api.load(config)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    ends = float(sys.stdin.readline())
    json.dump(write_until(config, funding, mark, ends), sys.stdout)


if __name__ == "__main__":
    main()
