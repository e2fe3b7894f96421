from collections.abc import Callable
from pathlib import Path

import pytest
from vaults import CANARY, KEY, NOW, OTHER_KEY, SECRETS, THIRD_KEY, connection

from connector.credentials import (
    Vault,
    find,
    keep,
    keeping,
    kept,
    listed,
    rekey,
    remove,
    rename,
    share,
    used,
    vault_of,
)
from connector.errors import ConfigurationError, UnreachableError
from connector.state import database
from connector.state.place import Place

MakeVault = Callable[..., Vault]
SHARED = ("workspace", "team:growth")
ALL = ("private", *SHARED)
BOTH = {"CONNECTOR_SECRET_KEY": KEY, "CONNECTOR_SECRET_KEY_GROWTH": OTHER_KEY}
TOKEN = SECRETS["tiktok"]


def elsewhere(vault: MakeVault, tmp_path: Path, environment: dict[str, str]) -> Vault:
    """The same state, as somebody else on another machine has it."""
    made = vault(environment)
    assert made.shared is not None
    return vault_of(tmp_path / "elsewhere", made.shared.database, environment, edges=made.edges)


@pytest.mark.parametrize("visibility", ALL)
def test_what_is_kept_comes_back_wherever_it_lies(vault: MakeVault, visibility: str) -> None:
    facts = keep(vault(BOTH), connection(visibility=visibility, last_used_at=NOW), TOKEN)
    assert (facts.visibility, facts.last_used_at) == (visibility, NOW)
    one = kept(vault(BOTH), "x")
    assert (one.connection, one.secret) == (facts, TOKEN)


@pytest.mark.parametrize(
    ("visibility", "variable"),
    [("workspace", "CONNECTOR_SECRET_KEY"), ("team:growth", "CONNECTOR_SECRET_KEY_GROWTH")],
)
def test_a_shared_one_is_read_by_who_has_its_key(
    vault: MakeVault, tmp_path: Path, visibility: str, variable: str
) -> None:
    keep(vault(BOTH), connection(visibility=visibility), TOKEN)
    holder = elsewhere(vault, tmp_path, {variable: BOTH[variable]})
    assert kept(holder, "x").secret == TOKEN
    other = next(name for name in BOTH if name != variable)
    nobody = elsewhere(vault, tmp_path, {other: BOTH[other]})
    assert [each.name for each in listed(nobody)] == ["x"]
    with pytest.raises(ConfigurationError, match=f"{variable} must be set"):
        kept(nobody, "x")
    stranger = elsewhere(vault, tmp_path, {variable: THIRD_KEY})
    with pytest.raises(ConfigurationError, match=f"{variable} does not open connection x"):
        kept(stranger, "x")


@pytest.mark.parametrize("visibility", SHARED)
def test_nothing_is_shared_without_a_key(vault: MakeVault, visibility: str) -> None:
    keep(vault({}), connection(), TOKEN)
    with pytest.raises(ConfigurationError, match="CONNECTOR_SECRET_KEY"):
        share(vault({}), "x", visibility)
    assert kept(vault({}), "x").connection.visibility == "private"


def test_no_secret_is_in_the_state_in_the_clear(vault: MakeVault, place: Place) -> None:
    for kind, secret in SECRETS.items():
        keep(vault(BOTH), connection(kind, visibility="workspace"), secret)
    rekey(vault({"CONNECTOR_SECRET_KEY": f"{THIRD_KEY},{KEY}"}))
    with database.opened(place) as state:
        assert CANARY not in str(state.read("select * from connections"))
    if isinstance(place, Path):
        contents = [path.read_bytes() for path in place.parent.rglob("*") if path.is_file()]
        assert not [content for content in contents if CANARY.encode() in content]


@pytest.mark.parametrize("to", ALL)
@pytest.mark.parametrize("visibility", ALL)
def test_a_connection_moves_between_visibilities(
    vault: MakeVault, visibility: str, to: str
) -> None:
    mine = vault(BOTH)
    keep(mine, connection(visibility=visibility, last_used_at=NOW), TOKEN)
    moved = share(mine, "x", to)
    assert (moved.visibility, moved.last_used_at) == (to, NOW)
    assert kept(vault(BOTH), "x").secret == TOKEN
    assert [shelf.read("x") is not None for shelf in mine.shelves] == (
        [True, False] if to == "private" else [False, True]
    )


class _Died(BaseException):
    """The process ends here."""


def dying_at(step: str) -> Callable[[str], None]:
    def reached(now: str) -> None:
        if now == step:
            raise _Died

    return reached


@pytest.mark.parametrize("to", ALL)
@pytest.mark.parametrize("visibility", ALL)
@pytest.mark.parametrize("step", ["drafted", "synced", "renamed", "settled", "placed", "cleared"])
def test_a_move_that_dies_has_happened_or_not(
    vault: MakeVault, visibility: str, to: str, step: str
) -> None:
    keep(vault(BOTH), connection(visibility=visibility), TOKEN)
    try:
        share(vault(BOTH, reached=dying_at(step)), "x", to)
    except _Died:
        died = True
    else:
        died = False
    one = kept(vault(BOTH), "x")
    assert one.secret == TOKEN
    assert one.connection.visibility in {visibility, to}
    assert died or one.connection.visibility == to
    share(vault(BOTH), "x", visibility)
    remove(vault(BOTH), "x")
    assert find(vault(BOTH), "x") is None


