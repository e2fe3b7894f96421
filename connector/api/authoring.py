"""What the author of a mapping asks for."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from connector.api.projects import Edges, Wanted, chosen, named, warehouse
from connector.conversions import authoring, mapping_tests
from connector.conversions.against import Comparison, compare
from connector.conversions.hashing import Hashed, explain
from connector.conversions.lint import lint
from connector.conversions.mapping_tests import Checked
from connector.conversions.reading import selection
from connector.errors import ConfigurationError, ConnectorError, Problem
from connector.project import Mapping, Project, earlier_mapping


def check(
    project: Project, names: Sequence[str], edges: Edges
) -> dict[str, tuple[list[Problem], list[str]]]:
    """What of each mapping does not fit the warehouse, and what fits and looks wrong, by mapping.

    Raises:
        ConfigurationError: there is no such mapping, or no such warehouse.
        UnreachableError: the warehouse cannot be read now.
    """
    mappings = [named(project, name) for name in names] or list(project.mappings.values())
    with warehouse(project, edges) as source:
        found = {}
        for mapping in mappings:
            problems = list(authoring.misfits(mapping, source, now=edges.now()))
            remarks = [] if problems else lint(mapping, source, now=edges.now())
            found[mapping.name] = (problems, remarks)
        return found


def plan_against(
    project: Project, wanted: Wanted, ref: str, edges: Edges
) -> Iterator[tuple[Mapping, Comparison | None]]:
    """How the payloads of each mapping differ from those of a git ref; None when it is new.

    Raises:
        ConfigurationError: there is no such ref, or a version does not fit the warehouse.
    """
    for mapping in chosen(project, wanted):
        path = Path(mapping.path).absolute()
        content = _at_ref(project.root, ref, path)
        if content is None:
            yield mapping, None
            continue
        before = earlier_mapping(
            content, path, read_sql=lambda file: _at_ref(project.root, ref, file) or b"",
            connections={n: one.platform for n, one in project.config.connections.items()},
        )  # fmt: skip
        with warehouse(project, edges) as source:
            yield mapping, compare(before, mapping, source, now=edges.now())


def _at_ref(root: Path, ref: str, path: Path) -> bytes | None:
    """A file as it stands at a git ref, None when it is not there."""
    git = ["git", "-C", str(root)]
    commit = [*git, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}"]
    try:
        known = subprocess.run(commit, capture_output=True, check=False)  # noqa: S603 - fixed words
    except OSError as error:
        raise ConfigurationError(f"--against needs git: {error.strerror}") from None
    if known.returncode:
        # Only of a ref that is not there it says nothing.
        said = known.stderr.decode(errors="replace").partition("\n")[0]
        told = f"git says '{said}'" if said else "git knows no such ref"
        raise ConfigurationError(f"--against {ref}: {told} in {root}")
    name = f"{known.stdout.decode().strip()}:./{os.path.relpath(path.resolve(), root.resolve())}"
    shown = subprocess.run([*git, "show", name], capture_output=True, check=False)  # noqa: S603
    return shown.stdout if shown.returncode == 0 else None


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
