"""Whether X counts a conversion once that it receives twice: a test with a made-up one."""

from datetime import datetime
from uuid import uuid4

from connector.api.projects import Edges, connection_of, state_place
from connector.api.syncing import job_of, world_of
from connector.conversions import probe
from connector.conversions.probe import Probe, Verified
from connector.conversions.world import Options
from connector.errors import ConfigurationError
from connector.project import Mapping, Project
from connector.project.expressions import Expression
from connector.state import database


def dedup_probe(
    mapping: Mapping, *, pixel_id: str | None, event_id: str | None, now: datetime
) -> Probe:
    """A made-up conversion for the pixel and event of a mapping, or for the given ones.

    Raises:
        ConfigurationError: the mapping takes one of them from the rows, and none was given.
    """
    ids = mapping.destination
    pixel = pixel_id or _constant(ids.pixel_id, "pixel_id")
    event = event_id or _constant(ids.event_id, "event_id")
    found = probe.destination(pixel, event)
    if found is None:
        raise ConfigurationError(
            f"pixel {pixel!r} and event {event!r} are none: lower-case letters and digits, such as"
            " o8z6j and o87ne or tw-o8z6j-o87ne"
        )
    return probe.made_up(*found, now=now, mark=uuid4().hex[:6])


def _constant(expression: Expression, name: str) -> str:
    if expression.kind != "value":
        option = name.replace("_", "-")
        raise ConfigurationError(
            f"the mapping takes {name} from each row: say which one with --{option}"
        )
    return expression.text


def verify_dedup(project: Project, mapping: Mapping, test: Probe, edges: Edges) -> Verified:
    """Send a probe twice; what X answered, and what the ledger keeps of it.

    Raises:
        ConfigurationError: there is no state, or the connection is not live.
        AlreadyRunningError: a sync of the mapping is running.
        UnreachableError: the state is out of reach.
    """
    if not connection_of(project, mapping).live:
        raise ConfigurationError(f"connection {mapping.destination.connection} is not live")
    with database.opened(state_place(project)) as state:
        job = job_of(project, mapping, Options(), run_id=test.conversion_id)
        with world_of(project, job, state, edges, wait=False) as world:
            return probe.send_twice(job, world, test)
