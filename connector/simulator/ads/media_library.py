"""The media library: files that were uploaded, once they are put there."""

from dataclasses import replace

from connector.simulator.ads.campaigns import written
from connector.simulator.ads.entities import Media
from connector.simulator.ads.kinds import each, media_key, optional, some_of, text
from connector.simulator.ads.resources import Resource
from connector.simulator.ads.uploads import CATEGORIES
from connector.simulator.ads.writing import Writing, not_found, wrong

MAX_COUNT, DEFAULT_COUNT = 50, 20

_WRITTEN = ("name", "title", "description", "file_name", "poster_media_key")


def _create(writing: Writing) -> Media:
    key = writing.values["media_key"]
    known = writing.store.media.get(key)
    if known is not None and not known.deleted:
        return _change(writing, known)
    upload = writing.uploads.get(key)
    if upload is None or not upload.is_whole:
        raise not_found("MEDIA_NOT_FOUND", "media_key")
    media = Media(
        id=key,
        media_category=upload.category,
        media_type=CATEGORIES[upload.category].media_type,
        total_bytes=upload.total_bytes,
        ready_at=upload.ready_at,
        created_at=writing.now,
        updated_at=writing.now,
    )
    return _change(writing, media)


def _change(writing: Writing, media: Media) -> Media:
    poster = writing.values.get("poster_media_key")
    if poster is not None:
        found = writing.store.media.get(poster)
        if found is None or found.deleted:
            raise not_found("MEDIA_NOT_FOUND", "poster_media_key")
        if found.media_type != "IMAGE":
            raise wrong("INVALID_MEDIA", "A poster is an image", "poster_media_key")
    return writing.put(replace(media, **written(writing.values, _WRITTEN)))


MEDIA_LIBRARY = Resource(
    kind=Media,
    path="/media_library",
    name="media",
    ids="media_keys",
    id_kind=each(media_key, of="media keys"),
    filters={"media_type": "media_type"},
    searched=("name", "title", "file_name", "description"),
    counts=(MAX_COUNT, DEFAULT_COUNT),
    list_kinds={"media_type": some_of(("GIF", "IMAGE", "VIDEO"))},
    create=_create,
    change=_change,
    can_delete=True,
    kinds={
        "media_key": media_key,
        "name": optional(text()),
        "title": optional(text()),
        "description": optional(text(2000)),
        "file_name": optional(text()),
        "poster_media_key": optional(media_key),
    },
    fixed=frozenset({"media_key"}),
    required=("media_key",),
)
