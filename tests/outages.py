"""A project whose syncs are commands of their own while something around them breaks."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from shop import Ended, Shell, clean_environment

from connector.simulator.server import Address, running
from connector.simulator.settings import Settings

PATIENCE_SECONDS = 60
MAPPING = """\
source: {table: orders}
destination: {type: x_conversions, connection: x, pixel_id: o8z6j, event_id: o87ne}
identifiers: {email: email}
fields: {conversion_time: paid_at, conversion_id: order_id, value: amount, price_currency: currency}
"""
ORDERS = """\
create or replace table orders as
select 'order-' || i as order_id, 'ada' || i || '@example.com' as email, 'EUR' as currency,
  now() - interval 1 minute as paid_at, cast(i % 1000 as decimal(9, 2)) as amount
from range({rows}) t(i)
"""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that runs."""

    process: "subprocess.Popen[str]"
    address: Address

    def until(self, what: str, count: int = 1) -> None:
        """Wait until X has counted so many, or the command has ended."""
        self.when(lambda: counted(self.address)[what] >= count)

    def when(self, ready: Callable[[], bool]) -> None:
        """Wait until something is so; the command must not have ended before."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not ready():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def ended(self) -> Ended:
        out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        return Ended(code=self.process.returncode, out=out or "", err=err or "")


def counted(address: Address) -> dict[str, Any]:
    with urlopen(f"{address.url}/_simulator/conversions") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


@contextmanager
def started(
    shell: Shell,
    *words: str,
    under: Sequence[str] = (),
    **options: Any,  # noqa: ANN401 - Popen's
) -> Iterator[Command]:
    """A command of its own, `under` another one where given; it is killed at the latest here."""
    command = [*under, sys.executable, "-m", "connector", *words]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(
        command, cwd=shell.folder, env=clean_environment(), stdin=subprocess.DEVNULL, text=True,
        **(pipes | options),
    ) as process:  # fmt: skip
        try:
            yield Command(process=process, address=shell.address)
        finally:
            process.kill()


@contextmanager
def project(
    folder: Path,
    rows: int,
    *,
    state: str = "sqlite:///state/connector.db",
    **settings: Any,  # noqa: ANN401 - the simulator's
) -> Iterator[Shell]:
    """A new project with so many orders and a state; `settings` are those of its X."""
    with running(Settings(events_per_window=None, **settings)) as address:
        shell = Shell(folder=folder, address=address, state=state)
        fill(shell, rows)
        made = shell.run("state", "init")
        assert made.code == 0, made.err
        yield shell


def fill(shell: Shell, rows: int) -> None:
    """The files of a project, and its orders."""
    (shell.folder / "mappings").mkdir(parents=True)
    shell.config()
    shell.write("mappings/purchases.yaml", MAPPING)
    shell.sql(ORDERS.format(rows=rows))


def told(ended: Ended, code: int, sentence: str) -> None:
    """The command ended with this code and said this once, as a sentence and no traceback."""
    assert ended.code == code, ended
    said = ended.err + ended.out
    assert "Traceback" not in said
    assert "please report it" not in said
    assert "Exception ignored" not in said
    lines = [line for line in ended.err.splitlines() if sentence in line]
    assert len(lines) == 1, ended.err


def nothing_half_written(shell: Shell) -> None:
    """Every summary is whole, and no stage or draft is left beside the state."""
    folder = shell.folder / "state"
    for file in (folder / "runs").iterdir():
        assert json.loads(file.read_text("utf-8"))["run_id"] == file.stem
    strays = [each.name for each in folder.iterdir() if each.name.startswith(("stage-", "tmp"))]
    assert not strays


def rows_of(ended: Ended) -> dict[str, int]:
    """The outcomes of the one mapping that occurred; they add up."""
    rows: dict[str, int] = ended.json["mappings"][0]["rows"]
    assert rows["read"] == sum(count for name, count in rows.items() if name != "read")
    return {name: count for name, count in rows.items() if count}


def goes_on(shell: Shell, rows: int, *, unkept: int = 0) -> Counter[int]:
    """The next sync ends well with all rows; how many conversions arrived how often.

    At most so many arrive again though X had answered, as `unkept` answers met a broken state.
    """
    ended = shell.run("sync", "--json")
    assert ended.code == 0, ended
    found = rows_of(ended)
    assert found.pop("read") == rows
    assert set(found) <= {"accepted", "deduplicated"}
    nothing_half_written(shell)
    wire = shell.wire()
    assert wire["distinct"] == rows
    assert wire["receipts_after_acknowledgement"] <= unkept
    return Counter(each["receipts"] for each in wire["conversions"])
