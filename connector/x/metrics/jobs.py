"""X's jobs: made as many at once as it lets, looked after while it works, and their files fetched.

Nothing is dropped: a job that fails is made once more, then in halves, and what cannot be had is an
error that names it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from connector.errors import ConfigurationError, UnreachableError
from connector.x.metrics.answers import Part
from connector.x.metrics.asking import Asking, Json
from connector.x.metrics.creating import JOBS, TooManyJobsError, job_id, made
from connector.x.metrics.files import FileError, fetched
from connector.x.metrics.questions import EVERYWHERE, MOST_JOBS, Question, halves, told
from connector.x.metrics.slots import Slots

PATIENCE_SECONDS = 3600.0
"""How long nothing may come of any job."""
PAUSES = (5.0, 10.0, 15.0, 20.0, 30.0)
"""Before each look; the last one again and again. Beginning anew with new jobs."""
_FREE = MOST_JOBS // 4  # as many places as must be free before more are made
_LOOKS = 10  # at a job that is done and has no file, or that no answer names
_TRIES = 2
_SPARE = 10
_ENDED = frozenset({"FAILED", "CANCELLED"})

Answer = tuple[Question, Sequence[Part]]


@dataclass(kw_only=True)
class Try:
    """A question on its way: as which job, how often one failed, and how often none was seen."""

    question: Question
    failures: int = 0
    job: str = ""
    unseen: int = 0


@dataclass(kw_only=True, repr=False)
class Jobs:
    """Questions that X answers by files.

    Attributes:
        refused: placements that X does not answer for.
        passed: questions about these.
        failed: how many jobs gave nothing, of `most_failed` that may.
        progress_at: when there was the last news of any.
    """

    asking: Asking
    slots: Slots
    refused: set[str]
    waiting: deque[Try]
    most_failed: int
    flying: dict[str, Try] = field(default_factory=dict)
    passed: list[Question] = field(default_factory=list)
    failed: int = 0
    progress_at: float = 0.0

    def answers(self) -> Iterator[Answer]:
        """The answers as they come.

        Raises:
            ConnectorError: X does not give one.
        """
        self.progress_at, pauses = self.asking.line.now(), iter(PAUSES)
        while self.waiting or self.flying:
            if len(self.flying) <= MOST_JOBS - _FREE and self._create():
                pauses = iter(PAUSES)
            while self.passed:
                yield self.passed.pop(), ()
            if self.waiting or self.flying:
                self._refuse_to_wait_for_ever()
                self.asking.line.pause(next(pauses, PAUSES[-1]))
            for row in self._look():
                yield from self._settled(row)

    def _create(self) -> bool:
        """Make jobs until X, or nobody, wants more; whether there is a new one."""
        before, left = len(self.flying), None
        while self.waiting and len(self.flying) < MOST_JOBS and left != 0:
            question = self.waiting[0].question
            if question.placement in self.refused:
                self.passed.append(self.waiting.popleft().question)
                continue
            try:
                job = made(self.asking, question, self.slots, known=self.flying.keys())
            except TooManyJobsError:
                break
            except ConfigurationError:
                if question.placement == EVERYWHERE:
                    raise
                self.refused.add(question.placement)
            else:
                self._begun(job.id)
                left = job.left
        return len(self.flying) > before

    def _begun(self, job: str) -> None:
        one = self.flying[job] = self.waiting.popleft()
        one.job, one.unseen = job, 0
        self.progress_at = self.asking.line.now()

    def _refuse_to_wait_for_ever(self) -> None:
        if self.asking.line.now() < self.progress_at + PATIENCE_SECONDS:
            return
        status = "200 PROCESSING" if self.flying else "400 TOO_MANY_JOBS"
        self._give_up(status, f"nothing came of any job for {PATIENCE_SECONDS:,.0f} s")

    def _look(self) -> list[Json]:
        """What X says of the jobs that are on their way; none when there is none."""
        if not self.flying:
            return []
        query = {"job_ids": ",".join(self.flying), "count": str(MOST_JOBS)}
        rows = {job_id(row): row for row in self.asking.rows(JOBS, query)}
        return [{**rows.get(job, {}), "id_str": job} for job in list(self.flying)]

    def _settled(self, row: Json) -> Iterator[Answer]:
        one, status = self.flying[row["id_str"]], row.get("status")
        if status in _ENDED:
            self._again(one, str(status))
        elif status == "SUCCESS" and row.get("url"):
            try:
                parts = fetched(self.asking, str(row["url"]), one.question, self.slots)
            except FileError as error:
                self._again(one, str(error))
            else:
                self._ended(one)
                yield one.question, parts
        elif status in {"SUCCESS", None}:
            one.unseen += 1
            if one.unseen == _LOOKS:
                self._again(one, "it has no file" if status else "X does not know it")

    def _again(self, one: Try, why: str) -> None:
        """Make a job that failed once more, then in halves."""
        self._ended(one)
        one.failures += 1
        self.failed += 1
        parts = (one.question,) if one.failures < _TRIES else halves(one.question)
        if not parts or self.failed > self.most_failed:
            self.waiting.appendleft(one)
            self._give_up("200 FAILED", f"a job failed again and again ({why})")
        failures = one.failures % _TRIES
        self.waiting.extend(Try(question=part, failures=failures) for part in parts)

    def _ended(self, one: Try) -> None:
        del self.flying[one.job]
        self.progress_at = self.asking.line.now()

    def _give_up(self, status: str, why: str) -> NoReturn:
        missing = [one.question for one in (*self.waiting, *self.flying.values())]
        more = f" and those of {len(missing) - 1} questions more" if len(missing) > 1 else ""
        raise UnreachableError(
            f"X Ads GET {JOBS}: {status}: {why}; {told(missing[0], self.slots)}{more} are missing,"
            " so nothing is imported; try again later"
        )


def answered_by_files(
    asking: Asking, questions: Sequence[Question], slots: Slots, *, refused: set[str]
) -> Iterator[Answer]:
    """The answers to questions as they come; of a question in parts, each part.

    Args:
        asking: whom to ask.
        questions: what is asked.
        slots: the time they are about.
        refused: placements that X does not answer for, whose questions have no answer.

    Raises:
        ConnectorError: X does not give one; of the kind of who must act.
    """
    jobs = Jobs(
        asking=asking, slots=slots, refused=refused, most_failed=len(questions) + _SPARE,
        waiting=deque(Try(question=question) for question in questions),
    )  # fmt: skip
    return jobs.answers()
