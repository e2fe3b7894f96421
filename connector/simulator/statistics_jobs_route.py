"""`stats/jobs/accounts/…`: numbers by a file; the file itself needs no credentials."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import replace

from starlette.requests import Request
from starlette.routing import Route

from connector.simulator import parameters
from connector.simulator.ads_calls import AdsCall, Operation, ads_routes, answered, refused
from connector.simulator.endpoint import Endpoint
from connector.simulator.envelope import GZIP, HTML, Answer, error
from connector.simulator.limits import LIMITS
from connector.simulator.misfortunes import MISFORTUNES
from connector.simulator.simulation import Simulation
from connector.simulator.statistics.answering import answer_to
from connector.simulator.statistics.jobs import CANCELLED, SUCCESS, Job, row_of
from connector.simulator.statistics.questions import KINDS
from connector.simulator.statistics.series import View
from connector.simulator.statistics_route import asked, books
from connector.simulator.world import METRICS_ROLES

FILES = "/advertiser-api-async-analytics"

_NUMBER = re.compile(r"[0-9]{1,19}", re.ASCII)
_FILE = re.compile(r"stats_job_([0-9]{1,19})\.json\.gz", re.ASCII)

# Fast rather than small: a file is made for each download, and stays on this machine.
_GZIP_LEVEL = 1

# What a file that is late answers at first.
_LATE = (404, 426)
_NO_FILE = "<!doctype html><title>{status}</title><h1>There is no such file</h1>"


def routes(simulation: Simulation) -> list[Route]:
    """The calls about jobs, and the files where another host has them at X."""
    files = Endpoint(simulation=simulation, process=_file, misfortunes=MISFORTUNES)
    return [
        *ads_routes(simulation, _OPERATIONS),
        Route(f"{FILES}/{{name}}", files, methods=["GET"]),
    ]


def _made(call: AdsCall) -> Answer:
    question, of_account = asked(call, is_job=True)
    simulation, account_id = call.simulation, of_account.account.id
    now, most = simulation.clock(), simulation.settings.limits.get("jobs", LIMITS["jobs"].calls)
    left = most - simulation.jobs.under_way(account_id, now=now)
    if most and left <= 0:
        message = f"A maximum of {most} jobs can be in processing state"
        entry, headers = error("TOO_MANY_JOBS", message), {**call.headers, **_slots(most, 0)}
        raise refused(400, [entry], account=call.account, headers=headers)
    job = simulation.jobs.add(account_id, question, now=now)
    answer = answered(replace(call, params=_as_sent(call)), row_of(job, url=None))
    headers = {**call.headers, **(_slots(most, left - 1) if most else {})}
    return replace(answer, headers=headers)


def _asked_about(call: AdsCall) -> Answer:
    simulation, now = call.simulation, call.simulation.clock()
    wanted, cursor = call.params.get("job_ids"), call.params.get("cursor")
    jobs = [
        job
        for job in simulation.jobs.of(call.account.id if call.account else "", now=now)
        if (not isinstance(wanted, list) or job.id in wanted)
        and (not isinstance(cursor, str) or job.id < int(cursor))
    ]
    count = call.params.get("count")
    page = jobs[: count if isinstance(count, int) else parameters.DEFAULT_COUNT]
    rows = [_row(call, simulation.jobs.looked_at(job, now=now)) for job in page]
    # set on the last page as well, and the next one is empty: so X was seen to do
    after = str(page[-1].id) if page else None
    return answered(call, rows, {"next_cursor": after})


def _given_up(call: AdsCall) -> Answer:
    jobs, now = call.simulation.jobs, call.simulation.clock()
    number = call.path["job_id"]
    mine = {str(job.id): job for job in jobs.of(call.account.id if call.account else "", now=now)}
    if number not in mine:
        entry = error("NOT_FOUND", f"Job {number} was not found")
        raise refused(404, [entry], account=call.account, headers=call.headers)
    mine[number].end(CANCELLED, now)
    return answered(call, _row(call, mine[number]))


def _file(simulation: Simulation, request: Request, _: bytes) -> Answer:
    """The file of a job. Credentials that come along are no use here, and are counted."""
    jobs, now = simulation.jobs, simulation.clock()
    jobs.with_credentials += "authorization" in request.headers
    name = _FILE.fullmatch(request.path_params["name"])
    job = jobs.file(int(name[1]), now=now) if name else None
    if job is None or job.ended is None:
        return _no_file(404)
    if "files_late" in simulation.settings.modes and job.fetches <= len(_LATE):
        return _no_file(_LATE[job.fetches - 1])
    jobs.downloads += 1
    account = simulation.world.accounts[job.account_id]
    seen = View(seed=simulation.settings.seed, now=job.ended)
    body = answer_to(job.question, books(simulation, account), seen)
    text = json.dumps(body, separators=(",", ":")).encode()
    return Answer(status=200, text=gzip.compress(text, _GZIP_LEVEL, mtime=0), media_type=GZIP)


def _no_file(status: int) -> Answer:
    return Answer(status=status, text=_NO_FILE.format(status=status), media_type=HTML)


def _row(call: AdsCall, job: Job) -> dict[str, object]:
    url = f"{call.origin}{FILES}/stats_job_{job.id}.json.gz" if job.status == SUCCESS else None
    if "files_late" in call.simulation.settings.modes and job.is_new:
        url = None
    return row_of(job, url=url)


def _as_sent(call: AdsCall) -> Mapping[str, object]:
    """What a call says, repeated word for word but for lists."""
    lists = {name: str(call.params[name]).split(",") for name in ("entity_ids", "metric_groups")}
    return {**call.params, **lists}


def _slots(most: int, left: int) -> Mapping[str, str]:
    return {"x-concurrent-job-limit": str(most), "x-concurrent-job-limit-remaining": str(left)}


def _job_ids(text: str) -> list[int]:
    found = text.split(",")
    if len(found) > parameters.MAX_IDS:
        raise ValueError(f"at most {parameters.MAX_IDS} ids")
    if not all(_NUMBER.fullmatch(one) for one in found):
        raise ValueError("ids of jobs")
    return [int(one) for one in found]


def _cursor(text: str) -> str:
    if not _NUMBER.fullmatch(text):
        raise ValueError("a cursor of an earlier answer")
    return text


_PATH = "/stats/jobs/accounts/{account_id}"

_OPERATIONS = (
    Operation(
        path=_PATH,
        answer=_made,
        method="POST",
        group="writes",
        kinds=KINDS,
        roles=METRICS_ROLES,
    ),
    Operation(
        path=_PATH,
        answer=_asked_about,
        kinds={"job_ids": _job_ids, "count": parameters.count, "cursor": _cursor},
        roles=METRICS_ROLES,
    ),
    Operation(
        path=f"{_PATH}/{{job_id}}",
        answer=_given_up,
        method="DELETE",
        group="writes",
        roles=METRICS_ROLES,
    ),
)
