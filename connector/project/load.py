"""A project from its folder: config.yaml and every mapping, or all that is wrong with them."""

import os
from collections.abc import Callable, Iterator
from collections.abc import Mapping as Environment
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from connector.errors import ConfigurationError, Problem
from connector.project import config as config_file
from connector.project import rules
from connector.project.config import DEFAULT_MAPPINGS, Config
from connector.project.environment import expand, read_secret
from connector.project.judge import judge
from connector.project.mapping import Mapping, SourceFile, Surroundings
from connector.project.scalars import is_name
from connector.project.tree import START, Fault, Scalar, Tree, at, read_tree, unread

VARIABLE = "CONNECTOR_CONFIG"
DEFAULT_CONFIG = "config.yaml"
SUFFIXES = {".yaml", ".yml"}


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project whose files are right; `mappings` by name, in the order of their files.

    `root` is the folder of config.yaml, to which the paths in it are relative.
    """

    path: Path
    root: Path
    config: Config
    mappings: dict[str, Mapping]


def _full(path: Path) -> Path:
    # Path.resolve would follow links and show people a file that they did not name.
    return Path(os.path.abspath(path))  # noqa: PTH100


def shown(path: Path) -> str:
    """A path as people see it: from the working folder when it is inside, else in full."""
    full, here = _full(path), Path.cwd()
    return str(full.relative_to(here)) if full.is_relative_to(here) else str(full)


def find_config(option: str | None, environment: Environment[str, str], cwd: Path) -> Path:
    """The config file: what `--config` says, else CONNECTOR_CONFIG, else config.yaml in `cwd`.

    Raises:
        ConfigurationError: there is no file; says where it was looked for.
    """
    variable = environment.get(VARIABLE)
    if option:
        value, origin = option, "as --config says"
    elif variable:
        value, origin = variable, f"as {VARIABLE} says"
    else:
        value, origin = DEFAULT_CONFIG, f"without --config and {VARIABLE}"
    path = cwd / value
    # Path.is_file raises for a folder that may not be entered.
    if not os.path.isfile(path):  # noqa: PTH113
        raise ConfigurationError(
            f"There is no config file at {path} (looked for {origin}); `connector init` makes one."
        )
    return path


def _reason(error: OSError | ValueError | RuntimeError) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return (
        error.strerror if isinstance(error, OSError) else None
    ) or "it is not readable as a file"


def _sql_file(name: str, *, root: Path, folder: Path) -> SourceFile:
    """The SQL file that a mapping in `folder` names; raises ValueError with a rule."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(root.resolve())
        text = path.read_text("utf-8-sig") if inside else ""
    except (OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"names a file that can't be read: {_reason(error)}") from None
    if not inside:
        raise ValueError("must be inside the project's folder, also behind links")
    if not text.strip():
        raise ValueError("names a file that is empty")
    return SourceFile(path=path, text=text)


def _tree(path: Path) -> Tree:
    try:
        return read_tree(path.read_bytes())
    except OSError as error:
        return unread(f"the file can't be read: {_reason(error)}")


def _with_name(tree: Tree, stem: str) -> Tree:
    """The tree of a mapping with the name that its file gives it when it gives itself none."""
    if tree.root is None or "name" in tree.root:
        return tree
    if is_name(stem):
        return replace(tree, root={Scalar("name"): Scalar(stem), **tree.root})
    message = "'name' is missing, and the file's own name can't stand in for it"
    return replace(tree, faults=(*tree.faults, Fault(message, START, ("name",))))


@dataclass(frozen=True, kw_only=True)
class _Loaded:
    path: Path
    tree: Tree
    mapping: Mapping | None
    faults: list[Fault]


def _mapping(path: Path, *, root: Path, connections: Environment[str, str] | None) -> _Loaded:
    read_file = partial(_sql_file, root=root, folder=path.parent)
    return _judged(_tree(path), path, read_file, connections)


