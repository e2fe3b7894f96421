"""Several commands at once: one refreshes, all have what it got."""

from contextlib import ExitStack
from dataclasses import replace

import pytest
import requests
from desk import APP, KEY, Desk, MakeDesk, led_to

from connector import api
from connector.api.stored import texts_of, vault_opened
from connector.credentials import find

AT_ONCE = 4
ASK = ("check", "--online", "purchases", "--json")


@pytest.fixture(params=["private", "workspace", "postgresql"])
def desk(
    request: pytest.FixtureRequest, make_shop: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A desk whose x is connected by OAuth 2.0, and kept in one of the places."""
    made, where = make_shop(), request.param
    if where == "postgresql":
        server = request.getfixturevalue("postgresql_server")
        made = replace(made, state=server.owner(f"at_once_{made.port}"))
        where = "workspace"
    made.config(APP)
    monkeypatch.setenv("CONNECTOR_SECRET_KEY", KEY)
    monkeypatch.chdir(made.folder)
    api.init_state(api.load())
    words = ("connect", "x", "--visibility", where, "--paste-url", "--port", str(made.port))
    with made.started(*words, CONNECTOR_SECRET_KEY=KEY) as running:
        running.type(led_to(running.address()))
        ended = running.ended()
    assert ended.code == 0, ended.err
    return made


def pair() -> list[str]:
    with vault_opened(api.load()) as vault:
        one = find(vault, "x")
    assert one is not None
    return texts_of(one.secret)


def asked(desk: Desk, path: str) -> int:
    return sum(each["count"] for each in desk.requests() if each["path"] == path)


def test_of_several_that_find_a_token_ended_one_refreshes(desk: Desk) -> None:
    token, renewal = pair()
    app = (desk.facts["client_id"], desk.facts["client_secret"])
    url = f"{desk.address.url}/2/oauth2/revoke"
    assert requests.post(url, data={"token": token}, auth=app, timeout=5).status_code == 200
    before = asked(desk, "/2/oauth2/token")
    with ExitStack() as stack:
        running = [
            stack.enter_context(desk.started(*ASK, CONNECTOR_SECRET_KEY=KEY))
            for _ in range(AT_ONCE)
        ]
        ends = [each.ended() for each in running]
    for ended in ends:
        assert ended.json["online"][0]["text"] == "X takes them", ended.out
    assert asked(desk, "/2/oauth2/token") - before == 1
    now_token, now_renewal = pair()
    assert {now_token, now_renewal}.isdisjoint({token, renewal})
    headers = {"Authorization": f"Bearer {now_token}"}
    assert requests.get(f"{desk.address.url}/12/accounts", headers=headers, timeout=5).ok
    again = requests.post(
        f"{desk.address.url}/2/oauth2/token", auth=app, timeout=5,
        data={"grant_type": "refresh_token", "refresh_token": now_renewal},
    )  # fmt: skip
    assert again.ok, "the refresh token that is kept is the one that is good"


def test_of_several_that_find_the_grant_gone_all_say_so_and_one_asks(desk: Desk) -> None:
    _, renewal = pair()
    app = (desk.facts["client_id"], desk.facts["client_secret"])
    url = f"{desk.address.url}/2/oauth2/revoke"
    assert requests.post(url, data={"token": renewal}, auth=app, timeout=5).status_code == 200
    before = asked(desk, "/2/oauth2/token")
    with ExitStack() as stack:
        running = [
            stack.enter_context(desk.started(*ASK, CONNECTOR_SECRET_KEY=KEY))
            for _ in range(AT_ONCE)
        ]
        ends = [each.ended() for each in running]
    for ended in ends:
        assert ended.code == 5
        assert "second login" in ended.json["online"][0]["text"]
    assert asked(desk, "/2/oauth2/token") - before == 1
