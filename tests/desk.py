"""A project at a desk: the command with somebody who types, a browser's stand-in, two platforms."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, urlopen

from commands import Call, Command, started
from shop import Ended, clean_environment

from connector.simulator.server import Address

CONFIG = """\
warehouse: {{url: "duckdb:///shop.duckdb"}}
state: {{url: "{state}"}}
connections:
  x:
    platform: x_ads
    live: true
    ad_account_id: {ad_account_id}
    base_url: {url}
    auth: {x_auth}
  tok:
    platform: tiktok_ads
    advertiser_id: "{advertiser_id}"
    base_url: {url}
    auth: {{app_id: "{app_id}", app_secret: {app_secret}, stored: true}}
"""
STORED = "{{stored: true}}"
APP = "{{client_id: {client_id}, client_secret: {client_secret}, stored: true}}"
KEY = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="


MakeDesk = Callable[..., "Desk"]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a browser shows."""

    status: int
    text: str
    address: str


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def browse(address: str, **headers: str) -> Page:
    """Open an address and go where it leads, as a browser without a person does."""
    try:
        with urlopen(Request(address, headers=headers), timeout=10) as answer:
            return Page(status=answer.status, text=answer.read().decode(), address=answer.url)
    except HTTPError as error:
        with error:
            return Page(status=error.code, text=error.read().decode(), address=error.url or "")


def led_to(address: str) -> str:
    """Where a page sends the browser, which does not go there."""
    try:
        with build_opener(_Stay).open(address, timeout=10) as answer:
            raise AssertionError(answer.read().decode())
    except HTTPError as error:
        with error:
            return str(error.headers["location"])


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def instead(address: str, **parameters: str) -> str:
    """An address with other parameters."""
    parts = urlsplit(address)
    return parts._replace(query=urlencode({**query_of(address), **parameters})).geturl()


@dataclass(kw_only=True)
class Running:
    """The command while it runs."""

    process: "Command | subprocess.Popen[str]"
    said: list[str] = field(default_factory=list)

    def address(self) -> str:
        """The page it sends the person to."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)
            if found := re.search(r'http://127\.0\.0\.1[^\s"]+', line):
                return found[0]
        raise AssertionError("".join(self.said))

    def type(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ended(self, typed: str = "") -> Ended:
        out, err = self.process.communicate(typed, timeout=60)
        assert self.process.returncode is not None
        return Ended(code=self.process.returncode, out=out, err="".join(self.said) + err)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A folder with a project, its platforms, and the port of the callback."""

    folder: Path
    address: Address
    port: int
    state: str = "sqlite:///state/connector.db"

    @property
    def facts(self) -> dict[str, Any]:
        return self.address.describe()

    def config(self, x_auth: str = STORED, **instead: str) -> None:
        facts = self.facts
        known = {
            **facts, **facts["tiktok"], "x_auth": x_auth.format(**facts), "state": self.state,
            **instead,
        }  # fmt: skip
        (self.folder / "mappings").mkdir(exist_ok=True)
        (self.folder / "config.yaml").write_text(CONFIG.format(**known), "utf-8")

    def run(self, *words: str, typed: str = "", **environment: str) -> Ended:
        with self.started(*words, **environment) as running:
            return running.ended(typed)

    @contextmanager
    def started(self, *words: str, **environment: str) -> Iterator[Running]:
        call = Call(
            words=words, folder=str(self.folder), environment=clean_environment() | environment
        )
        with started(call) as command:
            yield Running(process=command)

    @contextmanager
    def apart(self, *words: str, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
        """The command as a shell starts it, where arguments, environment or signals matter."""
        with subprocess.Popen(
            [sys.executable, "-m", "connector", *words], cwd=self.folder, text=True,
            env=clean_environment() if environment is None else environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                yield Running(process=process)
            finally:
                process.kill()

    def connect(self, *words: str, typed: tuple[str, ...] = ()) -> tuple[Ended, Page]:
        """Connect with a browser that comes back by itself."""
        with self.started("connect", *words, "--port", str(self.port)) as running:
            for line in typed:
                running.type(line)
            page = browse(running.address())
            return running.ended(), page

    @property
    def consumer(self) -> tuple[str, str]:
        """What is typed for OAuth 1.0a."""
        pair = self.facts["oauth1"]
        return pair["consumer_key"], pair["consumer_secret"]

    def requests(self) -> list[dict[str, Any]]:
        """What the platforms were asked: path, end and count of each."""
        with urlopen(f"{self.address.url}/_simulator/requests") as answer:
            found: list[dict[str, Any]] = json.load(answer)["requests"]
        return found

    def paths(self) -> list[str]:
        """The paths that the platforms were called at."""
        return [each["path"] for each in self.requests()]

    def listed(self) -> dict[str, Any]:
        """What `connections list` says, by name."""
        found = self.run("connections", "list", "--json").json["connections"]
        return {each["name"]: each for each in found}
