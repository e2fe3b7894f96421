"""Looks for secrets in everything a command leaves behind, in the clear or in a usual disguise."""

import base64
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import psycopg
from servers import Server

SHORTEST = 6
_ESCAPES = (r"\u{:04x}", r"\u{:04X}", r"\x{:02x}")


@dataclass(frozen=True, kw_only=True)
class Leak:
    """Where something was found, what it is called, and how it was disguised."""

    where: str
    name: str
    form: str


def forms(secret: str) -> dict[str, bytes]:
    """The bytes by which a secret may be seen, by the name of the disguise; all in lower case.

    A text within longer text in base64 looks in one of three ways, by where it begins.
    """
    raw = secret.encode()
    every = "".join(f"%{byte:02x}" for byte in raw)
    found = {
        "clear": secret, "percent": quote(secret, safe=""), "percent_plus": quote_plus(secret),
        "percent_twice": quote(quote(secret, safe=""), safe=""), "every_percent": every,
        "hex": raw.hex(), "repr": repr(secret)[1:-1], "json": _escaped(secret),
        "json_wide": json.dumps(secret, ensure_ascii=False)[1:-1],
        "json_slash": _escaped(secret).replace("/", r"\/"),
        "json_twice": _escaped(_escaped(secret)),
    }  # fmt: skip
    for number, pattern in enumerate(_ESCAPES):
        found[f"escaped_{number}"] = "".join(pattern.format(ord(sign)) for sign in secret)
    for start in range(3):
        whole = base64.b64encode(b"\0" * start + raw)
        # Signs that hold bits of a neighbour are left out.
        inner = whole[-(-start * 8 // 6) : (start + len(raw)) * 8 // 6]
        found[f"base64_{start}"] = inner.decode()
        found[f"base64url_{start}"] = inner.translate(bytes.maketrans(b"+/", b"-_")).decode()
    if secret.isdecimal():  # as base64 they are too short to be told from chance
        found = {name: found[name] for name in ("clear", "hex", "every_percent")}
    wide = {"utf16": secret.encode("utf-16-le"), "utf32": secret.encode("utf-32-le")}
    narrow = {name: form.encode() for name, form in found.items()}
    return {name: form.lower() for name, form in {**narrow, **wide}.items()}


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


@dataclass(kw_only=True)
class Searcher:
    """The secrets that are looked for, by name, and the places that were looked at."""

    secrets: dict[str, str] = field(default_factory=dict)
    looked_at: list[str] = field(default_factory=list)

    def add(self, **secrets: str) -> None:
        """Look for these too; two of one name are both looked for."""
        for name, secret in secrets.items():
            assert len(secret) >= SHORTEST, f"{name} is too short to be told from chance"
            self.secrets[f"{name} {len(self.secrets)}"] = secret

    def search(self, places: Iterable[tuple[str, bytes]]) -> list[Leak]:
        """What is found in places, each with its name."""
        wanted = {name: forms(secret) for name, secret in self.secrets.items()}
        found = []
        for where, content in places:
            self.looked_at.append(where)
            lower = content.lower()
            for name, disguises in wanted.items():
                seen = (form for form, text in disguises.items() if _is_in(text, lower))
                if form := next(seen, None):
                    found.append(Leak(where=where, name=name, form=form))
        return found


def _is_in(text: bytes, content: bytes) -> bool:
    """Whether a text is there; one of digits alone as a whole number."""
    if text not in content:
        return False
    if not text.isdigit():
        return True
    return re.search(rb"(?<![0-9a-f.])%s(?![0-9a-f])" % text, content) is not None


def in_folder(folder: Path, *, leave_out: Iterable[Path] = ()) -> Iterator[tuple[str, bytes]]:
    """The names and the bytes of all files below a folder, and the rows of SQLite's."""
    left_out = set(leave_out)
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        yield f"the name {name}", name.encode()
        if path.is_file() and path not in left_out:
            content = path.read_bytes()
            yield name, content
            if content.startswith(b"SQLite format 3"):
                yield from in_sqlite(path)


def in_sqlite(path: Path) -> Iterator[tuple[str, bytes]]:
    """The rows of each table of a file, as SQLite tells them."""
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("select name from sqlite_master where type = 'table'")
        for (table,) in tables.fetchall():
            rows = connection.execute(f'select * from "{table}"').fetchall()
            yield f"{path.name}: table {table}", said(rows)


def in_postgresql(server: Server, schema: str) -> Iterator[tuple[str, bytes]]:
    """The rows of each table of a schema, as PostgreSQL tells them."""
    url = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select table_name from information_schema.tables where table_schema = %s", [schema]
        )
        for (table,) in tables.fetchall():
            rows = connection.execute(f'select * from "{schema}"."{table}"'.encode()).fetchall()
            yield f"{schema}: table {table}", said(rows)


def said(value: object) -> bytes:
    """Values of any kind as bytes that hide nothing of them."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, list | tuple):
        return b"\n".join(map(said, value))
    return str(value).encode()


def in_process(process: int, given: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """The arguments of a process, and what it has in its environment that it was not given."""
    place = Path(f"/proc/{process}")
    yield f"arguments of {process}", (place / "cmdline").read_bytes()
    entries = (place / "environ").read_bytes().split(b"\0")
    own = {f"{name}={value}".encode() for name, value in given.items()}
    yield f"environment of {process}", b"\0".join(entry for entry in entries if entry not in own)


def descendants(process: int) -> Iterator[int]:
    """A process and all that it started and that are still there."""
    yield process
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from descendants(int(child))
