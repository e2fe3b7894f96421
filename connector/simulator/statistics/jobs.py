"""Questions that are answered by a file later on, and what becomes of them."""

from dataclasses import dataclass, field

from connector.simulator.statistics.answering import repeated
from connector.simulator.statistics.questions import Question, told_time

QUEUED, PROCESSING = "QUEUED", "PROCESSING"
SUCCESS, FAILED, CANCELLED = "SUCCESS", "FAILED", "CANCELLED"
UNDER_WAY = frozenset({QUEUED, PROCESSING})

KEPT_SECONDS = 48 * 3600

# A job is done when it was asked about so often, or when its time has come.
_LOOKS = 2

# Ids are far above what a double holds exactly, and odd.
_FIRST_ID, _ID_STEP = 1_833_344_455_566_677_789, 1_000_000_000_038
_FAILING = 3  # each so many-th fails where jobs fail


@dataclass(kw_only=True, eq=False)
class Job:
    """A question to be answered by a file; moments in epoch seconds.

    Attributes:
        ended: when it was done or given up.
        looks: how often it was asked about.
        fetches: how often its file was asked for.
    """

    id: int
    account_id: str
    question: Question
    created: float
    status: str
    fails: bool = False
    ended: float | None = None
    looks: int = 0
    fetches: int = 0

    @property
    def is_new(self) -> bool:
        """Whether nobody asked about it yet since it was done."""
        return self.looks <= _LOOKS

    @property
    def expires(self) -> float | None:
        """When its file goes, if it has one."""
        if self.status != SUCCESS or self.ended is None:
            return None
        return self.ended + KEPT_SECONDS

    def end(self, status: str, now: float) -> None:
        """Note what became of it, unless that is settled."""
        if self.status in UNDER_WAY:
            self.status, self.ended = status, now


@dataclass(kw_only=True, repr=False)
class Jobs:
    """The jobs of all accounts, in the order they were made.

    Attributes:
        seconds: how long each takes unless it is asked about before.
        some_fail: every third one fails.
        with_credentials: downloads that came with credentials, which none needs.
    """

    seconds: float = 2.0
    some_fail: bool = False
    by_id: dict[int, Job] = field(default_factory=dict)
    downloads: int = 0
    with_credentials: int = 0

    def add(self, account_id: str, question: Question, *, now: float) -> Job:
        """A new job."""
        number = len(self.by_id)
        job = Job(
            id=_FIRST_ID + number * _ID_STEP,
            account_id=account_id,
            question=question,
            created=now,
            status=QUEUED if number % 2 else PROCESSING,
            fails=self.some_fail and number % _FAILING == 0,
        )
        self.by_id[job.id] = job
        return job

    def of(self, account_id: str, *, now: float) -> list[Job]:
        """The jobs of an account, the newest first, each as it is now."""
        mine = [
            self._settled(job, now) for job in self.by_id.values() if job.account_id == account_id
        ]
        return mine[::-1]

    def looked_at(self, job: Job, *, now: float) -> Job:
        """The job once somebody asked about it."""
        job.looks += 1
        if job.status == QUEUED:
            job.status = PROCESSING
        if job.looks >= _LOOKS:
            job.end(_end_of(job), now)
        return job

    def under_way(self, account_id: str, *, now: float) -> int:
        """How many of an account's jobs are not done."""
        return sum(job.status in UNDER_WAY for job in self.of(account_id, now=now))

    def file(self, job_id: int, *, now: float) -> Job | None:
        """The job whose file is asked for, None where there is no file, or no longer."""
        job = self.by_id.get(job_id)
        if job is None:
            return None
        expires = self._settled(job, now).expires
        if expires is None or now >= expires:
            return None
        job.fetches += 1
        return job

    def _settled(self, job: Job, now: float) -> Job:
        done = job.created + self.seconds
        if now >= done:
            job.end(_end_of(job), done)
        return job


def row_of(job: Job, *, url: str | None) -> dict[str, object]:
    """The job as X tells it; the file's address once there is one."""
    return {
        **repeated(job.question),
        "url": url,
        "id_str": str(job.id),
        "id": job.id,
        "expires_at": None if job.expires is None else told_time(job.expires),
        "account_id": job.account_id,
        "status": job.status,
        "created_at": told_time(job.created),
        "updated_at": told_time(job.created if job.ended is None else job.ended),
    }


def _end_of(job: Job) -> str:
    return FAILED if job.fails else SUCCESS
