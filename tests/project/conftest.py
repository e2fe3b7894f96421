"""A mapping made of sections, and a project in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from connector.errors import ConfigurationError, Problem
from connector.project import Mapping, Project, load_project, rules
from connector.project.judge import judge
from connector.project.mapping import SourceFile, Surroundings
from connector.project.tree import Fault, read_tree

CONFIG = """\
warehouse:
  url: duckdb:///warehouse.duckdb
state:
  url: sqlite:///state/connector.db
connections:
  x:
    platform: x_ads
    ad_account_id: 18ce54d4x5t
    auth:
      pixel_token: ${X_PIXEL_TOKEN}
"""

SECTIONS = {
    "name": "name: purchases",
    "source": "source: {table: orders}",
    "destination": (
        "destination: {type: x_conversions, connection: x, pixel_id: o8z6j, event_id: o87ne}"
    ),
    "identifiers": "identifiers: {email: email}",
    "fields": "fields: {conversion_time: paid_at, conversion_id: order_id}",
}
"""The least that a mapping needs, a line for each section."""


def text_of(sections: dict[str, str]) -> str:
    return "\n".join((SECTIONS | sections).values()) + "\n"


def read_file(name: str) -> SourceFile:
    if name != "purchases.sql":
        raise ValueError("names a file that can't be read")
    return SourceFile(path=Path("/project/mappings/purchases.sql"), text="select 1")


def judged(sections: dict[str, str]) -> tuple[Mapping | None, list[Fault]]:
    tree = read_tree(text_of(sections).encode())
    surroundings = Surroundings(
        path="mappings/purchases.yaml", places=tree.places, read_file=read_file
    )
    return judge(Mapping, tree, between_keys=rules.between_keys, context=surroundings)


@pytest.fixture
def mapping_of() -> Callable[..., Mapping]:
    """The mapping of some sections; what is not given is as in SECTIONS."""

    def make(**sections: str) -> Mapping:
        mapping, faults = judged(sections)
        assert faults == []
        assert mapping is not None
        return mapping

    return make


@pytest.fixture
def faults_of() -> Callable[..., list[str]]:
    """What is wrong with a mapping of some sections, as `line:column message`."""

    def make(**sections: str) -> list[str]:
        faults = judged(sections)[1]
        return [f"{fault.mark.line}:{fault.mark.column} {fault.message}" for fault in faults]

    return make


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, with a config, one mapping and nothing else, as the working folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "purchases.yaml").write_text(text_of({}))
    return tmp_path


@pytest.fixture
def load(root: Path) -> Callable[..., Project]:
    """Loads the project with X_PIXEL_TOKEN set, unless an environment is given."""

    def loaded(**environment: str) -> Project:
        return load_project(root / "config.yaml", environment or {"X_PIXEL_TOKEN": "t0ken"})

    return loaded


@pytest.fixture
def problems(load: Callable[..., Project]) -> Callable[..., list[Problem]]:
    """The problems that loading the project ends with."""

    def told(**environment: str) -> list[Problem]:
        with pytest.raises(ConfigurationError) as caught:
            load(**environment)
        return list(caught.value.problems)

    return told
