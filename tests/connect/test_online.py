"""`connector check --online`, as a shell runs it."""

from typing import Any

import duckdb
import pytest
from desk import APP, Desk, MakeDesk
from shop import MAPPING, ORDERS


@pytest.fixture
def make_shop(make_desk: MakeDesk) -> MakeDesk:
    def make(mapping: str = MAPPING, **settings: object) -> Desk:
        desk = make_desk(**settings)
        (desk.folder / "mappings" / "purchases.yaml").write_text(mapping, "utf-8")
        with duckdb.connect(str(desk.folder / "shop.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            connection.execute(ORDERS)
        desk.config(
            "{{oauth1: {{consumer_key: {oauth1[consumer_key]}, consumer_secret:"
            " {oauth1[consumer_secret]}, token: {oauth1[token]}, token_secret:"
            " {oauth1[token_secret]}}}}}"
        )
        return desk

    return make


def asked(desk: Desk, code: int, *words: str) -> dict[str, dict[str, Any]]:
    """The findings about x by subject, the last of each."""
    ended = desk.run("check", *(words or ("purchases",)), "--online", "--json")
    assert ended.code == code, ended.out + ended.err
    return {each["subject"]: each for each in ended.json["online"] if each["connection"] == "x"}


def test_everything_that_is_right_is_said(make_shop: MakeDesk) -> None:
    desk = make_shop()
    assert desk.run("state", "init").code == 0
    found = asked(desk, 0)
    assert {subject: each["outcome"] for subject, each in found.items()} == dict.fromkeys(
        ("credentials", "clock", "account", "role", "event", "budget"), "right"
    )
    assert found["event"]["text"] == "o87ne is Purchase (PURCHASE) of pixel o8z6j"
    told = desk.run("check", "purchases", "--online").out
    assert "right   x, purchases: event: o87ne" in told


def test_it_asks_little_and_nothing_that_is_scarce(make_shop: MakeDesk) -> None:
    desk = make_shop()
    asked(desk, 0)
    assert sorted(path.rpartition("/")[2] for path in desk.paths()) == [
        "18ce54d4x5t", "authenticated_user_access", "web_event_tags",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pixel", "event", "about"),
    [
        ("zzzzz", "o87ne", "has no pixel zzzzz"),
        ("o8z6j", "zzzzz", "has no event zzzzz"),
        ("o8z6j", "deleted", "is deleted"),
        ("o8z6j", "another pixel's", "is of pixel"),
        ("o8z6j", "another account's", "has no event"),
    ],
)
def test_pixel_and_event_belong_together(
    make_shop: MakeDesk, pixel: str, event: str, about: str
) -> None:
    desk = make_shop()
    events = list(desk.address.world.events.values())
    known = {"deleted": events[5], "another pixel's": events[3], "another account's": events[4]}
    id_ = known[event].id if event in known else event
    mapping = MAPPING.replace("pixel_id: o8z6j", f"pixel_id: {pixel}")
    mapping = mapping.replace("event_id: tw-o8z6j-o87ne", f"event_id: {id_}")
    (desk.folder / "mappings" / "purchases.yaml").write_text(mapping, "utf-8")
    found = asked(desk, 2)["event"]
    assert found["outcome"] == "wrong"
    assert about in found["text"]
    assert "Events Manager" in found["text"]


def test_what_comes_from_the_rows_is_not_asked_for(make_shop: MakeDesk) -> None:
    desk = make_shop(MAPPING.replace("event_id: tw-o8z6j-o87ne", "event_id: {value: o87ne}"))
    assert asked(desk, 0)["event"]["outcome"] == "right"
    by_row = MAPPING.replace("event_id: tw-o8z6j-o87ne", "event_id: {column: order_id}")
    (desk.folder / "mappings" / "purchases.yaml").write_text(by_row, "utf-8")
    assert asked(desk, 0)["event"]["outcome"] == "unknown"


def test_a_role_that_may_not_send_is_wrong(make_shop: MakeDesk) -> None:
    found = asked(make_shop(roles=("ANALYST",)), 5)["role"]
    assert found["outcome"] == "wrong"
    assert "AD_MANAGER" in found["text"]


def test_a_clock_that_is_off_is_wrong_before_x_minds(make_shop: MakeDesk) -> None:
    found = asked(make_shop(clock_skew_seconds=100), 2)["clock"]
    assert "behind X's" in found["text"]
    assert "NTP" in found["text"]


@pytest.mark.parametrize(
    ("settings", "about"),
    [
        ({"modes": frozenset({"old_tokens"})}, "403 INSUFFICIENT_USER_AUTHORIZED_PERMISSION"),
        ({"modes": frozenset({"no_ads_access"})}, "403 UNAUTHORIZED_CLIENT_APPLICATION"),
        ({"clock_skew_seconds": 3600}, "behind X's"),
        ({"clock_skew_seconds": -3600}, "ahead of X's"),
        ({"modes": frozenset({"gateway_errors"}), "clock_skew_seconds": 3600}, "401 135"),
    ],
)
def test_credentials_that_are_refused_say_why(
    make_shop: MakeDesk, settings: dict[str, Any], about: str
) -> None:
    found = asked(make_shop(**settings), 5)["credentials"]
    assert found["outcome"] == "wrong"
    assert about in found["text"]


def test_an_account_out_of_reach_is_named(make_shop: MakeDesk) -> None:
    desk = make_shop()
    text = (desk.folder / "config.yaml").read_text("utf-8")
    (desk.folder / "config.yaml").write_text(text.replace("18ce54d4x5t", "18zzz"), "utf-8")
    assert "403 ACCOUNT_NOT_FOUND" in asked(desk, 5)["credentials"]["text"]


def test_a_pixels_token_says_what_it_cannot_ask(make_shop: MakeDesk) -> None:
    desk = make_shop()
    desk.config("{{pixel_token: {pixel_token}}}")
    found = asked(desk, 0)
    assert found["credentials"]["outcome"] == found["event"]["outcome"] == "unknown"
    assert "verify-dedup" in found["credentials"]["text"]
    assert desk.paths() == []
    desk.config("{{pixel_tokens: {{zzzzz: {pixel_token}}}}}")
    assert "no token of pixel o8z6j" in asked(desk, 2)["credentials"]["text"]


def test_oauth_2_cannot_send_what_a_mapping_wants(make_shop: MakeDesk) -> None:
    desk = make_shop()
    desk.config(APP)
    desk.connect("x")
    assert "no conversions by OAuth 2.0" in asked(desk, 2)["credentials"]["text"]


def test_tiktok_is_asked_when_no_mapping_is_named(make_shop: MakeDesk) -> None:
    desk = make_shop()
    ended = desk.run("check", "--online")
    assert ended.code == 2
    assert "`connector connect tok`" in ended.out
    desk.connect("tok")
    ended = desk.run("check", "--online")
    assert ended.code == 0, ended.out
    assert "right   tok: account: 7001122334455667788, Garden shop" in ended.out
    desk.config("{{pixel_token: {pixel_token}}}", advertiser_id="123")
    ended = desk.run("check", "--online")
    assert ended.code == 2
    assert "does not reach advertiser 123" in ended.out


def test_without_online_nobody_is_asked(make_shop: MakeDesk) -> None:
    desk = make_shop()
    ended = desk.run("check", "--json")
    assert "online" not in ended.json
    assert desk.paths() == []
