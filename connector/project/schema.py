"""The JSON Schema of a mapping file, for editors and validators."""

from typing import Any

from connector.project.mapping import Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FILE = "mapping.schema.json"
# Put before a mapping in the folder beside the schema, it makes an editor check while one types.
MODELINE = f"# yaml-language-server: $schema=../{SCHEMA_FILE}\n"


def mapping_schema() -> dict[str, Any]:
    """The schema of what a mapping file may hold; its name goes without saying in the file."""
    schema = Mapping.model_json_schema()
    schema["required"] = [name for name in schema["required"] if name != "name"]
    source = schema["$defs"]["Source"]
    source["oneOf"] = [{"required": [name]} for name in ("query", "table", "file")]
    expressions = (name for name in schema["$defs"] if name.endswith("Keys"))
    for name in expressions:
        keys = schema["$defs"][name]
        ways = [way for way in ("column", "sql", "value") if way in keys["properties"]]
        keys["oneOf"] = [{"required": [way]} for way in ways]
    return {"$schema": DIALECT, **schema, "title": "A mapping of ads-connector"}
