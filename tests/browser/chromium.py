"""A real Chromium that reaches this machine alone, and what a person finds in its pages."""

import json
import shutil
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Response

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
HERE = "127.0.0.1"
# A hostile name server's name for this machine.
REBOUND = "rebound.test"
# Every other name is a port that nobody listens on. A name that is not found would not do: then
# Chromium asks name servers of its own choice what is wrong.
_NAMES = f"MAP {REBOUND} {HERE}, MAP localhost {HERE}, MAP * {HERE}:1, EXCLUDE {HERE}"
_QUIET = ("--no-proxy-server", "--disable-quic")

Profile = Literal["a screen in daylight", "a phone in the dark", "a screen without policies"]
_SCREEN = {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}}
_PHONE = {"viewport": {"width": 320, "height": 568}, "is_mobile": True, "has_touch": True}
PROFILES: dict[Profile, dict[str, Any]] = {
    "a screen in daylight": _SCREEN,
    "a phone in the dark": {"color_scheme": "dark", **_PHONE},
    "a screen without policies": {"bypass_csp": True, **_SCREEN},  # scripts run all the same
}

# What a page shows and says, as it is laid out; `null` for a background is the page's own.
_FACTS = """() => {
  const behind = element => {
    for (; element; element = element.parentElement) {
      const colour = getComputedStyle(element).backgroundColor
      if (!/, 0\\)$/.test(colour)) return colour
    }
    return null
  }
  const every = selector => [...document.querySelectorAll(selector)]
  const says = element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim())
  return {
    lang: document.documentElement.lang,
    title: document.title,
    headings: every('h1').map(heading => heading.textContent),
    mains: every('main').length,
    outside: every('body > :not(main)').length,
    width: document.documentElement.scrollWidth,
    runnable: every('script, img, iframe, [onerror], [onload]').length,
    targets: every('button, select').map(one => one.getBoundingClientRect().height),
    texts: every('body *').filter(one => says(one) && one.tagName !== 'OPTION').map(one => ({
      text: one.textContent.trim(),
      size: parseFloat(getComputedStyle(one).fontSize),
      colour: getComputedStyle(one).color,
      behind: behind(one),
    })),
  }
}"""  # noqa: E501 - a line of another language

Colour = tuple[int, int, int]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A text as it is painted, its size in CSS pixels."""

    text: str
    size: float
    contrast: float


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A page as it is laid out, lengths in CSS pixels.

    `outside` is what stands beside `main`, `runnable` all that could run or load something.
    """

    lang: str
    title: str
    headings: list[str]
    mains: int
    outside: int
    width: int
    runnable: int
    targets: list[float]
    texts: list[Text]
    canvas: Colour


@dataclass(kw_only=True)
class Tab:
    """A tab of the browser.

    `dialogs` and `complaints` are what scripts said, and what Chromium says of the pages.
    """

    page: "Page"
    dialogs: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Hear everything."""
        self.page.on("dialog", self._dialog)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _dialog(self, dialog: "Dialog") -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _console(self, message: "ConsoleMessage") -> None:
        # Chromium says of every refusal that it is one.
        if "the server responded with a status of" not in message.text:
            self.complaints.append(message.text)

    def clear(self) -> None:
        """Leave what is shown, and forget what was heard."""
        self.page.goto("about:blank")
        self.dialogs.clear()
        self.complaints.clear()

    def open(self, address: str) -> int:
        """Type an address; the status of the page it leads to."""
        return _status(self.page.goto(address))

    def press(self, button: str) -> int:
        """Press a button that leads elsewhere; the status of the page it leads to."""
        return self.led(lambda: self.page.get_by_role("button", name=button, exact=True).click())

    def led(self, act: Callable[[], object]) -> int:
        """Do what leads elsewhere; the status of the page it leads to."""
        with self.page.expect_navigation() as there:
            act()
        return _status(there.value)

    def lost(self, act: Callable[[], object]) -> str:
        """Do what leads to where nobody listens; what the address bar shows then."""
        with self.page.expect_event("requestfailed") as request:
            act()
        assert request.value.failure == "net::ERR_CONNECTION_REFUSED"
        self.page.wait_for_url("chrome-error://**")
        return request.value.url

    @property
    def title(self) -> str:
        """What the tab is called."""
        return self.page.title()

    @property
    def text(self) -> str:
        """What can be read."""
        return self.page.locator("body").inner_text()

    def shown(self) -> Shown:
        """The page as it is laid out."""
        found = self.page.evaluate(_FACTS)
        canvas = _pixel(self.page.screenshot(clip={"x": 0, "y": 0, "width": 1, "height": 1}))
        texts = [
            Text(text=one["text"], size=one["size"], contrast=_contrast(
                _colour(one["colour"]), _colour(one["behind"]) if one["behind"] else canvas
            ))
            for one in found.pop("texts")
        ]  # fmt: skip
        return Shown(**found, texts=texts, canvas=canvas)


def _status(answer: "Response | None") -> int:
    assert answer is not None
    return answer.status


def _colour(text: str) -> Colour:
    red, green, blue = text.partition("(")[2].rstrip(")").split(",")[:3]
    return int(red), int(green), int(blue)


def _pixel(png: bytes) -> Colour:
    """The first pixel of a picture; no filter of PNG changes it, as nothing stands before it."""
    data, at = b"", 8
    while at < len(png):
        (length,), kind = struct.unpack_from(">I", png, at), png[at + 4 : at + 8]
        data += png[at + 8 : at + 8 + length] * (kind == b"IDAT")
        at += length + 12
    red, green, blue = zlib.decompress(data)[1:4]
    return red, green, blue


def _contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of WCAG, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    shares = (value / 255 for value in colour)
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def missing() -> str | None:
    """What is not here to drive a browser with."""
    if find_spec("playwright") is None:
        return "no playwright here: pip install playwright"
    if _program() is None:
        return "no Chromium here: apt-get install chromium"
    return None


def _program() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


@contextmanager
def browser(folder: Path) -> Iterator["Browser"]:
    """A browser with a home of its own; what it did to the network must have stayed here."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - it may not be here

    log = folder / "network.json"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=_program(),
            args=[f"--host-resolver-rules={_NAMES}", f"--log-net-log={log}", *_QUIET],
            env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
        )
        try:
            yield started
        finally:
            started.close()
    assert set(reached(log)) == {HERE}


def reached(log: Path) -> Iterator[str]:
    """The hosts that Chromium's network log says it connected or sent something to."""
    found = json.loads(log.read_text("utf-8"))
    names = {number: name for name, number in found["constants"]["logEventTypes"].items()}
    peers: dict[int, str] = {}
    for event in found["events"]:
        name, parameters = names[event["type"]], event.get("params", {})
        socket = event["source"]["id"]
        # A datagram socket that is connected and never used has asked the system for a route.
        if name in {"UDP_CONNECT", "TCP_CONNECT_ATTEMPT"} and "address" in parameters:
            peers[socket] = parameters["address"].rpartition(":")[0]
        if name in {"TCP_CONNECT_ATTEMPT", "UDP_BYTES_SENT"}:
            yield peers[socket]
