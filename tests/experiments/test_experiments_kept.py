from dataclasses import replace

import pytest

from connector.state import database, experiments
from connector.state.experiments import Kept, Named
from connector.state.place import Place

NAMED = Named(target="x", account_id="18ce54d4x5t", name="bids")
KEPT = Kept(campaign_id="k2v8c", digest="1a", variants={"control": "w6n4r"})


def test_what_is_kept_is_there_for_the_next_process(place: Place) -> None:
    variants = {"control": "w6n4r", "a_first": "w6n5s"}
    with database.opened(place) as state:
        assert experiments.kept(state, NAMED) is None
        experiments.keep(state, NAMED, KEPT)
        experiments.keep(state, NAMED, replace(KEPT, variants=variants, started_at=7))
    with database.opened(place) as state:
        found = experiments.kept(state, NAMED)
    assert found == replace(KEPT, variants=variants, started_at=7)
    assert found is not None
    assert list(found.variants) == ["control", "a_first"]


@pytest.mark.parametrize(
    "other", [{"target": "http://127.0.0.1:1"}, {"account_id": "zzzzz"}, {"name": "colours"}]
)
def test_another_name_account_or_target_is_another_experiment(
    place: Place, other: dict[str, str]
) -> None:
    with database.opened(place) as state:
        experiments.keep(state, NAMED, KEPT)
        assert experiments.kept(state, replace(NAMED, **other)) is None
        experiments.keep(state, replace(NAMED, **other), replace(KEPT, digest="2b"))
        assert experiments.kept(state, NAMED) == KEPT


def test_the_experiments_of_an_account_are_listed_by_name(place: Place) -> None:
    with database.opened(place) as state:
        for name in ("words", "bids"):
            experiments.keep(state, replace(NAMED, name=name), KEPT)
        experiments.keep(state, replace(NAMED, account_id="zzzzz", name="others"), KEPT)
        assert experiments.names(state, target="x", account_id="18ce54d4x5t") == ["bids", "words"]
