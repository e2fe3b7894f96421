"""X's answer to a question about numbers, the same for a call and for a file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from connector.simulator.statistics import metrics
from connector.simulator.statistics.ads import Ad
from connector.simulator.statistics.books import Books
from connector.simulator.statistics.hours import Hours, bucket_starts, hours_between
from connector.simulator.statistics.questions import Question, told_time
from connector.simulator.statistics.series import Segment, Series, View, segmented, series_of
from connector.simulator.statistics.sums import added, bucketed, listed
from connector.simulator.world import Event

Json = Mapping[str, object]
Label = Mapping[str, str]

# Of a tag's conversions, in thousandths, what X attributes to a tag: not all of them.
_OF_TAGS = 970


@dataclass(frozen=True, kw_only=True, eq=False)
class _Scene:
    question: Question
    books: Books
    view: View
    hours: Hours  # in the account's zone, which the numbers follow
    buckets: Hours  # in the question's, which DAY follows


def answer_to(question: Question, books: Books, view: View) -> Json:
    """The body of an answer; ids that the account does not have are left out."""
    scene = _Scene(
        question=question,
        books=books,
        view=view,
        hours=hours_between(question.start, question.end, books.zone),
        buckets=hours_between(question.start, question.end, question.zone),
    )
    segments = list(_segments(question, books))
    rows = [
        {"id": entity_id, "id_data": [_told(scene, ads, *each) for each in segments]}
        for entity_id, ads in _ads_of(question, books).items()
    ]
    return {
        "data_type": "stats",
        "time_series_length": len(bucket_starts(scene.buckets, question.granularity)),
        "data": rows,
        "request": {"params": repeated(question)},
    }


def repeated(question: Question) -> dict[str, object]:
    """The parameters of a question as its answer repeats them."""
    return {
        "start_time": told_time(question.start),
        "segmentation_type": question.segmentation,
        "entity_ids": list(question.entity_ids),
        "end_time": told_time(question.end),
        "country": question.country,
        "placement": question.placement,
        "granularity": question.granularity,
        "entity": question.entity,
        "platform": question.platform,
        "metric_groups": list(question.groups),
    }


def _ads_of(question: Question, books: Books) -> dict[str, Sequence[Ad]]:
    ads = books.reported(question.entity)
    known = books.known.get(question.entity, frozenset())
    return {one: ads.get(one, ()) for one in question.entity_ids if one in known}


def _segments(question: Question, books: Books) -> Iterator[tuple[Label | None, Segment | None]]:
    """Each segment that a question asks for, with its label; one without for no segmentation."""
    if question.segmentation is None:
        yield None, None
        return
    if question.segmentation == metrics.CONVERSION_TAGS:
        yield from tags(books.events)
        return
    low = 0
    for name, value, share in metrics.SEGMENTS[question.segmentation]:
        yield _label(name, value), Segment(low=low, share=share)
        low += share


def tags(events: Iterable[Event]) -> Iterator[tuple[Label, Segment]]:
    """The segments by event tag, those that are deleted left out."""
    live = [event for event in events if not event.deleted]
    for type_, name in metrics.OF_TAG.items():
        same = [event for event in live if event.type == type_]
        for place, event in enumerate(same):
            share = _OF_TAGS // len(same)
            segment = Segment(low=place * share, share=share, metrics=frozenset({name}))
            yield _label(event.name, event.id), segment


def _label(name: str, value: str) -> Label:
    return {"segment_name": name, "segment_value": value}


def _told(
    scene: _Scene, ads: Sequence[Ad], label: Label | None, segment: Segment | None
) -> dict[str, object]:
    question = scene.question
    parts = [_part(scene, ad, segment) for ad in ads]
    series = bucketed(added(parts), scene.buckets, question.granularity)
    told: dict[str, object] = {}
    for group in question.groups:
        told |= _group(series, group, of_account=question.entity == metrics.ACCOUNT)
    return {"segment": label, "metrics": told}


def _part(scene: _Scene, ad: Ad, segment: Segment | None) -> Series:
    question, view = scene.question, scene.view
    series = series_of(
        ad, scene.hours, placement=question.placement, view=view, groups=question.groups
    )
    if segment is None:
        return series
    return segmented(series, ad, scene.hours, segment=segment, view=view)


def _group(series: Series, group: str, *, of_account: bool) -> dict[str, object]:
    told: dict[str, object] = {}
    for name, keys in metrics.keys_of(group).items():
        if of_account and name not in metrics.OF_ACCOUNT:
            continue
        lists = {key.partition(".")[2]: listed(series.get(key)) for key in keys}
        is_object = group in metrics.LEAVES
        if is_object and all(one is None for one in lists.values()):
            told[name] = None
        else:
            told[name] = lists if is_object else lists[""]
    return told
