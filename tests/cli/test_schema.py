import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML
from shop import MAPPING, Shell

from connector.project.schema import MODELINE, mapping_schema

ROOT = Path(__file__).parent.parent.parent


def read(text: str) -> Any:  # noqa: ANN401 - YAML
    return json.loads(json.dumps(YAML(typ="safe").load(text), default=str))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(mapping_schema())


@pytest.mark.parametrize(
    "text", [*(p.read_text() for p in (ROOT / "mappings").glob("*.yaml")), MAPPING]
)
def test_the_schema_takes_what_the_tool_takes(text: str) -> None:
    jsonschema.validate(read(text), mapping_schema())


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("email: email", "e_mail: email"),
        ("table: orders", "table: orders, query: select 1"),
        ("{email: email}", "{email: {column: email, sql: email}}"),
        ("type: x_conversions", "type: y_conversions"),
        ("conversion_id: order_id, ", ""),
    ],
)
def test_the_schema_refuses_what_the_tool_refuses(right: str, wrong: str) -> None:
    assert right in MAPPING
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(read(MAPPING.replace(right, wrong)), mapping_schema())


def test_a_new_project_has_the_schema_where_its_mapping_points(empty: Shell) -> None:
    empty.run("init")
    mapping = empty.folder / "mappings" / "purchases.yaml"
    assert mapping.read_text().startswith(MODELINE)
    named = MODELINE.partition("$schema=")[2].strip()
    kept = json.loads((mapping.parent / named).read_text())
    assert kept == empty.run("schema").json
