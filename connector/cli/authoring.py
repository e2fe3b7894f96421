"""The commands for whoever writes a mapping: check, compile, schema, preview, test."""

from typing import Annotated, Literal

import typer

from connector.cli.sync import Names
from connector.cli.terminal import Reporter, Terminal
from connector.errors import Exit, worst

One = Annotated[str, typer.Argument(metavar="MAPPING", show_default=False)]


def check(
    terminal: Terminal,
    mappings: Names = None,
    online: Annotated[
        bool, typer.Option("--online", help="Ask the platforms, too: credentials, role, events.")
    ] = False,
) -> Exit:
    """Hold config and mappings against each other and the warehouse."""
    from connector import api

    project = api.load(terminal.config)
    found = api.check(project, mappings or (), api.Edges())
    beside = api.state_remarks(project)
    edges = api.Edges(progress=Reporter(terminal=terminal))
    asked = api.check_online(project, mappings or (), edges) if online else []
    fit = Exit.CONFIGURATION if any(problems for problems, _ in found.values()) else Exit.DONE
    code = worst([fit, *(finding.code for finding in asked)])
    if terminal.json:
        listed = [
            {"mapping": name, "problems": [str(p) for p in problems], "remarks": remarks}
            for name, (problems, remarks) in found.items()
        ]
        told = {"online": [finding.document() for finding in asked]} if online else {}
        terminal.document({"mappings": listed, "remarks": beside, **told})
        return code
    for name, (problems, remarks) in found.items():
        connection = api.connection_of(project, project.mappings[name])
        live = "live" if connection.live else "not live: nothing is sent"
        fits = f"fits, to {connection.target} ({live})"
        many = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        terminal.line(f"{name}: {many if problems else fits}")
        for problem in problems:
            terminal.line(f"  {problem}")
        for remark in remarks:
            terminal.remark(remark)
    if not found:
        terminal.line(f"{project.path.name} is right; there is no mapping yet")
    for remark in beside:
        terminal.remark(remark)
    for finding in asked:
        where = (
            f"{finding.connection}, {finding.mapping}" if finding.mapping else finding.connection
        )
        terminal.line(f"{finding.outcome:8}{where}: {finding.subject}: {finding.text}")
    return code


def compile_mapping(terminal: Terminal, mapping: One) -> None:
    """Print the SQL that a mapping becomes."""
    from connector import api

    sql = api.statement(api.load(terminal.config), mapping, api.Edges())
    if terminal.json:
        terminal.document({"mapping": mapping, "sql": sql})
    else:
        terminal.line(sql)


def run_tests(terminal: Terminal, mappings: Names = None) -> Exit:
    """Run the tests that mappings carry."""
    from connector import api

    failed, results = 0, []
    for mapping, checked, without in api.run_tests(
        api.load(terminal.config), mappings or (), api.Edges()
    ):
        if without and checked:
            terminal.warn(f"{mapping.name}: tested without the warehouse's types: {without}")
        for one in checked:
            failed += bool(one.difference)
            results.append({"mapping": mapping.name, "test": one.name, "failed": one.difference})
            if not terminal.json:
                terminal.line(
                    f"{'FAILED' if one.difference else 'passed'}  {mapping.name}: {one.name}"
                )
                if one.difference:
                    terminal.remark(one.difference)
    if terminal.json:
        terminal.document({"tests": results})
    else:
        terminal.line(f"{len(results) - failed} passed, {failed} failed")
    return Exit.CONFIGURATION if failed else Exit.DONE


def schema(
    terminal: Terminal,
    of: Annotated[
        Literal["mapping", "campaigns", "experiment"],
        typer.Argument(metavar="[mapping|campaigns|experiment]"),
    ] = "mapping",
) -> None:
    """Print the JSON Schema of a mapping, or of another kind of file, for editors."""
    from connector.campaigns.file import campaigns_schema
    from connector.experiments.schema import experiment_schema
    from connector.project.schema import mapping_schema

    made = {
        "mapping": mapping_schema, "campaigns": campaigns_schema, "experiment": experiment_schema,
    }  # fmt: skip
    terminal.document(made[of]())


def preview(
    terminal: Terminal,
    mapping: One,
    rows: Annotated[int, typer.Option("-n", min=1, help="How many rows.")] = 5,
) -> None:
    """Show what would become of the first rows, as JSON lines."""
    from connector import api

    for row in api.preview(api.load(terminal.config), mapping, rows, api.Edges()):
        terminal.document(row)
