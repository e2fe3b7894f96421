"""The warehouse as ad metrics are written to it and read from it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from connector.api.projects import WAREHOUSE_SECONDS, Edges, warehouse
from connector.errors import ConfigurationError, StoppedError
from connector.metrics.database import Database
from connector.metrics.rates import Source, table_source
from connector.metrics.warehouse import open_warehouse
from connector.project import Project
from connector.source import Selection
from connector.source.waiting import Patience

_RATES_AT_ONCE = 10_000
_RATES_KEY = "metrics.exchange_rates"


@contextmanager
def metrics_warehouse(
    project: Project, edges: Edges, *, writing: bool = False
) -> Iterator[Database]:
    """The warehouse, for as long as the block lasts.

    Raises:
        ConfigurationError: it is of a kind that takes no metrics, or its account is refused.
        UnreachableError: it is held by somebody else, or out of reach.
        StoppedError: the user wants an end while it is waited for.
    """
    url = project.config.warehouse.url.get_secret_value()
    patience = Patience(
        deadline_seconds=WAREHOUSE_SECONDS, sleep=_pausing(edges), monotonic=edges.monotonic
    )
    with open_warehouse(url, root=project.root, patience=patience, writing=writing) as database:
        yield database


def _pausing(edges: Edges) -> Callable[[float], None]:
    def pause(seconds: float) -> None:
        edges.pause(seconds)
        if edges.stopping():
            raise StoppedError("stopped by the user while waiting for the warehouse")

    return pause


def rates_of_table(project: Project, table: str, *, since: date, edges: Edges) -> Source:
    """The exchange rates of a table of the warehouse, from some weeks before `since` on.

    Raises:
        ConnectorError: there is no such table, it holds something else, or is out of reach.
    """
    try:
        with warehouse(project, edges) as source:
            batches = source.batches(Selection(table=table), rows=_RATES_AT_ONCE)
            return table_source(table, batches, since=since)
    except ConfigurationError as error:
        text = str(error)
        named = text if _RATES_KEY in text else f"{_RATES_KEY}: {text}"
        raise ConfigurationError(named) from None
