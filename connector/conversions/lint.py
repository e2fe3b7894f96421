"""What looks wrong with a mapping that fits: its conversion_id, above all, on a sample of rows."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from connector.conversions.fields import WARNINGS
from connector.conversions.mapper import open_mapper
from connector.conversions.reading import selection
from connector.project import Mapping
from connector.source import Source

SAMPLE_ROWS = 10_000
_ROWS_THAT_TELL = 20
_FEW = 0.5  # distinct ids for each row that has one
_SAME = 0.5  # of the ids of a second reading


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The first rows of a source as they map: ids in order, and words of reasons and warnings."""

    rows: int
    ids: tuple[str, ...]
    words: Counter[str]


def lint(mapping: Mapping, source: Source, *, now: datetime) -> list[str]:
    """Sentences for the author of a mapping; nothing when all looks well.

    Raises:
        ConfigurationError: the mapping does not fit the warehouse.
    """
    sample = _sample(mapping, source, now=now)
    again = _sample(mapping, source, now=now) if len(sample.ids) >= _ROWS_THAT_TELL else sample
    return [*about_ids(sample, again), *_about_texts(sample)]


def _sample(mapping: Mapping, source: Source, *, now: datetime) -> Sample:
    wanted = selection(mapping, SAMPLE_ROWS)
    rows, ids, words = 0, [], Counter[str]()
    with open_mapper(mapping, source.schema(wanted), now=now) as mapper:
        for batch in source.batches(wanted, rows=SAMPLE_ROWS):
            if not batch.num_rows:
                continue
            mapped = mapper.map(batch)
            rows += mapped.num_rows
            ids += [key for key in mapped["conversion_id"].to_pylist() if key is not None]
            for name in ("reasons", "warnings"):
                words.update(w for text in mapped[name].to_pylist() if text for w in text.split())
    return Sample(rows=rows, ids=tuple(ids), words=words)


def about_ids(sample: Sample, again: Sample) -> Iterator[str]:
    """What is odd about the conversion ids of a sample and of a second reading of it."""
    missing, personal = (
        sample.words[word] for word in ("missing_conversion_id", "personal_conversion_id")
    )
    if missing:
        yield f"conversion_id is NULL or blank in {missing} of {sample.rows} rows"
    if personal:
        yield f"conversion_id holds an e-mail address in {personal} of {sample.rows} rows"
    distinct = len(set(sample.ids))
    if len(sample.ids) < _ROWS_THAT_TELL:
        return
    if distinct == 1:
        yield f"conversion_id is the same in all {len(sample.ids)} rows: only one would be sent"
    elif distinct < _FEW * len(sample.ids):
        yield (
            f"conversion_id has only {distinct} values in {len(sample.ids)} rows: of rows with one"
            " id a single one is sent"
        )
    common = len(set(sample.ids) & set(again.ids))
    if common < _SAME * distinct:
        yield (
            "conversion_id changes each time the source is read: every sync would send all rows"
            " again; take a key of the row"
        )


def _about_texts(sample: Sample) -> Iterator[str]:
    for word, meaning in WARNINGS.items():
        if word.startswith("personal_") and sample.words[word]:
            yield f"{meaning} in {sample.words[word]} of {sample.rows} rows"
