import re
import tomllib
from pathlib import Path

from connector.source.open import EXTRAS, OPENERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "warehouses.md").read_text("utf-8")
SCHEME = re.compile(r"([a-z0-9+_]+)://")


def test_the_page_lists_every_scheme_that_is_opened_and_no_other() -> None:
    assert set(SCHEME.findall(PAGE)) == set(OPENERS)


def test_the_page_and_the_package_name_the_same_extras() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    named = set(re.findall(r"ads-connector\[(\w+)\]", PAGE))
    assert named == {*EXTRAS.values(), "sqlalchemy"}
    assert named <= set(extras)


def test_every_scheme_with_an_extra_has_a_row_that_names_it() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    for scheme in OPENERS:
        extra = EXTRAS.get(scheme.partition("+")[0])
        row = next(row for row in rows if f"{scheme}://" in row)
        assert extra is None or f"ads-connector[{extra}]" in row
