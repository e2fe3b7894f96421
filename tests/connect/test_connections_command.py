"""`connector connections …`, as a shell runs it."""

import pytest
from desk import APP, KEY, Desk, MakeDesk

FIELDS = {
    "name", "platform", "status", "connected_at", "connected_by", "visibility", "role", "scopes",
    "expires_at", "last_used_at",
}  # fmt: skip
OTHER = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="


@pytest.fixture
def connected(desk: Desk) -> Desk:
    """A desk with a state, and x connected by OAuth 1.0a."""
    assert desk.run("state", "init").code == 0
    ended, _ = desk.connect("x", "--flow", "oauth1", typed=desk.consumer)
    assert ended.code == 0, ended.err
    return desk


def test_a_list_has_every_connection_with_all_its_fields(connected: Desk) -> None:
    found = connected.listed()
    assert found.keys() == {"x", "tok"}
    assert found["x"].keys() >= FIELDS
    assert found["tok"].keys() == found["x"].keys()
    assert (found["x"]["status"], found["tok"]["status"]) == ("connected", "not_connected")
    told = connected.run("connections", "list").out
    assert "AD_MANAGER" in told
    assert "not_connected" in told


def test_what_config_yaml_holds_is_connected_by_nobody(desk: Desk) -> None:
    desk.config("{{pixel_token: {pixel_token}}}")
    found = desk.listed()["x"]
    assert (found["status"], found["visibility"]) == ("connected", None)


def test_show_adds_the_budgets(connected: Desk) -> None:
    found = connected.run("connections", "show", "x", "--json").json
    assert found["budgets"][:2] == [
        {"budget": "conversion_events", "limit": 60000, "seconds": 900.0, "used": 0, "left": 60000,
         "resets_at": None},
        {"budget": "writes", "limit": 50, "seconds": 60.0, "used": 0, "left": 50,
         "resets_at": None},
    ]  # fmt: skip
    assert all(one["budget"].startswith("reads ") for one in found["budgets"][2:])
    assert "left 60,000 of 60,000" in connected.run("connections", "show", "x").out
    [requests] = connected.run("connections", "show", "tok", "--json").json["budgets"]
    assert (requests["budget"], requests["limit"], requests["left"]) == ("requests", 10, 10)
    assert connected.run("connections", "show", "nowhere").code == 2


def test_a_connection_is_shared_and_taken_back(connected: Desk) -> None:
    refused = connected.run("connections", "share", "x", "--with", "team:ads")
    assert refused.code == 2
    assert "CONNECTOR_SECRET_KEY_ADS" in refused.err
    shared = connected.run(
        "connections", "share", "x", "--with", "team:ads", CONNECTOR_SECRET_KEY_ADS=KEY
    )
    assert shared.code == 0, shared.err
    assert connected.listed()["x"]["visibility"] == "team:ads"
    assert not (connected.folder / "state" / "credentials" / "x.json").exists()
    back = connected.run(
        "connections", "share", "x", "--with", "private", CONNECTOR_SECRET_KEY_ADS=KEY
    )
    assert back.code == 0, back.err
    assert connected.listed()["x"]["visibility"] == "private"


def test_connecting_for_all_needs_their_key_before_anybody_is_asked(connected: Desk) -> None:
    words = ("connect", "x", "--flow", "oauth1", "--visibility", "workspace")
    before = len(connected.paths())
    refused = connected.run(*words, typed="a\nb\n")
    assert refused.code == 2
    assert "CONNECTOR_SECRET_KEY must be set" in refused.err
    assert len(connected.paths()) == before


def test_rekey_reseals_what_it_can_open(connected: Desk) -> None:
    connected.run("connections", "share", "x", "--with", "workspace", CONNECTOR_SECRET_KEY=KEY)
    skipped = connected.run("connections", "rekey", "--json")
    assert skipped.json == {"resealed": {}, "skipped": ["workspace"]}
    done = connected.run("connections", "rekey", "--json", CONNECTOR_SECRET_KEY=f"{OTHER},{KEY}")
    assert done.json == {"resealed": {"workspace": 1}, "skipped": []}
    removed = connected.run("connections", "remove", "x", CONNECTOR_SECRET_KEY=OTHER)
    assert removed.code == 0, removed.err


def test_a_rename_tells_when_config_yaml_lags_behind(connected: Desk) -> None:
    ended = connected.run("connections", "rename", "x", "shop")
    assert ended.code == 0, ended.err
    assert "rename it there, too" in ended.err
    assert connected.listed()["shop"]["status"] == "connected"
    assert connected.listed()["x"]["status"] == "not_connected"
    assert connected.run("connections", "rename", "nowhere", "y").code == 2


def test_remove_revokes_and_forgets(connected: Desk) -> None:
    ended = connected.run("connections", "remove", "x", "--json")
    assert ended.json == {"connection": "x", "revoked": True, "remark": None}
    assert "/1.1/oauth/invalidate_token.json" in connected.paths()
    assert connected.listed()["x"]["status"] == "not_connected"
    again = connected.run("connections", "remove", "x")
    assert (again.code, "nothing is stored for connection x" in again.err) == (2, True)
    assert "there is no connection 'y'" in connected.run("connections", "remove", "y").err


def test_what_is_of_another_platform_is_not_called_revoked(desk: Desk) -> None:
    desk.config(APP)
    desk.connect("tok")
    desk.run("connections", "rename", "tok", "x")
    ended = desk.run("connections", "remove", "x", "--json")
    assert ended.json["revoked"] is False
    assert "no connection x of tiktok_ads" in ended.json["remark"]


def test_remove_revokes_tokens_of_oauth_2_and_tiktok(desk: Desk) -> None:
    desk.config(APP)
    desk.connect("x")
    desk.connect("tok")
    for name in ("x", "tok"):
        assert desk.run("connections", "remove", name, "--json").json["revoked"] is True
    assert {"/2/oauth2/revoke", "/open_api/v1.3/oauth2/revoke_token/"} <= set(desk.paths())


def test_a_pixels_token_is_revoked_elsewhere(desk: Desk) -> None:
    desk.run("connect", "x", typed="token\n")
    ended = desk.run("connections", "remove", "x")
    assert ended.code == 0
    assert "Events Manager" in ended.err
    assert desk.listed()["x"]["status"] == "not_connected"


def test_what_cannot_be_revoked_now_is_not_forgotten(connected: Desk) -> None:
    connected.config(url="http://127.0.0.1:9")
    ended = connected.run("connections", "remove", "x")
    assert ended.code == 8
    assert connected.listed()["x"]["status"] == "connected"
    assert connected.run("connections", "remove", "x", "--only-here").code == 0
    assert connected.listed()["x"]["status"] == "not_connected"


def test_what_a_wrong_clock_keeps_from_being_revoked_is_not_forgotten(
    connected: Desk, make_desk: MakeDesk
) -> None:
    connected.config(url=make_desk(clock_skew_seconds=3600).facts["url"])
    ended = connected.run("connections", "remove", "x")
    assert (ended.code, "clock" in ended.err) == (5, True)
    assert connected.listed()["x"]["status"] == "connected"
