"""drt, in an environment of its own outside of the checkout."""

import os
import subprocess
import sys
from pathlib import Path

REQUIREMENT = "drt-core[duckdb]==1.2.1"


def drt() -> Path | None:
    """The Python of that environment, made when it is not there; None when it cannot be."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "ads-connector-bench" / "drt-1.2.1"
    python = folder / "bin" / "python"
    if _has_drt(python):
        return python
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [
            str(python),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            REQUIREMENT,
        ],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True)
    except subprocess.CalledProcessError:
        return None
    return python if _has_drt(python) else None


def _has_drt(python: Path) -> bool:
    asked = [str(python), "-c", "import drt, duckdb"]
    return python.exists() and subprocess.run(asked, check=False).returncode == 0
