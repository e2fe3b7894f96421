"""Refreshes that die, that come too late, or whose pair cannot be kept."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from vaults import KEY, NEVER, NOW, PAIR, SILENT, Platform, by, connected, later, now

from connector.credentials import (
    Edges,
    Issuer,
    OAuth2Tokens,
    Vault,
    disk,
    fresh,
    kept,
    refreshing,
    vault_of,
)
from connector.credentials.vault import put
from connector.errors import CredentialsError, TokenRefusedError, UnreachableError
from connector.state import database
from connector.state.place import Place

MakeVault = Callable[..., Vault]
VISIBILITIES = ("private", "workspace")


@pytest.fixture(params=VISIBILITIES)
def visibility(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


class _Died(BaseException):
    """The process ends here."""


def dying_at(step: str) -> Callable[[str], None]:
    def reached(at: str) -> None:
        if at == step:
            raise _Died

    return reached


@pytest.mark.parametrize("step", ["locked", "marked", "renewed"])
def test_a_refresh_that_dies_goes_on_next_time(
    vault: MakeVault, visibility: str, step: str
) -> None:
    connected(vault(), visibility)
    platform = Platform()
    with pytest.raises(_Died):
        fresh(vault(reached=dying_at(step)), "x", platform.issuer, now=now)
    one = fresh(vault(), "x", platform.issuer, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.refresh_token == platform.good == "refresh-1"


def test_an_answer_that_was_lost_is_tried_for_once_more_then_told(
    vault: MakeVault, visibility: str
) -> None:
    connected(vault(), visibility)
    platform = Platform()
    with pytest.raises(_Died):
        fresh(vault(reached=dying_at("answered")), "x", platform.issuer, now=now)
    with pytest.raises(CredentialsError, match="refresh of 2026-03-02 12:00:00 UTC was lost"):
        fresh(vault(), "x", platform.issuer, now=lambda: NOW + timedelta(minutes=1))
    assert platform.asked == ["refresh-0", "refresh-0"]
    with pytest.raises(CredentialsError, match="12:00:00 UTC was lost"):
        fresh(vault(), "x", NEVER, now=now)


def test_a_platform_that_allows_the_old_token_once_more_costs_nothing(alone: Vault) -> None:
    connected(alone)
    with pytest.raises(UnreachableError):
        fresh(alone, "x", SILENT, now=now)
    one = fresh(alone, "x", Platform().issuer, now=now)
    assert one.connection.refresh_began_at is None


def test_nothing_is_asked_for_when_the_answer_could_not_be_kept(alone: Vault, folder: Path) -> None:
    connected(alone)
    (folder / ".x.json.draft").mkdir()
    with pytest.raises(UnreachableError):
        fresh(alone, "x", NEVER, now=now)
    (folder / ".x.json.draft").rmdir()
    fresh(alone, "x", Platform().issuer, now=now)


def test_a_lock_that_is_lost_costs_no_pair(vault: MakeVault) -> None:
    connected(vault(), "workspace")
    platform = Platform()

    def overtaken(tokens: OAuth2Tokens) -> OAuth2Tokens:
        answer = platform.refresh(tokens)
        other = vault()
        # Another process, which found the lock free, asks too late and takes the grant for revoked.
        mine = kept(other, "x")
        with pytest.raises(CredentialsError):
            raise refreshing._revoked(other, mine)
        return answer

    one = fresh(vault(), "x", by(overtaken), now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.refresh_token == platform.good
    assert one.connection.status == "connected"
    assert kept(vault(), "x") == one


def test_the_answer_of_who_came_between_holds(vault: MakeVault) -> None:
    connected(vault(), "workspace")
    theirs = replace(PAIR, access_token="theirs", expires_at=NOW + timedelta(hours=2))

    def overtaken(tokens: OAuth2Tokens) -> OAuth2Tokens:
        other = vault()
        facts = kept(other, "x").connection
        assert put(other, replace(kept(other, "x"), secret=theirs), over=facts.revision)
        return later(tokens)

    assert fresh(vault(), "x", by(overtaken), now=now).secret == theirs


def in_the_way(place: Place, folder: Path, stack: ExitStack) -> None:
    """Nothing can be written any more: neither files nor the state."""
    disk.make_folder(folder)
    (folder / ".x.json.draft").mkdir()
    state = stack.enter_context(database.opened(place))
    stack.enter_context(state.write())


@pytest.fixture
def hasty(place: Place, folder: Path) -> Iterator[Vault]:
    """A vault that waits for no other writer."""
    with database.opened(place, busy_seconds=0.1) as state:
        yield vault_of(folder, state, {"CONNECTOR_SECRET_KEY": KEY})


def test_a_pair_that_cannot_be_kept_is_revoked_and_told(
    vault: MakeVault, hasty: Vault, place: Place, folder: Path, visibility: str
) -> None:
    connected(vault(), visibility)
    platform = Platform()
    with ExitStack() as stack:

        def refresh(tokens: OAuth2Tokens) -> OAuth2Tokens:
            in_the_way(place, folder, stack)
            return platform.refresh(tokens)

        issuer = Issuer(refresh=refresh, revoke=platform.revoke)
        with pytest.raises(CredentialsError) as told:
            fresh(hasty, "x", issuer, now=now)
    assert platform.ended == ["refresh-1"]
    assert "could not be kept (" in str(told.value)
    assert "revoked at X again; run `connector connect x`" in str(told.value)
    assert "refresh-" not in str(told.value)
    assert "access-" not in str(told.value)
    (folder / ".x.json.draft").rmdir()
    with pytest.raises(CredentialsError, match=r"or the answer to the refresh of .* was lost"):
        fresh(vault(), "x", platform.issuer, now=now)


def test_a_pair_that_can_neither_be_kept_nor_revoked_is_told(
    vault: MakeVault, hasty: Vault, place: Place, folder: Path, visibility: str
) -> None:
    connected(vault(), visibility)
    with ExitStack() as stack:

        def refresh(tokens: OAuth2Tokens) -> OAuth2Tokens:
            in_the_way(place, folder, stack)
            return later(tokens)

        def revoke(_tokens: OAuth2Tokens) -> None:
            raise UnreachableError("the connection was refused")

        with pytest.raises(CredentialsError, match=r"nor be revoked \(the connection was refused"):
            fresh(hasty, "x", Issuer(refresh=refresh, revoke=revoke), now=now)


def test_a_connection_that_is_gone_when_the_answer_comes_leaves_no_pair_behind(
    vault: MakeVault, visibility: str
) -> None:
    connected(vault(), visibility)
    platform = Platform()

    def refresh(tokens: OAuth2Tokens) -> OAuth2Tokens:
        shelf = vault().shelves[VISIBILITIES.index(visibility)]
        shelf.remove("x")
        return platform.refresh(tokens)

    with pytest.raises(CredentialsError, match="no credentials are stored"):
        fresh(vault(), "x", Issuer(refresh=refresh, revoke=platform.revoke), now=now)
    assert platform.ended == ["refresh-1"]


def test_an_error_after_the_writing_costs_no_pair(folder: Path) -> None:
    armed = []

    def reached(step: str) -> None:
        armed.extend([step] if step == "answered" else [])
        if armed and step == "renamed":
            raise OSError

    vault = vault_of(folder, None, {}, edges=Edges(reached=reached))
    connected(vault)
    platform = Platform()
    one = fresh(vault, "x", platform.issuer, now=now)
    assert (one, platform.ended) == (kept(vault, "x"), [])
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.refresh_token == "refresh-1"


def test_a_revoked_grant_is_told_though_it_cannot_be_noted(
    vault: MakeVault, hasty: Vault, place: Place, folder: Path, visibility: str
) -> None:
    connected(vault(), visibility)
    with ExitStack() as stack:

        def refresh(_tokens: OAuth2Tokens) -> OAuth2Tokens:
            in_the_way(place, folder, stack)
            raise TokenRefusedError

        with pytest.raises(CredentialsError, match="second login"):
            fresh(hasty, "x", by(refresh), now=now)
