"""The JSON Schema of an experiment's file, for editors and validators."""

from typing import Any

from connector.experiments.model import ExperimentFile
from connector.project.schema import DIALECT


def experiment_schema() -> dict[str, Any]:
    """The schema of what a file of an experiment may hold."""
    schema = ExperimentFile.model_json_schema()
    return {"$schema": DIALECT, **schema, "title": "An experiment of ads-connector"}
