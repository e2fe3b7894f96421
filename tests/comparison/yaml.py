"""A mapping in plain words as the file that says the same."""

import json
from datetime import timedelta
from typing import Any

from reference.plain import Given, Plain


def as_yaml(plain: Plain) -> str:
    """The mapping as a file has it; JSON is YAML."""
    phone = plain.identifiers.get("phone")
    identifiers = {name: _block(given) for name, given in plain.identifiers.items()}
    if phone is not None and plain.region is not None:
        identifiers["phone"] = {**_block(phone), "region": _block(plain.region)}
    time = _block(plain.fields["conversion_time"])
    time |= {"timezone": plain.timezone} if plain.timezone else {}
    time |= {"unit": plain.unit} if plain.unit else {}
    made: dict[str, Any] = {
        "name": "compared",
        "source": {"table": "orders"},
        "destination": {
            "type": "x_conversions",
            "connection": "x",
            **{name: _block(given) for name, given in plain.destination.items()},
        },
        "identifiers": {**identifiers, "sufficient": list(plain.sufficient)},
        "fields": {name: _block(given) for name, given in plain.fields.items()}
        | {"conversion_time": time},
        "limits": {
            "max_age": f"{plain.max_age.days} days",
            "max_in_future": f"{plain.max_in_future // timedelta(minutes=1)} minutes",
        },
    }
    if plain.contents is not None:
        members = {name: _block(given) for name, given in plain.members.items()}
        made["contents"] = {"from": _block(plain.contents), "fields": members}
    if plain.consent is not None:
        made["consent"] = {
            **_block(plain.consent),
            "granted": [word == "true" or word for word in plain.granted],
        }
    return json.dumps(made)


def _block(given: Given) -> dict[str, Any]:
    return {given.kind: given.text}
