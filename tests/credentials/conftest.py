"""Vaults on every kind of place."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from vaults import KEY

from connector.credentials import Edges, Vault, vault_of
from connector.state import database
from connector.state.place import Place

MakeVault = Callable[..., Vault]
ENVIRONMENT = {"CONNECTOR_SECRET_KEY": KEY}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "credentials"


@pytest.fixture
def alone(folder: Path) -> Vault:
    """The vault of who has no state and no key in the environment."""
    return vault_of(folder, None, {}, edges=Edges(keyring=lambda: None))


@pytest.fixture
def vault(place: Place, folder: Path) -> Iterator[MakeVault]:
    """Makes vaults of one person, each with a connection of its own to one state."""
    with ExitStack() as stack:

        def make(environment: dict[str, str] | None = None, **edges: object) -> Vault:
            state = stack.enter_context(database.opened(place))
            known = ENVIRONMENT if environment is None else environment
            made = Edges(**{"keyring": lambda: None, **edges})  # type: ignore[arg-type]
            return vault_of(folder, state, known, edges=made)

        yield make
