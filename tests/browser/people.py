"""The ways in, as the command is told of them, and what a person does on the way."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from desk import APP, STORED, Desk, Running


@dataclass(frozen=True, kw_only=True)
class Way:
    """A way in: the words behind `connect`, what config.yaml knows of X, whether a key is typed."""

    words: tuple[str, ...]
    platform: str
    x_auth: str = STORED
    typed: bool = False


WAYS: Mapping[str, Way] = {
    "oauth1": Way(words=("x", "--flow", "oauth1"), platform="X", typed=True),
    "pkce": Way(words=("x", "--flow", "pkce"), platform="X", x_auth=APP),
    "tiktok": Way(words=("tok",), platform="TikTok"),
}
EXCHANGES = {"/oauth/access_token", "/2/oauth2/token", "/open_api/v1.3/oauth2/access_token/"}


@contextmanager
def connecting(desk: Desk, way: Way, *more: str) -> Iterator[Running]:
    """The command on a way in, up to where it names a page."""
    desk.config(way.x_auth)
    words = ("connect", *way.words, "--port", str(desk.port), *more)
    with desk.started(*words) as running:
        for line in desk.consumer if way.typed else ():
            running.type(line)
        yield running
