"""The source is read to its end, mapped and staged, and let go before anything is sent."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from connector.conversions import cursor, gates
from connector.conversions.census import Census
from connector.conversions.fingerprint import rules_digest
from connector.conversions.lanes import mapped, portions
from connector.conversions.mapper import Mapper, mapper_of, sealed, words_of
from connector.conversions.outcomes import DEDUP_WINDOW
from connector.conversions.replay import Picker, Replay, states_in
from connector.conversions.stage import Stage
from connector.conversions.world import Job, World, milliseconds
from connector.errors import ConfigurationError, StoppedError
from connector.project.mapping import Mapping
from connector.source import Selection, Source
from connector.state.ledger import Ledger
from connector.state.runs import Remembered

T = TypeVar("T")

ROWS_AT_ONCE = 10_240  # a twelfth of what DuckDB keeps together


@dataclass(frozen=True, kw_only=True)
class Read:
    """What was read: by which rules, since when, and what the stage holds.

    Of a replay `left_out` are the older rows that are not meant, `missing` the ids no row has.
    """

    census: Census
    cursor_kind: cursor.Kind | None
    rules: str
    began: datetime
    left_out: int = 0
    missing: tuple[str, ...] = ()


def read_and_map(job: Job, world: World, staged: Stage, remembered: Remembered | None) -> Read:
    """Stage every row with its outcome.

    Raises:
        ConfigurationError: the mapping does not fit the warehouse.
        UnreachableError: the warehouse cannot be read now.
        StoppedError: the user or the deadline ended it.
    """
    mapping, began = job.mapping, world.now()
    older_than = milliseconds(began - DEDUP_WINDOW)
    picker = _picker(job, world, older_than)
    words = words_of(mapping, now=began)
    with _meanwhile(sealed(words)) as sealed_duckdb:
        with world.open_source() as source:
            base = selection(mapping, job.options.limit)
            schema = source.schema(base)
            mapper = mapper_of(mapping, schema, connection=sealed_duckdb(), words=words)
            rules = rules_digest(mapping, mapper.statement)
            kept = None if job.options.full_refresh else kept_cursor(remembered, rules)
            whole = job.options.replay is not None
            wanted = base if whole else _from_cursor(mapping, base, mapper, kept, began)
            world.progress.phase(f"{mapping.name}: reading", source.count(wanted))
            batches = portions(_read(job, world, source, wanted))
            with closing(mapped(batches, mapper)) as rows:
                _stage(job, world, rows, staged, picker)
        census = staged.census(sealed_duckdb(), older_than_ms=older_than)
    message = gates.only_dates(census)
    if message:
        raise ConfigurationError(f"{mapping.path}: {message}")
    return Read(
        census=census, cursor_kind=mapper.cursor_kind, rules=rules, began=began,
        left_out=picker.left_out, missing=picker.missing,
    )  # fmt: skip


@contextmanager
def _meanwhile(opening: AbstractContextManager[T]) -> Iterator[Callable[[], T]]:
    """What is opened in a thread while the block goes on; the call waits for it."""
    with ExitStack() as opened, ThreadPoolExecutor(1, "opening") as pool:
        yield pool.submit(opened.enter_context, opening).result


def _picker(job: Job, world: World, older_than: int) -> Picker:
    """What takes the rows that are meant, which are all but for a replay."""
    ledger = Ledger(world.database, run=0, mapping=job.mapping.name, rules_digest="")
    return Picker(
        replay=job.options.replay or Replay(), states_of=states_in(ledger, job.target),
        older_than_ms=older_than,
    )  # fmt: skip


def selection(mapping: Mapping, limit: int | None = None) -> Selection:
    """What a mapping reads, from its beginning."""
    source = mapping.source
    query = source.file.text if source.file else source.query
    return Selection(query=query, table=source.table, cursor=source.cursor, limit=limit)


def kept_cursor(remembered: Remembered | None, rules: str) -> cursor.Cursor | None:
    """Where the last run stopped, None for a start from the beginning: rows map anew."""
    if remembered is None or remembered.cursor is None or remembered.rules_digest != rules:
        return None
    return cursor.parse(remembered.cursor)


def _from_cursor(
    mapping: Mapping, base: Selection, mapper: Mapper, kept: cursor.Cursor | None, began: datetime
) -> Selection:
    if mapper.cursor_kind is None:
        return base
    lookback, oldest = mapping.source.lookback, mapping.limits.max_age
    reach = cursor.Reach(kind=mapper.cursor_kind, lookback=lookback, max_age=oldest)
    since = cursor.start(kept, reach=reach, now=began)
    return Selection(
        query=base.query, table=base.table, cursor=base.cursor, since=since, limit=base.limit
    )


def _stage(
    job: Job, world: World, rows: Iterator[pa.RecordBatch], staged: Stage, picker: Picker
) -> None:
    for batch in rows:
        meant = _since(batch, job.options.since)
        staged.add(picker.pick(meant) if job.options.replay else meant)
        world.progress.advance(batch.num_rows)


def _read(job: Job, world: World, source: Source, wanted: Selection) -> Iterator[pa.RecordBatch]:
    """What the source gives, as long as the run may go on."""
    for batch in source.batches(wanted, rows=ROWS_AT_ONCE):
        _refuse_to_go_on(job, world)
        yield batch


def _refuse_to_go_on(job: Job, world: World) -> None:
    if world.stopping() or job.options.is_over(world.now()):
        raise StoppedError(f"{job.mapping.name}: stopped while reading; nothing was sent")


def _since(mapped: pa.RecordBatch, since: datetime | None) -> pa.RecordBatch:
    if since is None:
        return mapped
    late = pc.greater_equal(mapped["time_ms"], pa.scalar(milliseconds(since), pa.int64()))
    return mapped.filter(pc.fill_null(late, fill_value=False))


def next_cursor(
    read: Read, remembered: Remembered | None, unfinished: int | None
) -> cursor.Cursor | None:
    """Where the next run starts; `unfinished` is the smallest cursor of rows to read again."""
    if read.cursor_kind is None:
        return None
    held_back = (unfinished, read.census.future_cursor)
    return cursor.move(
        kept_cursor(remembered, read.rules), kind=read.cursor_kind,
        largest=read.census.largest_cursor, began=read.began,
        unfinished=[position for position in held_back if position is not None],
    )  # fmt: skip
