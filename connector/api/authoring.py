"""What the author of a mapping asks for."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from connector.api.projects import Edges, named, warehouse
from connector.conversions import authoring, mapping_tests
from connector.conversions.hashing import Hashed, explain
from connector.conversions.mapping_tests import Checked
from connector.conversions.reading import selection
from connector.errors import ConnectorError, Problem
from connector.project import Mapping, Project


def check(project: Project, names: Sequence[str], edges: Edges) -> dict[str, list[Problem]]:
    """What of each mapping does not fit the warehouse, by mapping.

    Raises:
        ConfigurationError: there is no such mapping, or no such warehouse.
        UnreachableError: the warehouse cannot be read now.
    """
    mappings = [named(project, name) for name in names] or list(project.mappings.values())
    with warehouse(project, edges) as source:
        return {
            mapping.name: list(authoring.misfits(mapping, source, now=edges.now()))
            for mapping in mappings
        }


def explain_hash(kind: Literal["email", "phone"], value: str, region: str | None) -> Hashed:
    """How one value is normalised and hashed."""
    return explain(kind, value, region)


def run_tests(
    project: Project, names: Sequence[str], edges: Edges
) -> Iterator[tuple[Mapping, list[Checked], str | None]]:
    """Run the mappings' own tests: mapping, results, and why they ran without the warehouse.

    Without the warehouse's column types they go by those of the given values.

    Raises:
        ConfigurationError: there is no such mapping, or a test does not fit it.
    """
    for mapping in [named(project, name) for name in names] or project.mappings.values():
        schema, without = None, None
        try:
            with warehouse(project, edges) as source:
                schema = source.schema(selection(mapping))
        except ConnectorError as error:
            without = str(error)
        yield mapping, list(mapping_tests.run_tests(mapping, schema, now=edges.now())), without


def statement(project: Project, name: str, edges: Edges) -> str:
    """The SQL that a mapping is compiled to."""
    mapping = named(project, name)
    with warehouse(project, edges) as source:
        return authoring.statement(mapping, source, now=edges.now())


def preview(project: Project, name: str, rows: int, edges: Edges) -> Iterator[dict[str, Any]]:
    """What would become of the first rows of a mapping's source."""
    mapping = named(project, name)
    with warehouse(project, edges) as source:
        yield from authoring.preview(mapping, source, rows=rows, now=edges.now())
