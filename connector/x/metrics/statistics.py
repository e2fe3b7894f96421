"""The answers to a plan, from calls at once and then from jobs, put together by whose they are."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from connector.errors import ConfigurationError, UnreachableError
from connector.x.metrics.answers import Part, parts_of
from connector.x.metrics.asking import Asking
from connector.x.metrics.jobs import Answer, answered_by_files
from connector.x.metrics.questions import EVERYWHERE, Plan, Question, query_of
from connector.x.metrics.slots import Series, Slots

CALL = "stats/accounts/:id"
Sums = dict[str, list[int | None]]


@dataclass(frozen=True, kw_only=True)
class Complete:
    """All that X tells of one of an entity: by our name of a number one for each slot."""

    entity: str
    id: str
    sums: Sums


def answers(asking: Asking, plan: Plan, slots: Slots, *, refused: set[str]) -> Iterator[Answer]:
    """The answers as they come, each question's once or in parts.

    Args:
        asking: whom to ask.
        plan: the questions.
        slots: the time they are about.
        refused: placements that X names and does not answer for; more of them are added.

    Raises:
        ConnectorError: X does not give one; of the kind of who must act.
    """
    for question in plan.calls:
        yield question, _called(asking, question, slots, refused)
    yield from answered_by_files(asking, plan.jobs, slots, refused=refused)


def _called(asking: Asking, question: Question, slots: Slots, refused: set[str]) -> Sequence[Part]:
    if question.placement in refused:
        return ()
    try:
        body = asking.get(CALL, query_of(question, slots))
    except ConfigurationError:
        if question.placement == EVERYWHERE:
            raise
        refused.add(question.placement)
        return ()
    try:
        return parts_of(body, question, slots)
    except ValueError as error:
        raise UnreachableError(
            f"X Ads GET {CALL}: 200 no code: the answer is not what X documents: {error}; try again"
            " later"
        ) from None


def completed(answers: Iterable[Answer], plan: Plan, slots: Slots) -> Iterator[Complete]:
    """Each one as soon as all answers about it are there, placements added up."""
    left = Counter[tuple[str, str]]()
    for question in (*plan.calls, *plan.jobs):
        for id_ in question.ids:
            left[question.entity, id_] += question.last - question.first
    held: dict[tuple[str, str], Sums] = {}
    for question, parts in answers:
        for part in parts:
            sums = held.setdefault((question.entity, part.id), {})
            for name, numbers in part.numbers.items():
                add(sums, name, numbers, first=question.first, size=len(slots))
        for id_ in question.ids:
            key = (question.entity, id_)
            left[key] -= question.last - question.first
            if not left[key]:
                yield Complete(entity=question.entity, id=id_, sums=held.pop(key, {}))


def add(sums: Sums, name: str, numbers: Series, *, first: int, size: int) -> None:
    """Add numbers to those of a name, from slot `first` on; None is added to nothing."""
    whole = sums.setdefault(name, [None] * size)
    for at, number in enumerate(numbers, first):
        if number is not None:
            whole[at] = number + (whole[at] or 0)
