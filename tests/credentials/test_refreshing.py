from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from vaults import CANARY, KEY, NOW, OTHER_KEY, PAIR, SECRETS, connection, later

from connector.credentials import (
    Edges,
    OAuth2Tokens,
    Vault,
    fresh,
    keep,
    kept,
    listed,
    refreshing,
    vault_of,
)
from connector.credentials.vault import put
from connector.errors import ConfigurationError, CredentialsError, Exit, UnreachableError

MakeVault = Callable[..., Vault]
VISIBILITIES = ("private", "workspace")


class Platform:
    """Rotates tokens as a platform does: each refresh token is good once."""

    def __init__(self, good: str = "refresh-0") -> None:
        self.good = good
        self.asked: list[str] = []

    def __call__(self, tokens: OAuth2Tokens) -> OAuth2Tokens:
        self.asked.append(tokens.refresh_token or "")
        if tokens.refresh_token != self.good:
            raise CredentialsError(f"refused {tokens.refresh_token}")
        answer = later(tokens)
        self.good = answer.refresh_token or ""
        return answer


def silent(_tokens: OAuth2Tokens) -> OAuth2Tokens:
    raise UnreachableError("no answer in time")


def never(_tokens: OAuth2Tokens) -> OAuth2Tokens:
    raise AssertionError


def now() -> datetime:
    return NOW


