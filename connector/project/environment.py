"""`${NAME}`, `${NAME:-default}` and `${file:/path}` in the values of config.yaml.

Values are filled in after the YAML is read, once, and never appear in an error.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath

from connector.project.tree import Fault, Path, Raw, Scalar, Tree, resolve

MAX_SECRET_BYTES = 1_000_000

_PLACEHOLDER = re.compile(r"\$\$\{|\$\{(?P<body>[^{}]*)\}|\$\{")
_VARIABLE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(:-(?P<default>.*))?", re.DOTALL)
_FORMS = "${NAME}, ${NAME:-default} or ${file:/path}; $${ stands for the two characters ${"


class _UnfilledError(Exception):
    """A placeholder that can't be filled; its text is the sentence for the user."""


def read_secret(path: FilePath) -> str:
    """The text of a file less one line break at its end.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no text, or beyond a million bytes.
    """
    with path.open("rb") as stream:
        content = stream.read(MAX_SECRET_BYTES + 1)
    if len(content) > MAX_SECRET_BYTES:
        raise ValueError("beyond a million bytes")
    return content.decode("utf-8").removesuffix("\n").removesuffix("\r")


@dataclass
class _Expansion:
    environment: Mapping[str, str]
    read: Callable[[str], str]
    faults: list[Fault] = field(default_factory=list)

    def raw(self, raw: Raw, path: Path) -> Raw:
        if isinstance(raw, dict):
            return {key: self.raw(value, (*path, key)) for key, value in raw.items()}
        if isinstance(raw, list):
            return [self.raw(item, (*path, str(index))) for index, item in enumerate(raw)]
        return self.scalar(raw, path) if "${" in raw else raw

    def scalar(self, scalar: Scalar, path: Path) -> Scalar:
        try:
            text = _PLACEHOLDER.sub(self.filled, scalar)
        except _UnfilledError as error:
            self.faults.append(Fault(str(error), scalar.mark, path))
            return scalar
        # A variable that holds nothing, or the word null, is text: only the file leaves out.
        plain = scalar.plain and resolve(text) is not None
        return Scalar(text, mark=scalar.mark, plain=plain)

    def filled(self, match: re.Match[str]) -> str:
        if match.group() == "$${":
            return "${"
        body = match["body"]
        if body is None:
            raise _UnfilledError(f"this ${{ is not understood; write {_FORMS}")
        if body.startswith("file:"):
            return self.from_file(body.removeprefix("file:"))
        variable = _VARIABLE.fullmatch(body)
        if variable is None:
            raise _UnfilledError(f"this ${{…}} is not understood; write {_FORMS}")
        return self.variable(variable["name"], variable["default"])

    def variable(self, name: str, default: str | None) -> str:
        # As in a shell, the default also stands in for a variable that is set to nothing.
        value = self.environment.get(name)
        if value is None and default is None:
            raise _UnfilledError(f"the environment variable {name} is not set")
        return value or default or ""

    def from_file(self, path: str) -> str:
        try:
            return self.read(path)
        except OSError as error:
            reason = error.strerror or "it can't be read"
        except UnicodeDecodeError:
            reason = "it is not UTF-8"
        except ValueError as error:
            reason = str(error)
        raise _UnfilledError(f"the file {path!r} named here can't be read: {reason}")


def expand(tree: Tree, *, environment: Mapping[str, str], read: Callable[[str], str]) -> Tree:
    """The tree with every placeholder in its values filled; keys stay as they are.

    Args:
        tree: as `tree.read_tree` gives it.
        environment: the variables there are.
        read: the text of a file named by `${file:…}`; raises OSError or ValueError.
    """
    expansion = _Expansion(environment, read)
    root = expansion.raw(tree.root, ()) if tree.root is not None else None
    faults = (*tree.faults, *expansion.faults)
    return replace(tree, root=root if isinstance(root, dict) else None, faults=faults)
