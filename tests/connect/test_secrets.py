"""After everything that can happen to a connection, none of its secrets is seen anywhere.

Not in a file, a row, an output, a log, a traceback, the arguments of a process or an environment:
neither in the clear nor in a usual disguise. `test_canaries.py` shows that the search finds them.
"""

import pytest
from desk import led_to
from watches import (
    KEY,
    NEW_KEY,
    TEAM_KEY,
    WAYS,
    MakeWatch,
    Watch,
    clean,
    connect,
    heard_of,
    revoked,
)


def status(watch: Watch, name: str) -> str:
    found = watch.run("connections", "list", "--json").json["connections"]
    told: str = next(each["status"] for each in found if each["name"] == name)
    return told


@pytest.mark.parametrize("way", WAYS)
def test_connecting_shows_no_secret(make_watch: MakeWatch, way: str) -> None:
    watch = make_watch(WAYS[way])
    watch.apart = True
    ended = connect(watch, WAYS[way])
    assert ended.code == 0, ended.err
    assert any(where.startswith("arguments of") for where, _ in watch.said)
    assert status(watch, WAYS[way].name) == "connected"
    clean(watch, *heard_of(way))


@pytest.mark.parametrize(
    ("way", "kept"),
    [
        ("pixel-token", "sqlite"), ("oauth1", "sqlite"), ("pkce", "sqlite"), ("tiktok", "sqlite"),
        # What is kept there is the same for all; the one that refreshes keeps most.
        ("pkce", "postgresql"),
    ],
)  # fmt: skip
def test_a_life_shows_no_secret(
    make_watch: MakeWatch, request: pytest.FixtureRequest, way: str, kept: str
) -> None:
    server = request.getfixturevalue("postgresql_server") if kept == "postgresql" else None
    watch, name = make_watch(WAYS[way], server), WAYS[way].name
    assert connect(watch, WAYS[way]).code == 0
    for words in (
        ("connections", "list"), ("connections", "list", "--json"), ("connections", "show", name),
        ("check",), ("check", "--online"), ("check", "--online", "--json"), ("sync",), ("sync",),
        ("status",), ("runs",), ("connections", "rename", name, "other"),
        ("connections", "rename", "other", name),
    ):  # fmt: skip
        watch.run(*words)
    clean(watch, *heard_of(way))
    watch.extra = {"CONNECTOR_SECRET_KEY": KEY, "CONNECTOR_SECRET_KEY_ADS": TEAM_KEY}
    for visibility in ("workspace", "team:ads", "private", "workspace"):
        assert watch.run("connections", "share", name, "--with", visibility).code == 0
        clean(watch)
    watch.extra |= {"CONNECTOR_SECRET_KEY": f"{NEW_KEY},{KEY}"}
    assert watch.run("connections", "rekey").code == 0
    clean(watch)
    watch.extra |= {"CONNECTOR_SECRET_KEY": NEW_KEY}
    assert watch.run("sync").code == {"pkce": 5, "tiktok": 2}.get(way, 0)
    assert watch.run("connections", "remove", name).code == 0
    clean(watch)


def test_a_refresh_and_the_end_of_a_grant_show_no_secret(make_watch: MakeWatch) -> None:
    watch = make_watch(WAYS["pkce"])
    assert connect(watch, WAYS["pkce"]).code == 0
    first = revoked(watch, "access_token")
    assert watch.run("check", "--online", "purchases").code == 2  # conversions need another way
    second = revoked(watch, "refresh_token")
    assert first != second
    assert watch.run("check", "--online", "purchases").code == 5
    assert status(watch, "x") == "revoked"
    grants = [heard for heard in watch.tap.heard if heard.path == "/2/oauth2/token"]
    assert [heard.status for heard in grants] == [200, 200, 400]
    clean(watch, *heard_of("pkce"))


@pytest.mark.parametrize("way", ["oauth1", "pkce", "tiktok"])
def test_a_denial_shows_no_secret(make_watch: MakeWatch, way: str) -> None:
    watch = make_watch(WAYS[way], consent="deny")
    assert connect(watch, WAYS[way]).code == 5
    clean(watch)


WRONG = "canary-of-the-wrong-7f3e1c"


@pytest.mark.parametrize("way", ["pixel-token", "oauth1 by pin", "tiktok by code"])
def test_what_is_typed_wrongly_is_not_repeated(make_watch: MakeWatch, way: str) -> None:
    watch = make_watch(WAYS[way])
    watch.searcher.add(wrong=WRONG)
    connect(watch, WAYS[way], instead=WRONG + " and more" * (way == "pixel-token"))
    typed = f"{WRONG} 1\n{WRONG}\n"
    for words in (("--flow", "oauth1", "--pin"), ("--flow", "pixel-token"), ("--account", "z")):
        assert watch.run("connect", "x", *words, typed=typed).code == 2
    clean(watch)


@pytest.mark.parametrize("way", ["oauth1 by pin", "oauth1 by paste", "pkce by paste"])
def test_a_wrong_verifier_shows_no_secret(make_watch: MakeWatch, way: str) -> None:
    watch = make_watch(WAYS[way])
    with watch.running("connect", "x", *WAYS[way].words) as other:
        for line in watch.desk.consumer if WAYS[way].consumer else ():
            other.type(line)
        led = "7654321" if way.endswith("pin") else led_to(other.address())
        ended = connect(watch, WAYS[way], instead=led)
    assert ended.code == 5
    clean(watch)


def test_a_code_of_another_attempt_shows_no_secret(make_watch: MakeWatch) -> None:
    watch, way = make_watch(WAYS["pkce by paste"]), WAYS["pkce by paste"]
    words = ("connect", way.name, *way.words)
    with watch.running(*words) as first, watch.running(*words) as second:
        code = led_to(first.address()).rpartition("code=")[2]
        mine = led_to(second.address())
        second.type(f"{mine.rpartition('code=')[0]}code={code}")
        ended = watch.end(second, *words)
    assert ended.code == 5
    assert "its verifier does not match" in ended.err
    clean(watch, "code", "code_verifier")