def test_what_a_move_left_behind_is_never_taken_for_the_newest(vault: MakeVault) -> None:
    keep(vault(BOTH), connection(), SECRETS["oauth1"])
    with pytest.raises(_Died):
        share(vault(BOTH, reached=dying_at("placed")), "x", "workspace")
    keep(vault(BOTH), connection(visibility="workspace"), TOKEN)
    assert kept(vault(BOTH), "x").secret == TOKEN
    remove(vault(BOTH), "x")
    assert find(vault(BOTH), "x") is None


def test_my_own_goes_before_a_shared_one_of_somebody_else(vault: MakeVault, tmp_path: Path) -> None:
    keep(elsewhere(vault, tmp_path, BOTH), connection(visibility="workspace"), SECRETS["oauth1"])
    mine = vault(BOTH)
    # What a login puts under a name that is shared takes its place; here both were there before.
    colleague = vault_of(mine.private.folder, None, {}, edges=mine.edges)
    keep(colleague, connection(), TOKEN)
    assert kept(mine, "x").secret == TOKEN
    with pytest.raises(ConfigurationError, match="there is another connection x already"):
        share(mine, "x", "workspace")
    assert kept(elsewhere(vault, tmp_path, BOTH), "x").secret == SECRETS["oauth1"]
    remove(mine, "x")
    assert kept(mine, "x").secret == SECRETS["oauth1"]


@pytest.mark.parametrize("visibility", ALL)
def test_a_connection_is_renamed_in_one_step(vault: MakeVault, visibility: str) -> None:
    keep(vault(BOTH), connection(visibility=visibility), TOKEN)
    keep(vault(BOTH), connection("taken"), TOKEN)
    keep(vault(BOTH), connection("taken_too", visibility="workspace"), TOKEN)
    for name in ("taken", "taken_too"):
        with pytest.raises(ConfigurationError, match=f"another connection {name} already"):
            rename(vault(BOTH), "x", name)
    rename(vault(BOTH), "x", "shop")
    assert find(vault(BOTH), "x") is None
    assert kept(vault(BOTH), "shop").secret == TOKEN
    with pytest.raises(ConfigurationError, match="connection x"):
        rename(vault(BOTH), "x", "y")
    with pytest.raises(ConfigurationError, match="can't name a connection"):
        rename(vault(BOTH), "shop", "../shop")


@pytest.mark.parametrize("visibility", ALL)
def test_what_is_removed_is_gone_and_needs_no_key(vault: MakeVault, visibility: str) -> None:
    keep(vault(BOTH), connection(visibility=visibility), TOKEN)
    remove(vault({}), "x")
    assert find(vault(BOTH), "x") is None
    assert listed(vault({})) == []


@pytest.mark.parametrize("visibility", ALL)
def test_using_a_connection_is_noted(vault: MakeVault, visibility: str) -> None:
    before = keep(vault(BOTH), connection(visibility=visibility), TOKEN)
    used(vault({}), "x", NOW)
    [after] = listed(vault({}))
    assert (after.last_used_at, after.revision) == (NOW, before.revision)
    assert kept(vault(BOTH), "x").secret == TOKEN


def test_keys_rotate_by_putting_the_new_one_first(vault: MakeVault) -> None:
    for name, visibility in (("a", "workspace"), ("b", "team:growth"), ("c", "private")):
        keep(vault(BOTH), connection(name, visibility=visibility), TOKEN)
    done = rekey(vault({"CONNECTOR_SECRET_KEY": f"{THIRD_KEY},{KEY}"}))
    assert done == keeping.Rekeyed(
        resealed={"private": 1, "workspace": 1}, skipped=("team:growth",)
    )
    after = vault({**BOTH, "CONNECTOR_SECRET_KEY": THIRD_KEY})
    assert {kept(after, name).secret for name in "abc"} == {TOKEN}
    with pytest.raises(ConfigurationError, match="CONNECTOR_SECRET_KEY does not open"):
        kept(vault(BOTH), "a")


def test_a_table_is_resealed_whole_or_not_at_all(vault: MakeVault) -> None:
    keep(vault(BOTH), connection("a", visibility="workspace"), TOKEN)
    other = {"CONNECTOR_SECRET_KEY": OTHER_KEY}
    keep(vault(other), connection("b", visibility="workspace"), TOKEN)
    with pytest.raises(ConfigurationError, match="does not open connection b"):
        rekey(vault({"CONNECTOR_SECRET_KEY": f"{THIRD_KEY},{KEY}"}))
    assert kept(vault(BOTH), "a").secret == TOKEN
    assert kept(vault(other), "b").secret == TOKEN


def test_without_a_state_nothing_is_shared(alone: Vault) -> None:
    keep(alone, connection(), TOKEN)
    with pytest.raises(ConfigurationError, match="state init"):
        share(alone, "x", "workspace")
    assert kept(alone, "x").secret == TOKEN


def test_who_waits_too_long_for_another_change_gives_up(vault: MakeVault) -> None:
    facts = keep(vault(BOTH), connection(visibility="workspace"), TOKEN)
    times = iter(range(0, 1000, 10))
    waiting = vault(BOTH, sleep=lambda _: None, monotonic=lambda: float(next(times)))
    [_, shelf] = waiting.shelves
    with shelf.lock(facts.identity) as lock:
        assert lock.take()
        with pytest.raises(UnreachableError, match="connection x is being changed"):
            remove(waiting, "x")
    assert kept(waiting, "x").secret == TOKEN