def earlier_mapping(
    content: bytes,
    path: Path,
    *,
    read_sql: Callable[[Path], bytes],
    connections: Environment[str, str],
) -> Mapping:
    """A mapping file as it was at another time; `read_sql` gives its SQL file of that time.

    `connections` are the platforms of today's by name.

    Raises:
        ConfigurationError: it was wrong then, as mappings are read today.
    """

    def read_file(name: str) -> SourceFile:
        file = path.parent / name
        return SourceFile(path=file, text=read_sql(file).decode("utf-8-sig"))

    loaded = _judged(read_tree(content), path, read_file, connections)
    if loaded.mapping is None:
        problems = [Problem(shown(path), fault.message, *fault.mark) for fault in loaded.faults]
        raise ConfigurationError(_headline(problems), problems)
    return loaded.mapping


def _judged(
    tree: Tree,
    path: Path,
    read_file: Callable[[str], SourceFile],
    connections: Environment[str, str] | None,
) -> _Loaded:
    tree = _with_name(tree, path.stem)
    surroundings = Surroundings(path=shown(path), places=tree.places, read_file=read_file)
    between_keys = partial(rules.between_keys, connections=connections)
    mapping, faults = judge(Mapping, tree, between_keys=between_keys, context=surroundings)
    return _Loaded(path=path, tree=tree, mapping=mapping, faults=faults)


def _same_names(files: list[_Loaded]) -> Iterator[tuple[Path, Fault]]:
    first: dict[str, Path] = {}
    for file in files:
        name = at(file.tree.root, "name")
        taken_by = first.setdefault(name, file.path) if isinstance(name, Scalar) and name else None
        if taken_by not in {None, file.path}:
            message = f"name {str(name)!r} is taken by {shown(taken_by)}"
            yield file.path, Fault(message, file.tree.places.value(("name",)))


def _mapping_files(folder: Path) -> list[Path]:
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(path for path in visible if path.suffix.lower() in SUFFIXES)


def _files(tree: Tree, config: Path) -> tuple[list[Path], list[Fault]]:
    """The mapping files of the folder that a config names; none while it can't be told."""
    written = at(tree.root, "mappings")
    said = tree.root is not None and tree.covers(("mappings",))
    if said or not isinstance(written, Scalar | None):
        return [], []
    try:
        files = _mapping_files(config.parent / (written or DEFAULT_MAPPINGS))
        return [file for file in files if file != config], []
    except (OSError, ValueError) as error:
        if tree.root is None:
            return [], []
        folder = "the folder named here" if written else f"the folder {DEFAULT_MAPPINGS!r} here"
        message = f"{folder} can't be read: {_reason(error)}"
        return [], [Fault(message, tree.places.value(("mappings",)), ("mappings",))]


def load_project(config_path: Path, environment: Environment[str, str]) -> Project:
    """Reads config.yaml and every mapping beside it.

    Raises:
        ConfigurationError: holds every problem of every file, by file and line.
    """
    path = _full(config_path)
    root = path.parent
    tree = expand(_tree(path), environment=environment, read=lambda name: read_secret(root / name))
    config, faults = judge(Config, tree, between_keys=config_file.between_keys)
    names, more = _files(tree, path)
    known = at(tree.root, "connections")
    connections = config_file.platforms(known) if isinstance(known, dict) else None
    files = [_mapping(name, root=root, connections=connections) for name in names]
    told = [
        *((path, fault) for fault in (*faults, *more)),
        *((file.path, fault) for file in files for fault in file.faults),
        *_same_names(files),
    ]
    order = [path, *names]
    problems = [
        Problem(shown(file), fault.message, *fault.mark)
        for file, fault in sorted(told, key=lambda pair: (order.index(pair[0]), pair[1].mark))
    ]
    if problems or config is None:
        raise ConfigurationError(_headline(problems), problems)
    mappings = {file.mapping.name: file.mapping for file in files if file.mapping}
    return Project(path=path, root=root, config=config, mappings=mappings)


def _headline(problems: list[Problem]) -> str:
    files = list(dict.fromkeys(problem.file for problem in problems))
    where = files[0] if len(files) == 1 else f"{len(files)} files"
    return f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in {where}:"
