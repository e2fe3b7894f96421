from collections.abc import Callable
from pathlib import Path

import pytest
from vaults import KEY, NOW, PAIR, SECRETS, connection

from connector.credentials import (
    Vault,
    keep,
    kept,
    learn_roles,
    learn_status,
    listed,
    used,
)

MakeVault = Callable[..., Vault]
VISIBILITIES = ("private", "workspace")
TOKEN = SECRETS["oauth1"]


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_roles_and_status_are_noted_without_a_key(vault: MakeVault, visibility: str) -> None:
    keep(vault(), connection(visibility=visibility, last_used_at=NOW), TOKEN)
    learn_roles(vault({}), "x", ("ANALYST",))
    learn_status(vault({}), "x", "revoked")
    [facts] = listed(vault({}))
    assert (facts.roles, facts.status, facts.last_used_at) == (("ANALYST",), "revoked", NOW)
    learn_status(vault({}), "x", "connected")
    assert kept(vault(), "x").connection.status == "connected"
    assert kept(vault(), "x").secret == TOKEN


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_what_was_known_is_not_written_again(vault: MakeVault, visibility: str) -> None:
    before = keep(vault(), connection(visibility=visibility), TOKEN)
    learn_roles(vault(), "x", before.roles)
    learn_status(vault(), "x", "connected")
    assert kept(vault(), "x").connection == before


def test_of_what_can_be_renewed_a_refresh_tells(vault: MakeVault) -> None:
    before = keep(vault(), connection(), PAIR)
    learn_status(vault(), "x", "revoked")
    assert kept(vault(), "x").connection == before


@pytest.mark.parametrize("visibility", VISIBILITIES)
def test_a_note_waits_for_nobody(vault: MakeVault, visibility: str) -> None:
    def impatient(_seconds: float) -> None:
        raise AssertionError

    mine = vault(sleep=impatient)
    before = keep(mine, connection(visibility=visibility), TOKEN)
    shelf = mine.shelves[VISIBILITIES.index(visibility)]
    with shelf.lock(before.identity) as lock:
        assert lock.take()
        learn_roles(vault(sleep=impatient), "x", ("ANALYST",))
    assert listed(mine) == [before]


def test_what_cannot_be_noted_stops_nobody(alone: Vault, folder: Path) -> None:
    before = keep(alone, connection(), TOKEN)
    (folder / "lock").unlink()
    (folder / "lock").mkdir()
    used(alone, "x", NOW)
    learn_roles(alone, "x", ("ANALYST",))
    assert listed(alone) == [before]


def test_a_note_of_nothing_is_none(vault: MakeVault) -> None:
    used(vault({"CONNECTOR_SECRET_KEY": KEY}), "x", NOW)
    learn_roles(vault(), "x", ())
    assert listed(vault()) == []
