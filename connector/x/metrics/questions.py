"""What is asked of X's numbers: about whom, where, when and what, and in how many requests."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from connector.x.metrics.slots import Slots, pieces, said

AD, LINE_ITEM, CAMPAIGN = "PROMOTED_TWEET", "LINE_ITEM", "CAMPAIGN"
EVERYWHERE = "ALL_ON_TWITTER"
MOST_IDS = 20
MOST_JOBS = 100
CALLS_A_WINDOW = 250
_OF_JOB = 2
"""The requests of a job, beside looking after it: it is created, and its file is fetched."""

Path = tuple[str, ...]
Fields = Mapping[str, tuple[Path, ...]]
"""By our name of a number where it is in X's metrics; several of them are added up."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subject:
    """What is asked for; `fields` by tag, `""` for what has none, `None` for one unknown."""

    groups: str
    fields: Mapping[str | None, Fields]
    segmentation: str | None = None


NUMBERS = Subject(
    groups="ENGAGEMENT,BILLING",
    fields={
        "": {
            "cost": (("billed_charge_local_micro",),),
            **{
                name: ((name,),)
                for name in (
                    "impressions", "clicks", "url_clicks", "app_clicks", "retweets", "likes",
                    "engagements", "billed_engagements",
                )
            },
        }
    },
)  # fmt: skip
_KINDS = ("conversion_purchases", "conversion_custom")
CONVERSIONS = Subject(
    groups="WEB_CONVERSION",
    fields={
        "": {
            "conversions": tuple((kind, "metric") for kind in _KINDS),
            "conversion_value": tuple((kind, "sale_amount") for kind in _KINDS),
        }
    },
)


@dataclass(frozen=True, kw_only=True)
class Active:
    """Somebody whose numbers there are, in which slots (`last` exclusive) and on which placements.

    Attributes:
        entity: the kind, in X's word.
    """

    entity: str
    id: str
    first: int
    last: int
    placements: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Question:
    """At most 20 of an entity, on one placement, from slot `first` on and before `last`."""

    subject: Subject
    entity: str
    ids: tuple[str, ...]
    placement: str
    first: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The questions that are answered at once, and those that X answers by files.

    An id's questions are not far from one another.
    """

    calls: tuple[Question, ...]
    jobs: tuple[Question, ...]

    @property
    def requests(self) -> int:
        """How many it takes if X is quick and nothing fails."""
        return len(self.calls) + _OF_JOB * len(self.jobs) + -(-len(self.jobs) // MOST_JOBS)


def planned(active: Iterable[Active], slots: Slots, subjects: Sequence[Subject]) -> Plan:
    """The fewest requests for the numbers of whoever is active.

    With n of an entity on a placement, in chunks of 20 by when they were active, d days each:

        Σ entities, placements, chunks  subjects · min(⌈d / 7⌉, 2)   + ⌈jobs / 100⌉

    since a call answers 7 days (a day less over a night that is an hour longer), a job takes two
    requests whatever its length, and one look may see all that X works on at once. Where both take
    two, calls are made; those are 250 in 15 minutes, and jobs instead if they would be more.
    What is asked by segment is always a job's.
    """
    asked = list(_questions(active, slots, subjects))
    cut = {question: tuple(_called(question, slots)) for question in asked}
    at_most = _OF_JOB
    if sum(len(calls) for calls in cut.values() if len(calls) <= at_most) > CALLS_A_WINDOW:
        at_most -= 1
    jobs = tuple(
        question
        for question, calls in cut.items()
        if question.subject.segmentation or len(calls) > at_most
    )
    by_file = frozenset(jobs)
    calls = (call for question in asked if question not in by_file for call in cut[question])
    return Plan(calls=tuple(calls), jobs=jobs)


def _questions(
    active: Iterable[Active], slots: Slots, subjects: Sequence[Subject]
) -> Iterator[Question]:
    """The questions, those about the same ids close together."""
    by_entity: dict[str, list[Active]] = {}
    for one in active:
        by_entity.setdefault(one.entity, []).append(one)
    for every in by_entity.values():
        every.sort(key=lambda one: (one.first, one.last, one.id))
        rank = {one.id: number for number, one in enumerate(every)}
        chunks = sorted(_chunks(every), key=lambda chunk: rank[chunk[1][-1].id])
        for placement, chunk in chunks:
            for subject in subjects:
                yield Question(
                    subject=subject, entity=chunk[0].entity, ids=tuple(one.id for one in chunk),
                    placement=placement, first=min(one.first for one in chunk),
                    last=min(max(one.last for one in chunk), len(slots)),
                )  # fmt: skip


def _chunks(every: Sequence[Active]) -> Iterator[tuple[str, Sequence[Active]]]:
    for placement in sorted({placement for one in every for placement in one.placements}):
        there = [one for one in every if placement in one.placements]
        for start in range(0, len(there), MOST_IDS):
            yield placement, there[start : start + MOST_IDS]


def _called(question: Question, slots: Slots) -> Iterator[Question]:
    for first, last in pieces(slots, question.first, question.last):
        yield replace(question, first=first, last=last)


def halves(question: Question) -> tuple[Question, ...]:
    """A question in two, by ids or else by time; empty for one that is as small as can be."""
    middle = len(question.ids) // 2
    if middle:
        parts = (question.ids[:middle], question.ids[middle:])
        return tuple(replace(question, ids=ids) for ids in parts)
    middle = (question.first + question.last) // 2
    if middle > question.first:
        return (replace(question, last=middle), replace(question, first=middle))
    return ()


def query_of(question: Question, slots: Slots) -> dict[str, str]:
    """The parameters of a question; the end is exclusive."""
    subject = question.subject
    segmented = {"segmentation_type": subject.segmentation} if subject.segmentation else {}
    return {
        "entity": question.entity,
        "entity_ids": ",".join(question.ids),
        "start_time": said(slots.starts[question.first]),
        "end_time": said(slots.starts[question.last]),
        "granularity": slots.granularity,
        "placement": question.placement,
        "metric_groups": subject.groups,
        **segmented,
    }


def told(question: Question, slots: Slots) -> str:
    """What a question is about, for people."""
    first, *others = question.ids
    more = f" and {len(others)} others" if others else ""
    begin, end = (said(slots.starts[at]) for at in (question.first, question.last))
    return (
        f"{question.subject.groups} of {question.entity} {first}{more} on {question.placement} from"
        f" {begin} to {end}"
    )
