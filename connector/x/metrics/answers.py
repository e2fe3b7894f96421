"""X's answers about numbers, the same from a call and from a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.x.metrics.asking import Json
from connector.x.metrics.questions import Fields, Path, Question
from connector.x.metrics.slots import Series, Slots, cuts, summed

_FRAME = frozenset({
    "data", "id", "id_data", "segment", "segment_value", "metrics", "time_series_length",
})  # fmt: skip
_NUMBER = frozenset({int, type(None)})


@dataclass(frozen=True, kw_only=True)
class Part:
    """What an answer tells of one id, and of one tag where there are any.

    Attributes:
        numbers: by our name one for each slot of the question; None where nothing is told.
    """

    id: str
    tag: str
    numbers: Mapping[str, Series]


def slimming(question: Question) -> Callable[[Iterable[tuple[str, Any]]], dict[str, Any]]:
    """Makes objects of an answer for `json` without what is not read: nearly all of a file."""
    fields = (paths for fields in question.subject.fields.values() for paths in fields.values())
    kept = _FRAME.union(word for paths in fields for path in paths for word in path)
    return lambda pairs: {name: value for name, value in pairs if name in kept}


def parts_of(body: Json, question: Question, slots: Slots) -> list[Part]:
    """What an answer tells of each id once; one that it lacks, or nobody asked for, is none.

    Raises:
        ValueError: it is not of the documented form.
    """
    at = cuts(slots, question.first, question.last)
    length = body.get("time_series_length")
    if length is not None and length != at[-1]:
        raise ValueError(f"{length} numbers in place of {at[-1]}")
    left, found = set(question.ids), list[Part]()
    for row in _objects(body.get("data")):
        id_ = str(row.get("id"))
        if id_ in left:
            left.remove(id_)
            found += _parts(row, question, at)
    return found


def _parts(row: Json, question: Question, at: Sequence[int]) -> Iterator[Part]:
    by_tag = question.subject.fields
    for told in _objects(row.get("id_data")):
        segment, metrics = told.get("segment") or {}, told.get("metrics") or {}
        if not isinstance(segment, Mapping) or not isinstance(metrics, Mapping):
            raise ValueError("no object of metrics")  # noqa: TRY004 - of JSON
        tag = str(segment.get("segment_value") or "")
        fields = by_tag.get(tag, by_tag.get(None, {}))
        yield Part(id=str(row["id"]), tag=tag, numbers=_numbers(metrics, fields, at))


def _numbers(metrics: Json, fields: Fields, at: Sequence[int]) -> dict[str, Series]:
    found: dict[str, Series] = {}
    for name, paths in fields.items():
        told = [series for path in paths if (series := _series(metrics, path, at)) is not None]
        if told:
            found[name] = told[0] if len(told) == 1 else _added(told)
    return found


def _series(metrics: Json, path: Path, at: Sequence[int]) -> Series | None:
    """The sums of one of X's series by slot; None for one that is null."""
    found: Any = metrics
    for word in path:
        found = found.get(word) if isinstance(found, Mapping) else None
    if found is None:
        return None
    if not isinstance(found, list) or len(found) != at[-1]:
        raise ValueError(f"no series of {at[-1]} numbers")
    if not _NUMBER.issuperset(map(type, found)):
        raise ValueError("something else among whole numbers")
    return summed(found, at)


def _added(told: Sequence[Series]) -> Series:
    in_turn = [number for numbers in zip(*told, strict=True) for number in numbers]
    return summed(in_turn, range(0, len(in_turn) + 1, len(told)))


def _objects(listed: object) -> list[Json]:
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise ValueError("no list of objects")
    return listed
