"""How the entities of an account are listed and looked up."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from manager import UNLIMITED, Manager, managed

from connector.simulator.settings import Settings


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account that no test here changes."""
    with managed() as one:
        yield one


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["id"] for row in rows]


def pages(manager: Manager, path: str, **params: object) -> Iterator[list[dict[str, Any]]]:
    cursor = None
    while True:
        body = manager.ask("GET", path, cursor=cursor, **params).json()
        yield body["data"]
        cursor = body["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize(
    ("path", "live", "every"),
    [
        ("campaigns", 6, 7),
        ("line_items", 10, 12),
        ("promoted_tweets", 18, 22),
        ("media_library", 3, 3),
        ("cards", 3, 3),
        ("account_media", 0, 0),
        ("media_creatives", 0, 0),
    ],
)
def test_a_list_holds_what_is_there(manager: Manager, path: str, live: int, every: int) -> None:
    assert len(manager.rows(path)) == live
    assert len(manager.rows(path, with_deleted="true")) == every


def test_pages_hold_every_row_once(manager: Manager) -> None:
    found = list(pages(manager, "promoted_tweets", count=5, with_deleted="true"))
    assert [len(page) for page in found] == [5, 5, 5, 5, 2]
    assert [row["id"] for page in found for row in page] == ids(
        manager.rows("promoted_tweets", with_deleted="true")
    )


def test_a_page_that_is_full_to_the_end_is_the_last(manager: Manager) -> None:
    body = manager.ask("GET", "campaigns", count=6).json()
    assert (len(body["data"]), body["next_cursor"]) == (6, None)


def test_the_total_is_told_where_it_is_asked(manager: Manager) -> None:
    body = manager.ask("GET", "campaigns", count=2, with_total_count="true").json()
    assert (len(body["data"]), body["total_count"]) == (2, 6)
    assert "total_count" not in manager.ask("GET", "campaigns", count=2).json()
    refused = manager.refused("GET", "campaigns", with_total_count="true", cursor="c-000000002")
    assert refused[:2] == (400, "EXCLUSIVE_PARAMETERS")


def test_the_media_library_has_short_pages(manager: Manager) -> None:
    assert manager.refused("GET", "media_library", count=51)[1:] == ("INVALID_PARAMETER", "count")
    assert manager.ask("GET", "media_library", count=50).status_code == 200


def test_lists_are_filtered_by_ids_and_parents(manager: Manager) -> None:
    first, second, *_ = ids(manager.rows("campaigns"))
    assert ids(manager.rows("campaigns", campaign_ids=f"{second},zzzzz")) == [second]
    items = manager.rows("line_items", campaign_ids=f"{first},{second}")
    assert {row["campaign_id"] for row in items} == {first, second}
    wanted = items[0]["id"]
    ads = manager.rows("promoted_tweets", line_item_ids=wanted)
    assert ads
    assert {row["line_item_id"] for row in ads} == {wanted}
    assert ids(manager.rows("promoted_tweets", promoted_tweet_ids=ads[1]["id"])) == [ads[1]["id"]]
    criteria = manager.rows("targeting_criteria", line_item_ids=wanted)
    assert {row["line_item_id"] for row in criteria} == {wanted}


def test_lists_are_filtered_by_what_pays(manager: Manager) -> None:
    funding = manager.funding
    for path in ("campaigns", "line_items"):
        assert manager.rows(path, funding_instrument_ids=funding) == manager.rows(path)
        assert manager.rows(path, funding_instrument_ids="zzzzz") == []


def test_too_many_ids_are_refused(manager: Manager) -> None:
    many = ",".join(f"a{number}" for number in range(201))
    refused = manager.refused("GET", "line_items", line_item_ids=many)
    assert refused == (400, "INVALID_PARAMETER", "line_item_ids")


def test_targeting_is_listed_by_line_item_only(manager: Manager) -> None:
    refused = manager.refused("GET", "targeting_criteria")
    assert refused == (400, "MISSING_PARAMETER", "line_item_ids")


@pytest.mark.parametrize(
    ("path", "attribute"),
    [("campaigns", "name"), ("campaigns", "created_at"), ("line_items", "end_time"),
     ("promoted_tweets", "updated_at")],
)  # fmt: skip
def test_a_list_is_sorted_as_asked(manager: Manager, path: str, attribute: str) -> None:
    for direction in ("asc", "desc"):
        rows = manager.rows(path, sort_by=f"{attribute}-{direction}", with_deleted="true")
        values = [(row[attribute] is not None, row[attribute] or "") for row in rows]
        assert values == sorted(values, reverse=direction == "desc")
    refused = manager.refused("GET", path, sort_by="colour-asc")
    assert refused == (400, "INVALID_PARAMETER", "sort_by")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SPRING", ["Spring pots"]),
        ("pots spring", ["Spring pots"]),
        ("Video: how to", ["Video: how to"]),
        ("spri", []),
        ("spring brand", []),
    ],
)
def test_a_query_finds_whole_words_of_a_name(
    manager: Manager, query: str, names: list[str]
) -> None:
    assert [row["name"] for row in manager.rows("campaigns", q=query)] == names


def test_drafts_are_listed_where_they_are_asked(manager: Manager) -> None:
    names = [row["name"] for row in manager.rows("campaigns", with_draft="true")]
    assert "Next season" in names
    assert len(names) == 7


