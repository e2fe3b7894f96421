"""A desk where every secret is heard and everything that is left behind is searched for it."""

import base64
import hashlib
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import requests
from canaries import Leak, Searcher, descendants, in_folder, in_postgresql, in_process
from desk import Desk, Page, Running, browse, led_to
from servers import Server
from shop import Ended
from taps import Heard, Tap

KEY, NEW_KEY, TEAM_KEY = (
    base64.b64encode(hashlib.sha256(name).digest()).decode() for name in (b"key", b"new", b"team")
)
MakeWatch = Callable[..., "Watch"]
LOUD = (("-v", "--log-format", "json"), ("-v",))
X_AUTH = {
    "oauth1": "{{stored: true}}",
    "pkce": "{{client_id: '${{CLIENT_ID}}', client_secret: '${{CLIENT_SECRET}}', stored: true}}",
    "pixel-token": "{{stored: true}}",
}


@dataclass(kw_only=True)
class Watch:
    """Runs commands whose secrets come by a tap, and keeps all they say.

    `apart`: in processes of their own, whose arguments and environment are looked at, too.
    """

    desk: Desk
    tap: Tap
    folder: Path
    server: Server | None = None
    schema: str = ""
    searcher: Searcher = field(default_factory=Searcher)
    said: list[tuple[str, bytes]] = field(default_factory=list)
    extra: dict[str, str] = field(default_factory=dict)
    process: int = 0
    apart: bool = False

    def prepare(self, x_auth: str) -> None:
        """A project without a secret in a file: they are in the environment alone."""
        for name in ("home", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        self.desk.config(X_AUTH[x_auth], url=self.tap.url, app_secret="${APP_SECRET}")
        facts = self.desk.facts
        self.searcher.add(
            client_secret=facts["client_secret"], app_secret=facts["tiktok"]["app_secret"],
            key=KEY, new_key=NEW_KEY, team_key=TEAM_KEY,
        )  # fmt: skip

    @property
    def environment(self) -> Mapping[str, str]:
        """What each command is given."""
        facts = self.desk.facts
        return {
            "HOME": str(self.folder / "home"), "TMPDIR": str(self.folder / "tmp"),
            "CLIENT_ID": facts["client_id"], "CLIENT_SECRET": facts["client_secret"],
            "APP_SECRET": facts["tiktok"]["app_secret"], **self.extra,
        }  # fmt: skip

    def run(self, *words: str, typed: str = "") -> Ended:
        """A command, as loud as it gets, in one of the two forms of its log."""
        loud = LOUD[len(self.said) % 2]
        ended = self.desk.run(*words, *loud, typed=typed, **self.environment)
        return self._kept(words, ended)

    @contextmanager
    def running(self, *words: str) -> Iterator[Running]:
        """A command whose platforms are tapped."""
        words = (*words, "--port", str(self.desk.port), *LOUD[len(self.said) % 2])
        with self._started(*words) as running:
            spoil, self.process = self.tap.spoil, running.process.pid

            def look(heard: Heard) -> tuple[int, bytes] | None:
                self.look_at(running.process.pid)
                return spoil(heard)

            self.tap.spoil = look
            yield running
            self.tap.spoil = spoil

    @contextmanager
    def _started(self, *words: str) -> Iterator[Running]:
        if self.apart:
            with self.desk.apart(*words, environment=self.environment) as running:
                yield running
        else:
            with self.desk.started(*words, **self.environment) as running:
                yield running

    def look_at(self, process: int) -> None:
        """Keep what can be seen of a process and of what it started."""
        if not self.apart:
            return
        with suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            for each in descendants(process):
                self.said += in_process(each, self.environment)

    def end(self, running: Running, *words: str) -> Ended:
        """Wait for the end of a command."""
        self.look_at(running.process.pid)
        return self._kept(words, running.ended())

    def _kept(self, words: Sequence[str], ended: Ended) -> Ended:
        name = " ".join(words)
        self.said += [
            (f"output of {name}", ended.out.encode()),
            (f"log of {name}", ended.err.encode()),
        ]
        return ended

    def keep_page(self, page: Page) -> Page:
        """Keep what a browser shows."""
        self.said.append(("page", page.text.encode()))
        return page

    def leaks(self) -> list[Leak]:
        """Every secret that was heard so far, wherever it is seen."""
        for value, name in self.tap.secrets().items():
            if value not in self.searcher.secrets.values():
                self.searcher.add(**{name: value})
        private = self.desk.folder / "state" / "credentials" / "key"
        if private.exists():  # its place is that file, and no other
            self.searcher.add(private_key=private.read_text("utf-8").split()[0])
        found = self.searcher.search(in_folder(self.folder, leave_out=[private]))
        found += self.searcher.search(self.said)
        if self.server is not None:
            found += self.searcher.search(in_postgresql(self.server, self.schema))
        return found

    def killing(self, *paths: str) -> None:
        """Let the command that runs die when the platform is called at one of these paths."""

        def spoil(heard: Heard) -> tuple[int, bytes] | None:
            if heard.path.endswith(paths):
                os.kill(self.process, signal.SIGKILL)
            return None

        self.tap.spoil = spoil


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way to connect: the words, what is typed before the browser, and what after."""

    name: str
    words: tuple[str, ...]
    auth: str = "oauth1"
    back: str = "callback"
    consumer: bool = False


WAYS = {
    "pixel-token": Way(name="x", words=("--flow", "pixel-token"), auth="pixel-token", back="none"),
    "oauth1": Way(name="x", words=("--flow", "oauth1"), consumer=True),
    "oauth1 by pin": Way(name="x", words=("--flow", "oauth1", "--pin"), back="pin", consumer=True),
    "oauth1 by paste": Way(
        name="x", words=("--flow", "oauth1", "--paste-url"), back="paste", consumer=True
    ),
    "pkce": Way(name="x", words=("--flow", "pkce"), auth="pkce"),
    "pkce by paste": Way(
        name="x", words=("--flow", "pkce", "--paste-url"), auth="pkce", back="paste"
    ),
    "tiktok": Way(name="tok", words=()),
    "tiktok by code": Way(name="tok", words=("--code",), back="code"),
    "tiktok by address": Way(name="tok", words=("--code",), back="paste"),
}


def connect(watch: Watch, way: Way, *more: str, instead: str | None = None) -> Ended:
    """Go a way to its end; `instead` is typed in the place of the right answer."""
    words = ("connect", way.name, *way.words, *more)
    with watch.running(*words) as running:
        if way.back == "none":
            running.type(instead or watch.desk.facts["pixel_token"])
            return watch.end(running, *words)
        for line in watch.desk.consumer if way.consumer else ():
            running.type(line)
        address = running.address()
        if way.back == "callback":
            watch.keep_page(browse(address))
        elif way.back == "pin":
            shown = browse(address).text
            running.type(instead or shown.partition("<code>")[2].partition("</code>")[0])
        else:
            led = led_to(address)
            code = led.partition("auth_code=")[2].partition("&")[0]
            running.type(instead or (code if way.back == "code" else led))
        return watch.end(running, *words)


def clean(watch: Watch, *names: str) -> None:
    """No secret is seen, and those of these names were there to be seen."""
    leaks = watch.leaks()
    assert leaks == []
    known = {name.partition(" ")[0] for name in watch.searcher.secrets}
    assert known >= set(names), known


HEARD = {
    "pixel-token": ("pixel_token",),
    "oauth1": ("oauth_token", "oauth_token_secret", "oauth_verifier", "oauth_consumer_key"),
    "pkce": ("access_token", "refresh_token", "code", "code_verifier"),
    "tiktok": ("auth_code", "access_token"),
}


def heard_of(way: str) -> tuple[str, ...]:
    return HEARD[way.partition(" ")[0]]


def revoked(watch: Watch, name: str) -> str:
    """End the newest token of a name at the platform, as somebody else may; the token."""
    token = [value for value, known in watch.tap.secrets().items() if known == name][-1]
    facts = watch.desk.facts
    requests.post(
        f"{watch.desk.address.url}/2/oauth2/revoke", data={"token": token}, timeout=5,
        auth=(facts["client_id"], facts["client_secret"]),
    )  # fmt: skip
    return token
