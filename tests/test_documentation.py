"""Every command, key and reason that is documented exists, and the other way round."""

import re
from pathlib import Path

import pages
import pytest
from typer.main import get_command

from connector.cli.app import application
from connector.conversions import fields, reasons
from connector.errors import STATUS_OF_EXIT, Exit

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
GROUPS = "state|connections|metrics|campaigns|line-items|promoted-tweets|media|experiments"
COMMAND = re.compile(rf"\bconnector ((?:(?:{GROUPS}) )?[a-z-]+)((?: +--?[a-z-]+| +[^\s`|#)]+)*)")


def commands() -> dict[str, set[str]]:
    """The options of every command."""
    found = {}
    for name, command in get_command(application()).commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        for path, one in (
            {f"{name} {key}": value for key, value in inner.items()} if inner else {name: command}
        ).items():
            found[path] = {option for parameter in one.params for option in parameter.opts}
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_and_option_of_a_page_exists(page: Path) -> None:
    known = commands()
    for match in COMMAND.finditer(page.read_text("utf-8")):
        assert match[1] in known, match[0]
        used = set(re.findall(r"(?<= )--?[a-z-]+", match[2]))
        assert used <= known[match[1]] | {"--help"}, match[0]


def test_every_command_is_in_the_readme_or_its_changelog() -> None:
    text = (ROOT / "README.md").read_text("utf-8") + (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert [name for name in commands() if name not in text] == []


def test_every_page_is_named_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert [page.name for page in PAGES[1:] if f"](docs/{page.name})" not in text] == []


def test_the_page_of_reasons_is_made_from_the_tables() -> None:
    assert (ROOT / "docs" / "reasons.md").read_text("utf-8") == pages.reasons()


def test_the_page_of_endings_is_made_from_the_table() -> None:
    assert (ROOT / "docs" / "errors.md").read_text("utf-8") == pages.errors()


def test_every_reason_has_advice_and_no_advice_is_left_over() -> None:
    tables = (fields.REJECTED, fields.SUPPRESSED, fields.DROPPED, fields.WARNINGS)
    assert set(reasons.ADVICE) == {name for table in tables for name in table}


def test_every_field_is_on_the_page_of_mappings() -> None:
    page = (ROOT / "docs" / "mappings.md").read_text("utf-8")
    entries = (*fields.DESTINATION, *fields.IDENTIFIERS, *fields.FIELDS, *fields.CONTENTS)
    assert [entry.name for entry in entries if f"`{entry.name}`" not in page] == []


def test_every_exit_code_and_status_is_documented() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    summary = (ROOT / "docs" / "summary.md").read_text("utf-8")
    for code in Exit:
        assert f"| {int(code)} |" in readme
        assert f"`{STATUS_OF_EXIT[code]}` {int(code)}" in summary


def test_the_example_files_are_those_of_a_new_project() -> None:
    scaffold = ROOT / "connector" / "scaffold"
    assert (scaffold / "config.yaml").read_text() == (ROOT / "config.example.yaml").read_text()
    mapping = (ROOT / "mappings" / "purchases.yaml").read_text()
    assert (scaffold / "purchases.yaml").read_text() == mapping
