"""The files of a new project, as `connector init` writes them."""

import json
from importlib.resources import files
from pathlib import Path

from connector.errors import ConfigurationError
from connector.project.schema import MODELINE, SCHEMA_FILE, mapping_schema
from connector.state.database import create

FILES = {"config.yaml": "config.yaml", "purchases.yaml": "mappings/purchases.yaml"}
STATE = "state/connector.db"


def write_project(folder: Path) -> list[Path]:
    """Write a project and its state into a folder; the paths that were made.

    Raises:
        ConfigurationError: one of the files is there already, and nothing was written; or it
            can't be.
    """
    texts = {
        folder / target: (files(__name__) / name).read_text("utf-8")
        for name, target in FILES.items()
    }
    texts[folder / "mappings" / "purchases.yaml"] = (
        MODELINE + texts[folder / "mappings" / "purchases.yaml"]
    )
    texts[folder / SCHEMA_FILE] = json.dumps(mapping_schema(), indent=1) + "\n"
    taken = [str(path) for path in texts if path.exists() or path.is_symlink()]
    if taken:
        raise ConfigurationError(f"{', '.join(taken)} is there already; nothing was written")
    try:
        for path in texts:
            _make_folder(path.parent)
        for path, text in texts.items():
            path.touch(mode=0o600)
            path.write_text(text, "utf-8")
    except OSError as error:
        raise ConfigurationError(f"{error.filename} can't be made: {error.strerror}") from None
    state = folder / STATE
    return [*texts, state] if create(state) else list(texts)


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700)
