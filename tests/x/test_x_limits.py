import pytest

from connector.http import Answer
from connector.x.limits import Told, counted, mark, owners, told

NOW = 1_772_452_800.0  # 2026-03-02 12:00:00 UTC
A = "accounts/18ce54d4x5t"
ACCOUNT, USER = "account 18ce54d4x5t: ", "user u: "


def answer(**headers: str) -> Answer:
    return Answer(
        status=200, body=b"", headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


@pytest.mark.parametrize(
    ("path", "operation", "names", "limit"),
    [
        ("accounts", "accounts", ["user u: accounts"], 5),
        ("line_items/placements", "line_items/placements", ["user u: line_items/placements"], 5),
        (A, "accounts/:id", [f"{ACCOUNT}accounts/:id", f"{USER}accounts/:id"], 2_000),
        (
            f"{A}/web_event_tags", "accounts/:id/web_event_tags",
            [f"{ACCOUNT}accounts/:id/web_event_tags", f"{USER}accounts/:id/web_event_tags"], 2_000,
        ),
        (
            f"{A}/promoted_tweets", "accounts/:id/promoted_tweets",
            [f"{ACCOUNT}accounts/:id/promoted_tweets", f"{USER}accounts/:id/promoted_tweets"],
            10_000,
        ),
        (
            f"{A}/campaigns/8wku2", "accounts/:id/campaigns/:id",
            [f"{ACCOUNT}accounts/:id/campaigns/:id", f"{USER}accounts/:id/campaigns/:id"], 10_000,
        ),
        (f"stats/{A}", "stats/accounts/:id", [f"{USER}analytics", f"{ACCOUNT}analytics"], 250),
        (
            f"stats/{A}/active_entities", "stats/accounts/:id/active_entities",
            [f"{USER}analytics", f"{ACCOUNT}analytics"], 250,
        ),
        (
            f"stats/jobs/{A}", "stats/jobs/accounts/:id",
            [f"{ACCOUNT}stats/jobs/accounts/:id", f"{USER}stats/jobs/accounts/:id"], 2_000,
        ),
        (
            f"{A}/targeting_criteria", "accounts/:id/targeting_criteria",
            [f"{USER}targeting_criteria", f"{ACCOUNT}targeting_criteria"], 400,
        ),
    ],
)  # fmt: skip
def test_a_read_counts_towards_what_x_documents(
    path: str, operation: str, names: list[str], limit: int
) -> None:
    found = counted(path, client="c", user="u", operation=operation, query={})
    assert (list(found.names), found.limit, found.seconds) == (names, limit, 900)
    assert found.name("user").startswith("user")
    assert found.name("account") == next((n for n in names if n.startswith("account")), names[0])


def test_a_total_count_has_a_limit_of_its_own() -> None:
    found = counted(
        f"{A}/campaigns", client="c", user="u", operation="accounts/:id/campaigns",
        query={"with_total_count": "true"},
    )  # fmt: skip
    assert found.limit == 200
    assert found.names[0] == f"{ACCOUNT}accounts/:id/campaigns with_total_count"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        (
            {"x_rate_limit_limit": "250", "x_rate_limit_remaining": "24",
             "x_rate_limit_reset": "1772452890"},
            Told(by="user", limit=250, remaining=24, resets_in=90),
        ),
        (
            {"x_rate_limit_limit": "250", "x_rate_limit_remaining": "24",
             "x_rate_limit_reset": "1772452890", "x_account_rate_limit_limit": " 2000 ",
             "x_account_rate_limit_remaining": "7", "x_account_rate_limit_reset": "1772452860"},
            Told(by="account", limit=2_000, remaining=7, resets_in=60),
        ),
        (
            {"x_rate_limit_limit": "250", "x_rate_limit_remaining": "24",
             "x_rate_limit_reset": "1772452890", "date": "Mon, 02 Mar 2026 12:01:00 GMT"},
            Told(by="user", limit=250, remaining=24, resets_in=30),
        ),
        ({"x_rate_limit_limit": "250", "x_rate_limit_reset": "1772452890"}, None),
        (
            {"x_rate_limit_limit": "250", "x_rate_limit_remaining": "-1",
             "x_rate_limit_reset": "1772452890"},
            None,
        ),
        (
            {"x_rate_limit_limit": "1e3", "x_rate_limit_remaining": "x",
             "x_rate_limit_reset": "9" * 400},
            None,
        ),
    ],
)  # fmt: skip
def test_the_account_s_headers_go_before_the_user_s_and_x_s_clock_counts(
    headers: dict[str, str], expected: Told | None
) -> None:
    assert told(answer(**headers), now=NOW) == expected


def test_a_mark_tells_nobody_what_it_stands_for() -> None:
    assert mark("canary") == mark("canary") != mark("canary2")
    assert "canary" not in mark("canary")
    assert mark("") == "-"
    assert owners("u", None) == ["user u"]
    assert "c4n4ry" not in repr(
        counted("accounts", client="c4n4ry", user="c4n4ry", operation="accounts", query={})
    )
