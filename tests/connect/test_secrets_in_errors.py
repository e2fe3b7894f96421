"""Errors, deaths and crashes with secrets at hand show none of them."""

import signal

import pytest
from desk import led_to
from taps import echoing
from vaults import ended as ended_process
from vaults import forked
from watches import WAYS, MakeWatch, clean, connect, heard_of, revoked

SPOILT = {
    "oauth1": ("oauth/request_token", "oauth/access_token", "/accounts", "user_access"),
    "pkce": ("oauth2/token", "/accounts", "user_access"),
    "tiktok": ("access_token/", "user/info/", "advertiser/get/"),
}


@pytest.mark.parametrize(
    ("way", "path"), [(way, path) for way, paths in SPOILT.items() for path in paths]
)
def test_a_platform_that_repeats_everything_in_an_error_is_not_quoted(
    make_watch: MakeWatch, way: str, path: str
) -> None:
    watch = make_watch(WAYS[way])
    watch.tap.spoil = echoing(path)
    if path == "oauth/request_token":
        typed = "".join(f"{line}\n" for line in watch.desk.consumer)
        assert watch.run("connect", "x", "--flow", "oauth1", "--pin", typed=typed).code == 8
    else:
        assert connect(watch, WAYS[way]).code == 8
    assert any(heard.path.endswith(path) for heard in watch.tap.heard)
    clean(watch)


@pytest.mark.parametrize(
    ("way", "path", "words"),
    [
        ("oauth1", "accounts/18ce54d4x5t", ("check", "--online")),
        ("oauth1", "conversions/o8z6j", ("sync",)),
        ("pixel-token", "conversions/o8z6j", ("sync",)),
        ("oauth1", "invalidate_token.json", ("connections", "remove", "x")),
        ("pkce", "oauth2/revoke", ("connections", "remove", "x")),
        ("tiktok", "revoke_token/", ("connections", "remove", "tok")),
        ("tiktok", "advertiser/get/", ("check", "--online")),
    ],
)
def test_later_errors_that_repeat_everything_are_not_quoted(
    make_watch: MakeWatch, way: str, path: str, words: tuple[str, ...]
) -> None:
    watch = make_watch(WAYS[way])
    assert connect(watch, WAYS[way]).code == 0
    watch.tap.spoil = echoing(path)
    assert watch.run(*words).code != 0
    assert any(heard.path.endswith(path) for heard in watch.tap.heard)
    clean(watch, *heard_of(way))


def test_a_refresh_whose_error_repeats_everything_is_not_quoted(make_watch: MakeWatch) -> None:
    watch = make_watch(WAYS["pkce"])
    assert connect(watch, WAYS["pkce"]).code == 0
    revoked(watch, "access_token")
    watch.tap.spoil = echoing("oauth2/token")
    assert watch.run("check", "--online", "purchases").code == 8
    clean(watch, *heard_of("pkce"))


@pytest.mark.parametrize(
    ("way", "path"),
    [("oauth1", "/accounts"), ("pkce", "/accounts"), ("pkce", "oauth2/token"),
     ("tiktok", "user/info/")],
)  # fmt: skip
def test_a_command_that_is_killed_with_its_secrets_in_hand_leaves_none(
    make_watch: MakeWatch, way: str, path: str
) -> None:
    watch = make_watch(WAYS[way])
    watch.killing(path)
    assert connect(watch, WAYS[way]).code == -signal.SIGKILL
    assert any(heard.path.endswith(path) for heard in watch.tap.heard)
    clean(watch, *heard_of(way))


CRASHING = """
import importlib, logging, os, sys
os.chdir(sys.argv[1])
logging.basicConfig(level=logging.DEBUG)
from connector import api

class Person:
    def visit(self, address, *, here):
        print(address, flush=True)
    def ask(self, prompt):
        return sys.stdin.readline().strip()
    secret = ask
    def pick(self, choices, *, proposed):
        return proposed

def crash(*_, **__):
    raise RuntimeError("crash")

_, name, place, port = sys.argv[1:]
module, _, attribute = place.rpartition(".")
setattr(importlib.import_module(module), attribute, crash)
asked = api.Asked(way=api.Way(back="paste", port=int(port)))
api.connect(api.load(), name, asked, Person(), api.Edges())
"""


CRASHES = {
    "pkce by paste": ("connector.x.authorization.exchange", "connector.credentials.keeping.put"),
    "tiktok by address": ("connector.tiktok.authorization.exchange",),
}
EVERYWHERE = (
    "connector.http._headers", "connector.api.connecting.reach", "connector.api.trying._accounts",
    "connector.api.connecting.keep", "connector.credentials.keys.seal",
)  # fmt: skip


@pytest.mark.parametrize(
    ("way", "place"),
    [(way, place) for way, own in CRASHES.items() for place in (*own, *EVERYWHERE)],
)
def test_a_crash_shows_a_traceback_and_no_secret(
    make_watch: MakeWatch, way: str, place: str
) -> None:
    watch, flow = make_watch(WAYS[way]), WAYS[way]
    arguments = (watch.desk.folder, flow.name, place, watch.desk.port)
    process = forked(CRASHING, *arguments, environment=watch.environment)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{led_to(process.stdout.readline().strip())}\n")
    code, out, err = ended_process(process)
    assert (code, "Traceback" in err) == (1, True), err
    watch.said += [("output", out.encode()), ("log", err.encode())]
    clean(watch)