def test_one_row_is_the_row_of_the_list(manager: Manager) -> None:
    for path, key in (
        ("campaigns", "id"), ("line_items", "id"), ("promoted_tweets", "id"), ("cards", "id"),
        ("media_library", "media_key"),
    ):  # fmt: skip
        row = manager.rows(path)[0]
        body = manager.ask("GET", f"{path}/{row[key]}").json()
        assert body["data"] == row
        assert body["request"] == {"params": {"account_id": manager.account_id}}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("campaigns", "CAMPAIGN_NOT_FOUND"),
        ("line_items", "LINE_ITEM_NOT_FOUND"),
        ("promoted_tweets", "PROMOTED_TWEET_NOT_FOUND"),
        ("targeting_criteria", "TARGETING_CRITERION_NOT_FOUND"),
        ("media_creatives", "MEDIA_CREATIVE_NOT_FOUND"),
        ("account_media", "ACCOUNT_MEDIA_NOT_FOUND"),
        ("media_library", "MEDIA_NOT_FOUND"),
        ("cards", "CARD_NOT_FOUND"),
        ("cards/all", "CARD_NOT_FOUND"),
        ("promotable_users", "PROMOTABLE_USER_NOT_FOUND"),
    ],
)
def test_what_is_not_there_has_a_code_of_its_own(manager: Manager, path: str, code: str) -> None:
    assert manager.refused("GET", f"{path}/zzzzz")[:2] == (404, code)


def test_what_is_deleted_is_found_where_it_is_asked(manager: Manager) -> None:
    every = manager.rows("campaigns", with_deleted="true")
    gone = next(row["id"] for row in every if row["deleted"])
    assert manager.refused("GET", f"campaigns/{gone}")[:2] == (404, "CAMPAIGN_NOT_FOUND")
    assert manager.done("GET", f"campaigns/{gone}", with_deleted="true")["deleted"] is True
    # its line items are not deleted, but hidden with it
    below = manager.rows("line_items", campaign_ids=gone, with_deleted="true")
    assert {row["deleted"] for row in below} == {True, False}
    assert manager.rows("line_items", campaign_ids=gone) == []
    hidden = next(row["id"] for row in below if not row["deleted"])
    assert manager.refused("GET", f"line_items/{hidden}")[:2] == (404, "LINE_ITEM_NOT_FOUND")


def test_rows_do_not_name_their_account(manager: Manager) -> None:
    for path in ("campaigns", "line_items", "promoted_tweets"):
        assert all("account_id" not in row for row in manager.rows(path))


def test_campaigns_say_whether_they_run(manager: Manager) -> None:
    rows = manager.rows("campaigns", with_draft="true", with_deleted="true")
    said = {row["name"]: (row["servable"], row["reasons_not_servable"]) for row in rows}
    assert said["Spring pots"] == (True, [])
    assert said["Garden app"] == (False, ["PAUSED_BY_ADVERTISER"])
    assert said["Next season"] == (False, ["PAUSED_BY_ADVERTISER", "INCOMPLETE"])
    assert "DELETED" in said["Winter sale"][1]
    assert {row["effective_status"] for row in rows if row["servable"]} == {"RUNNING"}


def test_everybody_on_the_account_may_look(manager: Manager) -> None:
    analyst = manager.as_user("analyst")
    assert analyst.rows("campaigns") == manager.rows("campaigns")
    stranger = manager.as_user("stranger")
    assert stranger.refused("GET", "campaigns")[:2] == (403, "ACCOUNT_NOT_FOUND")


def test_lists_count_towards_their_limits(manager: Manager) -> None:
    for path, limit in (("campaigns", 10_000), ("tweets", 10_000), ("cards", 2_000)):
        headers = manager.ask("GET", path, tweet_type="PUBLISHED").headers
        assert headers["x-account-rate-limit-limit"] == str(limit)
    row = manager.rows("line_items")[0]["id"]
    headers = manager.ask("GET", "targeting_criteria", line_item_ids=row).headers
    assert "x-account-rate-limit-limit" not in headers


def test_a_limit_on_targeting_is_one_for_all_of_it() -> None:
    with managed(Settings(limits={"targeting": 2})) as manager:
        item = manager.rows("line_items")[0]["id"]
        manager.rows("targeting_criteria", line_item_ids=item)
        assert manager.ask("GET", "targeting_criteria/zzzzz").status_code == 404
        assert manager.ask("GET", "targeting_criteria", line_item_ids=item).status_code == 429


def test_unknown_parameters_matter_where_that_is_switched_on(manager: Manager) -> None:
    assert manager.ask("GET", "campaigns", colour="red").status_code == 200
    modes = frozenset({"strict_parameters"})
    with managed(Settings(modes=modes, limits=UNLIMITED)) as strict:
        refused = strict.refused("GET", "campaigns", colour="red")
        assert refused == (400, "INVALID_PARAMETER", "colour")
        assert strict.rows("campaigns", count=1)


def test_a_large_account_is_read_page_by_page() -> None:
    with managed(Settings(ads=2000, limits=UNLIMITED)) as manager:
        began = time.monotonic()
        rows = [row for page in pages(manager, "promoted_tweets", count=1000) for row in page]
        assert len({row["id"] for row in rows}) == len(rows) == 2018
        assert time.monotonic() - began < 20
