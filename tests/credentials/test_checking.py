"""Whether a place can keep a connection is known before anybody consents to it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from vaults import KEY, SECRETS, connection

from connector.credentials import Edges, Vault, check_place, keep, rename, vault_of
from connector.errors import ConfigurationError, UnreachableError
from connector.state import database
from connector.state.place import Place

MakeVault = Callable[..., Vault]
TOKEN = SECRETS["tiktok"]


@pytest.mark.parametrize("visibility", ["private", "WORKSPACE", "team:growth"])
def test_a_place_that_can_keep_it_passes_and_is_left_as_it_was(
    vault: MakeVault, folder: Path, visibility: str
) -> None:
    mine = vault({"CONNECTOR_SECRET_KEY": KEY, "CONNECTOR_SECRET_KEY_GROWTH": KEY})
    assert check_place(mine, "x", visibility) == visibility.lower()
    assert not list(folder.glob("*.json"))
    assert not (folder / "key").exists()
    assert mine.shared is not None
    assert mine.shared.records() == []


@pytest.mark.parametrize(
    ("visibility", "about"),
    [("everybody", "no visibility"), ("workspace", "CONNECTOR_SECRET_KEY must be set")],
)
def test_a_place_without_a_key_or_a_name_does_not(
    vault: MakeVault, visibility: str, about: str
) -> None:
    with pytest.raises(ConfigurationError, match=about):
        check_place(vault({}), "x", visibility)


def test_a_variable_that_holds_no_key_is_told(vault: MakeVault) -> None:
    with pytest.raises(ConfigurationError, match="does not hold a key"):
        check_place(vault({"CONNECTOR_SECRET_KEY": "short"}), "x", "private")


def test_without_a_state_nothing_can_be_shared(alone: Vault) -> None:
    with pytest.raises(ConfigurationError, match="state init"):
        check_place(alone, "x", "workspace")


def test_a_name_that_is_somebody_elses_there_does_not(vault: MakeVault, tmp_path: Path) -> None:
    mine = vault()
    keep(mine, connection(), TOKEN)
    assert mine.shared is not None
    environment = {"CONNECTOR_SECRET_KEY": KEY}
    other = vault_of(tmp_path / "elsewhere", mine.shared.database, environment, edges=mine.edges)
    keep(other, connection(visibility="workspace"), TOKEN)
    with pytest.raises(ConfigurationError, match="another connection x already"):
        check_place(mine, "x", "workspace")
    assert check_place(mine, "x", "private") == "private"
    assert check_place(other, "x", "workspace") == "workspace"


def test_a_keyring_that_does_not_answer_is_told(folder: Path) -> None:
    vault = vault_of(folder, None, {}, use_keyring=True, edges=Edges(keyring=lambda: None))
    with pytest.raises(ConfigurationError, match="no keyring answers here"):
        check_place(vault, "x", "private")


def test_a_folder_that_others_may_read_is_told(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), TOKEN)
    folder.chmod(0o755)
    with pytest.raises(ConfigurationError, match="chmod 700"):
        check_place(alone, "y", "private")


def test_a_disk_that_takes_nothing_is_told(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), TOKEN)
    (folder / "..trial.draft").mkdir()
    with pytest.raises(UnreachableError, match="cannot be used now"):
        check_place(alone, "x", "private")


def test_a_state_that_takes_nothing_is_told(place: Place, folder: Path) -> None:
    with (
        database.opened(place, busy_seconds=0.1) as state,
        database.opened(place) as other,
        other.write(),
        pytest.raises(UnreachableError),
    ):
        check_place(vault_of(folder, state, {"CONNECTOR_SECRET_KEY": KEY}), "x", "workspace")


@pytest.mark.parametrize("visibility", ["private", "workspace"])
def test_a_name_that_is_given_at_once_to_two_is_one_s(vault: MakeVault, visibility: str) -> None:
    mine = vault()
    keep(mine, connection("a", visibility=visibility), TOKEN)
    keep(mine, connection("b", visibility=visibility), SECRETS["oauth1"])
    shelf = mine.shelves[("private", "workspace").index(visibility)]
    assert shelf.rename("a", "c")
    assert not shelf.rename("b", "c")
    with pytest.raises(ConfigurationError, match="another connection c already"):
        rename(mine, "b", "c")
    assert shelf.read("b") is not None
