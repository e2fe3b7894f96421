from dataclasses import replace

import pytest

from connector.state import database, uploads
from connector.state.place import Place
from connector.state.uploads import Kept, Meant

MEANT = Meant(target="x", account_id="18ce54d4x5t", digest="ab" * 32, category="tweet_image")
KEPT = Kept(
    media_id="1833000111222333444", media_key="3_1833000111222333444", segment_bytes=10,
    expires_at=1_800_000_000_000,
)  # fmt: skip


def test_what_is_kept_is_there_for_the_next_process(place: Place) -> None:
    with database.opened(place) as state:
        assert uploads.kept(state, MEANT) is None
        uploads.keep(state, MEANT, KEPT, changed_at=1)
        uploads.keep(state, MEANT, replace(KEPT, segments=3, state="sent"), changed_at=2)
    with database.opened(place) as state:
        assert uploads.kept(state, MEANT) == replace(KEPT, segments=3, state="sent")
        assert state.read("select changed_at from uploads") == [(2,)]


@pytest.mark.parametrize(
    "other",
    [
        {"target": "http://127.0.0.1:1"}, {"account_id": "x"}, {"digest": "cd" * 32},
        {"category": "tweet_gif"}, {"owners": "12"},
    ],
)  # fmt: skip
def test_another_file_account_target_or_purpose_is_another_upload(
    place: Place, other: dict[str, str]
) -> None:
    with database.opened(place) as state:
        uploads.keep(state, MEANT, KEPT, changed_at=1)
        assert uploads.kept(state, replace(MEANT, **other)) is None
        uploads.forget(state, replace(MEANT, **other))
        assert uploads.kept(state, MEANT) == KEPT


def test_what_is_forgotten_is_not_there(place: Place) -> None:
    with database.opened(place) as state:
        uploads.keep(state, MEANT, KEPT, changed_at=1)
        uploads.forget(state, MEANT)
        assert uploads.kept(state, MEANT) is None
