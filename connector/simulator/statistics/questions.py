"""What is asked of X's analytics: parameters checked, times put into epoch seconds.

Pure: the texts of a request in, a question or X's errors out. Wordings are X's where they were
seen; the others follow its general form `Expected …, got "…" for …`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from connector.simulator.envelope import Error, error
from connector.simulator.parameters import Kind, any_text, ids, invalid
from connector.simulator.statistics import metrics
from connector.simulator.statistics.hours import HOUR_SECONDS, day_start

MAX_IDS = 20
DAY_SECONDS = 24 * HOUR_SECONDS
MAX_DAYS, MAX_JOB_DAYS, MAX_SEGMENTED_DAYS = 7, 90, 45

NOT_MIDNIGHT = "Expect time to be midnight in the account's local timezone for day granularity"

_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}(?::\d{2}(?::\d{2}(?:\.\d{3})?)?)?)(Z|[+-]\d{2}(?::?\d{2})?)",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

NAMES = (
    "entity", "entity_ids", "start_time", "end_time", "granularity", "placement", "metric_groups",
    "segmentation_type", "country", "platform",
)  # fmt: skip
_REQUIRED = NAMES[:7]

# Every parameter as it came, so that a question can say what is wrong with it.
KINDS: Mapping[str, Kind] = dict.fromkeys(NAMES, any_text)

Params = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a question is read by.

    Attributes:
        zone: the account's; the one whose midnights DAY has to meet.
        is_job: whether it is asked for a file, which may be longer and segmented.
        placements: those that may be asked.
    """

    zone: tzinfo
    is_job: bool = False
    placements: Sequence[str] = metrics.PLACEMENTS


@dataclass(frozen=True, kw_only=True)
class Question:
    """A sound question; times in epoch seconds, the end exclusive, days those of `zone`."""

    entity: str
    entity_ids: tuple[str, ...]
    start: int
    end: int
    granularity: str
    placement: str
    groups: tuple[str, ...]
    zone: tzinfo
    segmentation: str | None = None
    country: str | None = None
    platform: str | None = None


@dataclass(frozen=True, kw_only=True)
class Window:
    """A span of whole hours in epoch seconds, the end exclusive."""

    start: int
    end: int


def question(params: Params, terms: Terms) -> tuple[Question | None, list[Error]]:
    """The question that the parameters ask, or all that is wrong with them."""
    texts = {name: str(value) for name, value in params.items() if name in KINDS}
    errors = list(missing(texts, _REQUIRED))
    if errors:
        return None, errors
    for name, allowed in _enums(terms).items():
        if name in texts and texts[name] not in allowed:
            errors.append(invalid(f"one of {', '.join(allowed)}", texts[name], name))
    entity_ids = _listed(texts, "entity_ids", ids, errors)
    if len(entity_ids) > MAX_IDS:
        errors.append(invalid(f"at most {MAX_IDS} ids", texts["entity_ids"], "entity_ids"))
    groups = _listed(texts, "metric_groups", _groups_of(texts["entity"]), errors)
    errors += _segment_errors(texts, groups, terms)
    longest = _longest(texts, terms)
    window, found = read_window(texts, zone=terms.zone, days=longest)
    errors += found
    if window and texts["granularity"] == "DAY":
        errors += _misaligned(window, terms.zone)
    if errors or window is None:
        return None, errors
    return (
        Question(
            entity=texts["entity"],
            entity_ids=tuple(entity_ids),
            start=window.start,
            end=window.end,
            granularity=texts["granularity"],
            placement=texts["placement"],
            groups=tuple(groups),
            zone=terms.zone,
            segmentation=texts.get("segmentation_type"),
            country=texts.get("country"),
            platform=texts.get("platform"),
        ),
        [],
    )


def missing(params: Params, names: Iterable[str]) -> Iterable[Error]:
    """The errors for required parameters that are absent or empty."""
    return [
        error("MISSING_PARAMETER", f"{name} is required", name)
        for name in names
        if params.get(name) in (None, "")
    ]


