"""Cards as they are made, changed and looked up."""

from collections.abc import Iterator
from typing import Any

import pytest
from manager import Manager, managed


@pytest.fixture(scope="module")
def manager() -> Iterator[Manager]:
    """An account whose tests make what they need."""
    with managed() as one:
        yield one


def card(manager: Manager, **changes: object) -> dict[str, object]:
    key = manager.rows("media_library")[0]["media_key"]
    url = "https://shop.example.org/?utm_campaign=card"
    details = {"type": "DETAILS", "title": "Pots", "destination": {"type": "WEBSITE", "url": url}}
    media = {"type": "MEDIA", "media_key": key}
    return {"name": "a card", "components": [media, details]} | changes


def test_a_card_is_made_of_components(manager: Manager) -> None:
    made = manager.done("POST", "cards", json=card(manager))
    assert made["components"] == card(manager)["components"]
    assert made["card_type"] == "IMAGE_WEBSITE"
    assert "slides" not in made
    (flat,) = manager.rows("cards/all", card_uris=made["card_uri"])
    assert flat["website_dest_url"] == "https://shop.example.org/?utm_campaign=card"
    assert flat["website_display_url"] == "shop.example.org"
    assert flat["image_display_width"] == "800"
    assert "components" not in flat
    assert manager.done("GET", f"cards/all/{made['id']}") == flat


def test_a_card_of_slides_is_an_array_of_arrays(manager: Manager) -> None:
    parts = card(manager)["components"]
    made = manager.done("POST", "cards", json={"name": "slides", "slides": [parts, parts]})
    assert made["slides"] == [parts, parts]
    assert made["card_type"] == "MIXED_MEDIA_CAROUSEL_WEBSITE"
    assert "components" not in made


def test_a_card_is_changed_deleted_and_listed(manager: Manager) -> None:
    made = manager.done("POST", "cards", json=card(manager, name="first name"))
    path = f"cards/{made['id']}"
    changed = manager.done("PUT", path, json={"name": "second name"})
    assert {**made, "name": "second name", "updated_at": changed["updated_at"]} == changed
    assert [row["id"] for row in manager.rows("cards", q="second")] == [made["id"]]
    assert [row["id"] for row in manager.rows("cards", card_uris=made["card_uri"])] == [made["id"]]
    assert manager.done("DELETE", path)["deleted"] is True
    assert manager.rows("cards/all", card_uris=made["card_uri"]) == []
    (gone,) = manager.rows("cards/all", card_uris=made["card_uri"], with_deleted="true")
    assert gone["deleted"] is True


def test_cards_are_looked_up_by_their_addresses_only(manager: Manager) -> None:
    assert manager.refused("GET", "cards/all") == (400, "MISSING_PARAMETER", "card_uris")
    assert manager.refused("GET", "cards/all", card_uris="1")[1] == "INVALID_PARAMETER"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": None}, "MISSING_PARAMETER"),
        ({"name": "x" * 81}, "INVALID_PARAMETER"),
        ({"name": 5}, "INVALID_PARAMETER"),
        ({"components": "MEDIA"}, "INVALID_PARAMETER"),
        ({"components": [1]}, "INVALID_PARAMETER"),
        ({"components": [{"type": "TEXT"}]}, "INVALID_PARAMETER"),
        ({"components": [{"type": {}}]}, "INVALID_PARAMETER"),
        ({"components": [{"type": "DETAILS"}]}, "INVALID_CARD_COMPONENTS_COMBINATION"),
        ({"components": []}, "INVALID_CARD_COMPONENTS_COMBINATION"),
        ({"components": [{"type": "MEDIA", "media_key": "3_1"}]}, "MEDIA_NOT_FOUND"),
        ({"components": [{"type": "MEDIA", "media_key": []}]}, "MEDIA_NOT_FOUND"),
        ({"components": [{"type": "SWIPEABLE_MEDIA"}]}, "MEDIA_NOT_FOUND"),
        ({"slides": []}, "EXCLUSIVE_PARAMETERS"),
    ],
)
def test_a_card_with_something_wrong_is_not_made(
    manager: Manager, changes: dict[str, object], code: str
) -> None:
    assert manager.refused("POST", "cards", json=card(manager, **changes))[1] == code


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        (None, "MISSING_PARAMETER"),
        ({"type": "WEBSITE"}, "MISSING_PARAMETER"),
        ({"type": "WEBSITE", "url": "shop"}, "INVALID_PARAMETER"),
        ({"type": "WEBSITE", "url": 5}, "INVALID_PARAMETER"),
    ],
)
def test_a_card_leads_somewhere(manager: Manager, destination: object, code: str) -> None:
    sound: Any = card(manager)["components"]
    details = {**sound[1], "destination": destination}
    refused = manager.refused("POST", "cards", json=card(manager, components=[sound[0], details]))
    assert refused[:2] == (400, code)


def test_an_app_card_leads_to_a_store(manager: Manager) -> None:
    sound: Any = card(manager)["components"]
    button = {"type": "BUTTON", "destination": {"googleplay_app_id": "com.example.garden"}}
    made = manager.done("POST", "cards", json=card(manager, components=[sound[0], button]))
    assert made["card_type"] == "IMAGE_APP_DOWNLOAD"
    (flat,) = manager.rows("cards/all", card_uris=made["card_uri"])
    assert "website_dest_url" not in flat


def test_a_card_comes_as_json(manager: Manager) -> None:
    assert manager.refused("POST", "cards", name="x", components="y")[:2] == (
        400, "INVALID_PARAMETER",
    )  # fmt: skip
    headers = {"Content-Type": "application/json"}
    for body in ("{", "[1]", "[" * 100_000):
        answer = manager.session.post(manager.url("cards"), data=body, headers=headers, timeout=5)
        assert answer.status_code == 400
