"""The rows that a list asks for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from connector.simulator.ads.entities import DRAFT, Entity
from connector.simulator.ads.store import Store
from connector.simulator.ads_calls import AdsCall

E = TypeVar("E", bound=Entity)

_WORD = re.compile(r"\w+")


def selected(
    call: AdsCall,
    store: Store,
    entities: Sequence[E],
    *,
    filters: Mapping[str, str],
    searched: Sequence[str] = (),
) -> list[E]:
    """The entities that a list asks for, in its order.

    Args:
        call: what was asked.
        store: where they are from.
        entities: all there are.
        filters: the attribute that each parameter with a list of values filters by.
        searched: the attributes that `q` looks into.
    """
    params = call.params
    kept = [
        entity
        for entity in entities
        if (params.get("with_deleted") or not store.is_hidden(entity))
        and (params.get("with_draft") or getattr(entity, "entity_status", "") != DRAFT)
        and _passes(params, entity, filters, store)
    ]
    if params.get("q"):
        kept = [entity for entity in kept if _is_found(call, searched, entity)]
    order = params.get("sort_by")
    for entry in reversed(order if isinstance(order, list) else []):
        attribute, _, direction = entry.rpartition("-")
        kept.sort(key=lambda one, by=attribute: _rank(one, by), reverse=direction == "desc")  # type: ignore[misc]
    return kept


def _rank(entity: Entity, attribute: str) -> tuple[bool, Any]:
    value = getattr(entity, attribute)
    return value is not None, value


def _passes(
    params: Mapping[str, object], entity: Entity, filters: Mapping[str, str], store: Store
) -> bool:
    for name, attribute in filters.items():
        wanted = params.get(name)
        if isinstance(wanted, list) and _attribute(entity, attribute, store) not in wanted:
            return False
    return True


def _attribute(entity: Any, attribute: str, store: Store) -> object:  # noqa: ANN401
    """An attribute of an entity, or one of the campaign it belongs to."""
    # whichever entity has the attribute
    if attribute == "funding_instrument_id" and not hasattr(entity, attribute):
        entity = store.campaigns[entity.campaign_id]
    return getattr(entity, attribute)


def _is_found(call: AdsCall, searched: Sequence[str], entity: Entity) -> bool:
    """Whether every word of `q` is a word of what is searched, which knows the past only."""
    lag = call.simulation.settings.search_lag_seconds
    if lag and entity.created_at > call.simulation.clock() - lag:
        return False
    texts = (str(getattr(entity, name) or "") for name in searched)
    words = {word for text in texts for word in _WORD.findall(text.lower())}
    return words.issuperset(_WORD.findall(str(call.params["q"]).lower()))
