"""The files of a new project, as `connector init` writes them."""

from importlib.resources import files
from pathlib import Path

from connector.errors import ConfigurationError
from connector.state.database import create

FILES = {"config.yaml": "config.yaml", "purchases.yaml": "mappings/purchases.yaml"}
STATE = "state/connector.db"


def write_project(folder: Path) -> list[Path]:
    """Write a project and its state into a folder; the paths that were made.

    Raises:
        ConfigurationError: one of the files is there already; nothing was written.
    """
    targets = {name: folder / target for name, target in FILES.items()}
    taken = [str(path) for path in targets.values() if path.exists()]
    if taken:
        raise ConfigurationError(f"{', '.join(taken)} is there already; nothing was written")
    made = []
    for name, target in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        text = (files(__name__) / name).read_text("utf-8")
        target.touch(mode=0o600)
        target.write_text(text, "utf-8")
        made.append(target)
    state = folder / STATE
    return [*made, state] if create(state) else made
