"""The command that gets credentials for a connection."""

import getpass
import os
import sys
import webbrowser
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import typer

from connector.cli.terminal import Reporter, Terminal
from connector.errors import ConfigurationError, Exit

One = Annotated[str, typer.Argument(metavar="NAME", show_default=False)]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Whoever sits at the terminal; without one, lines of standard input."""

    terminal: Terminal

    @property
    def _sits_here(self) -> bool:
        return sys.stdin.isatty() and sys.stderr.isatty()

    def visit(self, address: str, *, here: bool) -> None:
        """Open the browser where there is one to look at, and say the address in any case."""
        opened = False
        if here and self._sits_here and _has_desktop():
            with suppress(webbrowser.Error):
                opened = webbrowser.open(address)
        told = "A browser opens; if it does not, open" if opened else "Open this in a browser"
        self._tell(f"{told}:\n{address}")

    def ask(self, prompt: str) -> str:
        """A line that may be seen."""
        if self._sits_here:
            sys.stderr.write(f"{prompt}: ")
            sys.stderr.flush()
        return _line(prompt)

    def secret(self, prompt: str) -> str:
        """A line that nobody sees."""
        if not self._sits_here:
            return _line(prompt)
        try:
            return getpass.getpass(f"{prompt} (not shown): ", stream=sys.stderr)
        except EOFError:
            raise _nothing_came(prompt) from None

    def pick(self, choices: Sequence[tuple[str, str]], *, proposed: str | None) -> str | None:
        """The account of a number that is typed."""
        if not self._sits_here:
            return None
        for number, (id_, name) in enumerate(choices, 1):
            mark = " (in config.yaml)" if id_ == proposed else ""
            self._tell(f"{number:>3}  {id_}  {name}{mark}")
        known = {str(number): id_ for number, (id_, _) in enumerate(choices, 1)}
        known |= {id_: id_ for id_, _ in choices} | ({"": proposed} if proposed else {})
        while True:
            typed = self.ask("Which ad account (number or id)").strip()
            if typed in known:
                return known[typed]

    def _tell(self, text: str) -> None:
        if self.terminal.log_json:
            self.terminal.warn(text.replace("\n", " "))
        else:
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()


def _has_desktop() -> bool:
    """Whether a browser would have a screen: one within the terminal would take it over."""
    return sys.platform != "linux" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))


def _line(prompt: str) -> str:
    try:
        line = sys.stdin.readline()
    except UnicodeDecodeError:
        raise ConfigurationError(f"{prompt}: what came on standard input is no text") from None
    if not line:
        raise _nothing_came(prompt)
    return line


def _nothing_came(prompt: str) -> ConfigurationError:
    return ConfigurationError(
        f"{prompt}: nothing came on standard input; type it at a terminal, or give it as a line"
    )


def connect(
    terminal: Terminal,
    name: One,
    flow: Annotated[
        Literal["pixel-token", "oauth1", "pkce"] | None,
        typer.Option(help="How X is got into.", show_default=False),
    ] = None,
    pin: Annotated[bool, typer.Option("--pin", help="OAuth 1.0a: type the PIN of X.")] = False,
    paste_url: Annotated[
        bool, typer.Option("--paste-url", help="Paste the address the browser ended at.")
    ] = False,
    code: Annotated[
        bool, typer.Option("--code", help="TikTok: type the code, or that address.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65_535, help="Of the callback; 8765 unless said.", show_default=False
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=1, max=600, help="Seconds to wait for the browser.")
    ] = 600,
    visibility: Annotated[
        str, typer.Option(metavar="WHO", help="private, workspace or team:NAME.")
    ] = "private",
    account: Annotated[
        str | None, typer.Option(metavar="ID", help="The ad account.", show_default=False)
    ] = None,
    pixel: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A pixel with a token of its own.")
    ] = None,
    keyring: Annotated[
        bool, typer.Option("--keyring", help="Keep the key in the desktop's keyring alone.")
    ] = False,
) -> Exit:
    """Get credentials for a connection, try them out, and store them."""
    from connector import api

    chosen = [back for back, said in (("pin", pin), ("paste", paste_url), ("code", code)) if said]
    if len(chosen) > 1:
        raise ConfigurationError("say only one of --pin, --paste-url and --code")
    way = api.Way(
        back=chosen[0] if chosen else "callback",  # type: ignore[arg-type]
        port=port or api.DEFAULT_PORT, seconds=timeout,
    )  # fmt: skip
    asked = api.Asked(
        way=way, flow=flow, visibility=visibility, account=account, pixels=tuple(pixel or ()),
        use_keyring=keyring,
    )  # fmt: skip
    found = api.connect(
        api.load(terminal.config),
        name,
        asked,
        Person(terminal=terminal),
        api.Edges(progress=Reporter(terminal=terminal)),
    )
    if terminal.json:
        terminal.document(found)
    else:
        _print(terminal, found)
    return _ending(terminal, found)


def _print(terminal: Terminal, found: dict[str, Any]) -> None:
    name, by = found["connection"], found["flow"]
    terminal.line(f"{name}: connected by {by}, {found['visibility']}")
    if found["role"]:
        terminal.line(f"  role {found['role']}")
    if found["scopes"]:
        terminal.line(f"  scopes {' '.join(found['scopes'])}")
    for account in found["accounts"]:
        mark = "*" if account["id"] == found["account"] else " "
        terminal.line(f"  {mark} {account['id']}  {account['name']}")
    terminal.line("in config.yaml it says:")
    for line in found["config"]:
        terminal.line(f"    {line}")
    for remark in found["remarks"]:
        terminal.remark(remark)


def _ending(terminal: Terminal, found: dict[str, Any]) -> Exit:
    """Stored it is, whatever could not be asked."""
    if found["untried"]:
        terminal.warn(
            f"{found['untried']}. The credentials are stored, and untried;"
            " `connector check --online` tries them"
        )
        return Exit.UNREACHABLE
    if found["accounts"] and not found["account"]:
        terminal.warn(
            "the credentials are stored; none of these ad accounts is the one of config.yaml: write"
            " one there, or say it with --account"
        )
        return Exit.CONFIGURATION
    return Exit.DONE
