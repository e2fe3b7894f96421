"""What is said of a row, as SQL over its values: reasons, dropped identifiers, warnings, hashes.

Each is words with blanks between them, empty for none.
"""

from collections.abc import Iterator

from connector.conversions import body, contents
from connector.conversions.draft import Draft
from connector.conversions.fields import (
    CONTENTS,
    DESTINATION,
    FIELDS,
    IDENTIFIERS,
    PUBLIC_TEXTS,
    Field,
)
from connector.conversions.rules import (
    RULES,
    has_wall_time,
    is_ambiguous,
    is_date_alone,
    is_hashed,
    is_skipped,
)
from connector.conversions.sql import all_of, any_of, holds_address, matches, spaced
from connector.project.mapping import Mapping

_ITEM_TEXTS = {entry.name for entry in CONTENTS}
# A text within JSON, where quotes are escaped.
_EMAIL_IN_ITEM = r'"{}":"(\\.|[^"\\])*?[^\s@"]+@[^\s@"]+\.[^\s@"]+'


def reasons(draft: Draft, mapping: Mapping) -> str:
    """Why a row is rejected, all of it."""
    failed = any_of(*(f"{tried} is null" for tried in draft.tried.values()))
    words = [_word("expression_failed", failed)] if draft.tried else []
    words.extend(
        _reason(draft, entry)
        for entry in (*DESTINATION, *FIELDS)
        if entry.name in draft.values and entry.kind != "text" and _is_used(draft, entry)
    )
    if "contents" in draft.values:
        words.append(_word("invalid_contents", _broken_contents(draft)))
    words.append(_word("missing_identifier", _nobody(draft, mapping)))
    return spaced(*words)


def _word(word: str, condition: str) -> str:
    return f"case when {condition} then '{word}' end"


def _is_used(draft: Draft, entry: Field) -> bool:
    return entry.kind != "currency" or "value" in draft.values


def _reason(draft: Draft, entry: Field) -> str:
    """The reason of a field; none where its expression failed, nor for a currency of nothing."""
    reason = RULES[entry.kind].reason(draft.values[entry.name])
    conditions = [f"{draft.tried[entry.name]} is not null"] if entry.name in draft.tried else []
    if entry.kind == "currency":
        conditions.append(f"{draft.values['value'].trimmed} is not null")
    return f"case when {' and '.join(conditions)} then {reason} end" if conditions else reason


def _broken_contents(draft: Draft) -> str:
    value = draft.values["contents"]
    no_list = contents.is_no_list(value.given, value.valid, value.kind)
    return any_of(no_list, contents.has_broken(value.valid))


def _nobody(draft: Draft, mapping: Mapping) -> str:
    """True without a sufficient identifier."""
    sufficient = [
        all_of(*(f"{body.identifier_value(draft.values, key)} is not null" for key in keys))
        for keys in (body.SUFFICIENT[way] for way in mapping.identifiers.sufficient)
        if all(body.is_mapped(draft.values, key) for key in keys)
    ]
    return f"not {any_of(*sufficient)}"


def dropped(draft: Draft) -> str:
    """Why identifiers are left out; a raw one is not asked for where its hash was given."""
    words = []
    for entry in IDENTIFIERS:
        if entry.name not in draft.values or entry.kind == "text":
            continue
        reason = RULES[entry.kind].reason(draft.values[entry.name])
        unused = _given_hash(draft, entry)
        words.append(f"case when {unused} is null then {reason} end" if unused else reason)
    return spaced(*words)


def _given_hash(draft: Draft, entry: Field) -> str | None:
    """The hash column that wins over this raw identifier, if both are mapped."""
    given = draft.values.get(entry.key)
    return given.valid if given is not None and entry.name != entry.key else None


def hashed(draft: Draft) -> str:
    """The raw identifiers that were taken as hashed already."""
    words = []
    for entry in IDENTIFIERS:
        value = draft.values.get(entry.name)
        if value is None or entry.kind not in ("email", "phone"):
            continue
        unused = _given_hash(draft, entry)
        used = [f"{unused} is null"] if unused else []
        words.append(
            _word(entry.name, all_of(is_hashed(value), f"{value.valid} is not null", *used))
        )
    return spaced(*words)


def warnings(draft: Draft) -> str:
    """What is odd with a row that may be sent all the same."""
    return spaced(*_time_warnings(draft), *_personal_texts(draft))


def _time_warnings(draft: Draft) -> Iterator[str]:
    time = draft.values["conversion_time"]
    if time.kind.family == "text":
        yield _word("date_alone", is_date_alone(time))
    if has_wall_time(time):
        yield _word("ambiguous_conversion_time", is_ambiguous(time))
        yield _word("skipped_conversion_time", is_skipped(time))


def _personal_texts(draft: Draft) -> Iterator[str]:
    for name in PUBLIC_TEXTS:
        if name in draft.values:
            yield _word(f"personal_{name}", holds_address(draft.values[name].valid))
        elif name in _ITEM_TEXTS and "contents" in draft.values:
            items = body.shown_as("contents")
            yield _word(f"personal_{name}", matches(items, _EMAIL_IN_ITEM.format(name)))
