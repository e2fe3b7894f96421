"""The alarm before sending: a run's figures against those its mapping's earlier runs left."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connector.conversions import anomalies
from connector.conversions.anomalies import Figures
from connector.conversions.gates import Stop
from connector.conversions.tally import Tally
from connector.conversions.world import Job, Options, World, milliseconds
from connector.state import runs


def is_ordinary(options: Options) -> bool:
    """Whether a run takes what is new, as every day: others are unusual by intention."""
    asked = replace(options, dry_run=False, deadline=None, accept_anomalies=False)
    return asked == Options()


def raised(job: Job, world: World, *, began: datetime, planned: Callable[[], Tally]) -> list[str]:
    """What is unusual about a run; `planned` counts what it would send, if that is needed."""
    if job.mapping.limits.anomaly == "off" or not is_ordinary(job.options):
        return []
    kept = runs.summaries(
        world.database, target=job.target, mapping=job.mapping.name,
        since=milliseconds(began - timedelta(days=anomalies.LAST_DAYS)),
        limit=anomalies.LAST_RUNS,
    )  # fmt: skip
    past = anomalies.past(kept, now=milliseconds(began))
    if len(past.before) < anomalies.FEWEST_RUNS:
        return []
    tally = planned()
    now = Figures(
        at=milliseconds(began), waited=past.waited, interval=past.interval,
        rows=tally.rows_sent, value=tally.planned_value, identifiers=tally.identifiers,
    )  # fmt: skip
    return anomalies.unusual(now, past.before)


def tell(job: Job, world: World, tally: Tally, sentences: list[str]) -> Stop | None:
    """Say what is unusual; the stop, where the mapping asks for one and nobody has accepted it."""
    name = job.mapping.name
    if job.options.accept_anomalies:
        tally.warnings += [f"accepted as usual: {sentence}" for sentence in sentences]
        return None
    tally.anomalies += sentences
    for sentence in sentences:
        world.progress.warn(f"{name}: {sentence}")
    if not sentences or job.mapping.limits.anomaly != "stop":
        return None
    return Stop(
        reason=anomalies.REASON,
        message=f"{name} is stopped before sending, its new rows are unlike those of its last runs;"
        f" look at them with `connector preview {name}`, then"
        f" `connector sync {name} --accept-anomalies` sends them",
    )


def with_figures(summary: Mapping[str, Any], job: Job, tally: Tally) -> dict[str, Any]:
    """The summary as the state keeps it: what later runs are compared with stands in it too."""
    if not is_ordinary(job.options):
        return dict(summary)
    return {**summary, "figures": {"rows": tally.rows_sent}}