@pytest.fixture(params=VISIBILITIES)
def visibility(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def connected(vault: Vault, visibility: str = "private", **tokens: object) -> None:
    pair = replace(PAIR, **tokens)  # type: ignore[arg-type]
    keep(vault, connection(visibility=visibility), pair)


def test_a_pair_that_ends_is_renewed_and_kept(vault: MakeVault, visibility: str) -> None:
    connected(vault(), visibility)
    platform = Platform()
    one = fresh(vault(), "x", platform, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert (one.secret.access_token, one.secret.refresh_token) == ("access-1", "refresh-1")
    assert one.connection.expires_at == one.secret.expires_at == NOW + timedelta(hours=2)
    assert (one.connection.status, one.connection.refresh_began_at) == ("connected", None)
    assert kept(vault(), "x") == one
    assert fresh(vault(), "x", platform, now=now) == one
    assert platform.asked == ["refresh-0"]


@pytest.mark.parametrize(
    ("left", "renewed"),
    [
        (timedelta(minutes=5), True),
        (timedelta(minutes=5, seconds=1), False),
        (timedelta(microseconds=-1), True),
    ],
)
def test_it_is_renewed_before_its_end(alone: Vault, left: timedelta, *, renewed: bool) -> None:
    connected(alone, expires_at=NOW + left)
    platform = Platform()
    fresh(alone, "x", platform, now=now)
    assert bool(platform.asked) == renewed


@pytest.mark.parametrize("kind", ["pixel_tokens", "oauth1", "tiktok"])
def test_what_does_not_expire_is_given_as_it_is(alone: Vault, kind: str) -> None:
    keep(alone, connection(), SECRETS[kind])
    assert fresh(alone, "x", never, now=now).secret == SECRETS[kind]


def test_a_pair_without_an_end_is_given_as_it_is(alone: Vault) -> None:
    connected(alone, expires_at=None)
    assert fresh(alone, "x", never, now=now).secret == replace(PAIR, expires_at=None)


def test_what_cannot_be_renewed_is_used_to_its_end_then_refused(alone: Vault) -> None:
    connected(alone, refresh_token=None, expires_at=NOW + timedelta(seconds=1))
    fresh(alone, "x", never, now=now)
    with pytest.raises(CredentialsError, match="expired at 2026-03-02 12:00 and can't be renewed"):
        fresh(alone, "x", never, now=lambda: NOW + timedelta(seconds=1))


def test_what_an_answer_leaves_out_stays(alone: Vault) -> None:
    connected(alone, scopes=("ads.read",))
    answer = OAuth2Tokens(access_token="access-1", expires_at=NOW + timedelta(hours=2))
    one = fresh(alone, "x", lambda _: answer, now=now)
    assert one.secret == replace(answer, refresh_token="refresh-0", scopes=("ads.read",))
    assert one.connection.scopes == ("ads.read",)


def test_a_second_login_elsewhere_is_told_and_remembered(vault: MakeVault, visibility: str) -> None:
    connected(vault(), visibility, access_token=CANARY)
    platform = Platform(good="of the second login")
    with pytest.raises(
        CredentialsError, match=r"X does not take its tokens .* second login"
    ) as told:
        fresh(vault(), "x", platform, now=now)
    assert told.value.exit_code == Exit.UNAUTHORIZED
    assert "refresh-0" not in str(told.value)
    assert told.value.__suppress_context__
    assert "lost" not in str(told.value)
    assert [each.status for each in listed(vault())] == ["revoked"]
    with pytest.raises(CredentialsError, match="second login"):
        fresh(vault(), "x", never, now=now)
    connected(vault(), visibility)
    assert listed(vault())[0].status == "connected"
    fresh(vault(), "x", Platform(), now=now)


def test_a_token_that_is_still_good_is_used_while_the_platform_is_away(
    vault: MakeVault, visibility: str
) -> None:
    connected(vault(), visibility, expires_at=NOW + timedelta(seconds=1))
    one = fresh(vault(), "x", silent, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.access_token == "access-0"
    with pytest.raises(UnreachableError, match="no answer in time"):
        fresh(vault(), "x", silent, now=lambda: NOW + timedelta(seconds=1))
    renewed = fresh(vault(), "x", Platform(), now=now)
    assert isinstance(renewed.secret, OAuth2Tokens)
    assert renewed.secret.access_token == "access-1"


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
        fresh(vault(reached=dying_at(step)), "x", platform, now=now)
    one = fresh(vault(), "x", platform, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.refresh_token == platform.good == "refresh-1"


def test_an_answer_that_was_lost_is_tried_for_once_more_then_told(
    vault: MakeVault, visibility: str
) -> None:
    connected(vault(), visibility)
    platform = Platform()
    with pytest.raises(_Died):
        fresh(vault(reached=dying_at("answered")), "x", platform, now=now)
    with pytest.raises(CredentialsError, match="refresh of 2026-03-02 12:00:00 UTC was lost"):
        fresh(vault(), "x", platform, now=lambda: NOW + timedelta(minutes=1))
    assert platform.asked == ["refresh-0", "refresh-0"]
    with pytest.raises(CredentialsError, match="12:00:00 UTC was lost"):
        fresh(vault(), "x", never, now=now)


def test_a_platform_that_allows_the_old_token_once_more_costs_nothing(alone: Vault) -> None:
    connected(alone)
    with pytest.raises(UnreachableError):
        fresh(alone, "x", silent, now=now)
    one = fresh(alone, "x", Platform(), now=now)
    assert one.connection.refresh_began_at is None


def test_nothing_is_asked_for_when_the_answer_could_not_be_kept(alone: Vault, folder: Path) -> None:
    connected(alone)
    (folder / ".x.json.draft").mkdir()
    with pytest.raises(UnreachableError):
        fresh(alone, "x", never, now=now)
    (folder / ".x.json.draft").rmdir()
    fresh(alone, "x", Platform(), now=now)


@pytest.mark.parametrize(("left", "good"), [(timedelta(seconds=1), True), (timedelta(0), False)])
def test_who_waits_too_long_uses_what_is_good(folder: Path, left: timedelta, *, good: bool) -> None:
    times = iter(range(0, 1000, 10))
    edges = Edges(sleep=lambda _: None, monotonic=lambda: float(next(times)))
    vault = vault_of(folder, None, {}, edges=edges)
    connected(vault, expires_at=NOW + left)
    with vault.private.lock("") as lock:
        assert lock.take()
        if good:
            assert kept(vault, "x") == fresh(vault, "x", never, now=now)
            return
        with pytest.raises(UnreachableError, match="at its refresh for too long"):
            fresh(vault, "x", never, now=now)


def test_a_lock_that_is_lost_costs_no_pair(vault: MakeVault) -> None:
    connected(vault(), "workspace")
    platform = Platform()

    def overtaken(tokens: OAuth2Tokens) -> OAuth2Tokens:
        answer = platform(tokens)
        other = vault()
        # Another process, which found the lock free, asks too late and takes the grant for revoked.
        mine = kept(other, "x")
        with pytest.raises(CredentialsError):
            raise refreshing._revoked(other, mine)
        return answer

    one = fresh(vault(), "x", overtaken, now=now)
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

    assert fresh(vault(), "x", overtaken, now=now).secret == theirs


def test_a_refresh_leaves_the_key_where_it_was(alone: Vault, folder: Path) -> None:
    connected(alone)
    with_variable = vault_of(folder, None, {"CONNECTOR_SECRET_KEY": OTHER_KEY})
    fresh(with_variable, "x", Platform(), now=now)
    assert fresh(alone, "x", never, now=now).connection.name == "x"


def test_a_refresh_seals_with_the_newest_key(vault: MakeVault) -> None:
    connected(vault(), "workspace")
    fresh(vault({"CONNECTOR_SECRET_KEY": f"{OTHER_KEY},{KEY}"}), "x", Platform(), now=now)
    assert kept(vault({"CONNECTOR_SECRET_KEY": OTHER_KEY}), "x")


def test_what_is_not_there_is_not_refreshed(alone: Vault) -> None:
    with pytest.raises(ConfigurationError, match="`connector connect x` gets them"):
        fresh(alone, "x", never, now=now)