def read_window(params: Params, *, zone: tzinfo, days: int) -> tuple[Window | None, list[Error]]:
    """The span from `start_time` to `end_time`, at most so many days long, or what is wrong.

    A bare date is the midnight of the account's zone.
    """
    errors: list[Error] = []
    moments = []
    for name in ("start_time", "end_time"):
        text = str(params.get(name, ""))
        try:
            moment = _moment(text, zone)
        except ValueError:
            errors.append({**invalid("time", text, name), "details": "invalid date"})
            continue
        if not _is_whole_hour(moment, zone):
            errors.append({**invalid("time", text, name), "details": "fractional hours"})
        moments.append(moment)
    if errors:
        return None, errors
    start, end = map(int, moments)
    if end <= start:
        return None, [_window_error("The end_time must be after the start_time")]
    if end - start > days * DAY_SECONDS:
        message = f"The end_time can be a maximum of {days}.days after the start_time"
        return None, [_window_error(message)]
    return Window(start=start, end=end), []


def told_time(moment: float) -> str:
    """A moment as X tells it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _enums(terms: Terms) -> dict[str, Sequence[str]]:
    return {
        "entity": tuple(metrics.ENTITIES),
        "granularity": metrics.GRANULARITIES,
        "placement": terms.placements,
    }


def _listed(
    texts: Mapping[str, str], name: str, kind: Callable[[str], list[str]], errors: list[Error]
) -> list[str]:
    try:
        return kind(texts[name])
    except ValueError as expected:
        errors.append(invalid(str(expected), texts[name], name))
        return []


def _groups_of(entity: str) -> Callable[[str], list[str]]:
    def groups(text: str) -> list[str]:
        found = text.split(",")
        allowed = metrics.ENTITIES.get(entity, tuple(metrics.GROUPS))
        if not set(found) <= set(allowed):
            raise ValueError(f"some of {', '.join(allowed)}")
        return found

    return groups


def _segment_errors(
    texts: Mapping[str, str], groups: Sequence[str], terms: Terms
) -> Iterable[Error]:
    name = "segmentation_type"
    asked = texts.get(name)
    if asked is None:
        return
    if not terms.is_job:
        yield error("INVALID_PARAMETER", f"{name} is not available here", name)
    elif asked == metrics.CONVERSION_TAGS:
        if set(groups) != {"WEB_CONVERSION"}:
            yield invalid("WEB_CONVERSION alone", texts["metric_groups"], "metric_groups")
    elif asked not in metrics.SEGMENTS:
        allowed = (*metrics.SEGMENTS, metrics.CONVERSION_TAGS)
        yield invalid(f"one of {', '.join(allowed)}", asked, name)
    elif asked == "METROS" and not texts.get("country"):
        yield error("MISSING_PARAMETER", "country is required", "country")


def _longest(texts: Mapping[str, str], terms: Terms) -> int:
    if not terms.is_job:
        return MAX_DAYS
    return MAX_SEGMENTED_DAYS if "segmentation_type" in texts else MAX_JOB_DAYS


def _misaligned(window: Window, zone: tzinfo) -> Iterable[Error]:
    """One error for each end that is not at a midnight."""
    return [
        _window_error(NOT_MIDNIGHT)
        for moment in (window.start, window.end)
        if moment != day_start(datetime.fromtimestamp(moment, zone).date(), zone)
    ]


def _window_error(message: str) -> Error:
    return error("INVALID_TIME_WINDOW", message, "")


def _moment(text: str, zone: tzinfo) -> float:
    parts = _TIME.fullmatch(text)
    if _DATE.fullmatch(text[:10]) is None or not "2000" <= text[:4] < "2100":
        raise ValueError(text)
    if parts is None:
        return day_start(date.fromisoformat(text), zone)
    return datetime.fromisoformat(f"{parts[1]}T{parts[2]}{parts[3]}").timestamp()


def _is_whole_hour(moment: float, zone: tzinfo) -> bool:
    """Whole by UTC, or by the account's clock where that is half an hour off."""
    offset = datetime.fromtimestamp(moment, zone).utcoffset()
    local = moment + (offset.total_seconds() if offset else 0)
    return moment % HOUR_SECONDS == 0 or local % HOUR_SECONDS == 0
