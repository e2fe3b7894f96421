from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from vaults import (
    CANARY,
    KEY,
    NEVER,
    NOW,
    OTHER_KEY,
    PAIR,
    SECRETS,
    SILENT,
    Platform,
    by,
    connected,
    connection,
    failing,
    now,
)

from connector.credentials import (
    Edges,
    OAuth2Tokens,
    TikTokTokens,
    Vault,
    fresh,
    keep,
    kept,
    learn_status,
    listed,
    status_at,
    vault_of,
)
from connector.errors import (
    ConfigurationError,
    CredentialsError,
    Exit,
    UnreachableError,
)

MakeVault = Callable[..., Vault]
VISIBILITIES = ("private", "workspace")


@pytest.fixture(params=VISIBILITIES)
def visibility(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def test_a_pair_that_ends_is_renewed_and_kept(vault: MakeVault, visibility: str) -> None:
    connected(vault(), visibility)
    platform = Platform()
    one = fresh(vault(), "x", platform.issuer, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert (one.secret.access_token, one.secret.refresh_token) == ("access-1", "refresh-1")
    assert one.connection.expires_at == one.secret.expires_at == NOW + timedelta(hours=2)
    assert (one.connection.status, one.connection.refresh_began_at) == ("connected", None)
    assert kept(vault(), "x") == one
    assert fresh(vault(), "x", platform.issuer, now=now) == one
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
    fresh(alone, "x", platform.issuer, now=now)
    assert bool(platform.asked) == renewed


@pytest.mark.parametrize("kind", ["pixel_tokens", "oauth1", "tiktok"])
def test_what_does_not_expire_is_given_as_it_is(alone: Vault, kind: str) -> None:
    keep(alone, connection(), SECRETS[kind])
    assert fresh(alone, "x", NEVER, now=now).secret == SECRETS[kind]


def test_a_pair_without_an_end_is_given_as_it_is(alone: Vault) -> None:
    connected(alone, expires_at=None)
    assert fresh(alone, "x", NEVER, now=now).secret == replace(PAIR, expires_at=None)


def test_what_cannot_be_renewed_is_used_to_its_end_then_refused(alone: Vault) -> None:
    connected(alone, refresh_token=None, expires_at=NOW + timedelta(seconds=1))
    fresh(alone, "x", NEVER, now=now)
    with pytest.raises(CredentialsError, match="expired at 2026-03-02 12:00 and can't be renewed"):
        fresh(alone, "x", NEVER, now=lambda: NOW + timedelta(seconds=1))


def test_what_an_answer_leaves_out_stays(alone: Vault) -> None:
    connected(alone, scopes=("ads.read",))
    answer = OAuth2Tokens(access_token="access-1", expires_at=NOW + timedelta(hours=2))
    one = fresh(alone, "x", by(lambda _: answer), now=now)
    assert one.secret == replace(answer, refresh_token="refresh-0", scopes=("ads.read",))
    assert one.connection.scopes == ("ads.read",)


def test_a_second_login_elsewhere_is_told_and_remembered(vault: MakeVault, visibility: str) -> None:
    connected(vault(), visibility, access_token=CANARY)
    platform = Platform(good="of the second login")
    with pytest.raises(
        CredentialsError, match=r"X does not take its tokens .* second login"
    ) as told:
        fresh(vault(), "x", platform.issuer, now=now)
    assert told.value.exit_code == Exit.UNAUTHORIZED
    assert "refresh-0" not in str(told.value)
    assert told.value.__suppress_context__
    assert "lost" not in str(told.value)
    assert [each.status for each in listed(vault())] == ["revoked"]
    with pytest.raises(CredentialsError, match="second login"):
        fresh(vault(), "x", NEVER, now=now)
    connected(vault(), visibility)
    assert listed(vault())[0].status == "connected"
    fresh(vault(), "x", Platform().issuer, now=now)


def test_a_token_that_is_still_good_is_used_while_the_platform_is_away(
    vault: MakeVault, visibility: str
) -> None:
    connected(vault(), visibility, expires_at=NOW + timedelta(seconds=1))
    one = fresh(vault(), "x", SILENT, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.access_token == "access-0"
    with pytest.raises(UnreachableError, match="no answer in time"):
        fresh(vault(), "x", SILENT, now=lambda: NOW + timedelta(seconds=1))
    renewed = fresh(vault(), "x", Platform().issuer, now=now)
    assert isinstance(renewed.secret, OAuth2Tokens)
    assert renewed.secret.access_token == "access-1"


@pytest.mark.parametrize(
    "error", [CredentialsError("403: not enrolled"), ConfigurationError("no such app")]
)
def test_a_refusal_that_is_not_of_the_token_costs_no_connection(
    vault: MakeVault, visibility: str, error: Exception
) -> None:
    connected(vault(), visibility)
    with pytest.raises(type(error), match=str(error)):
        fresh(vault(), "x", failing(error), now=now)
    assert [each.status for each in listed(vault())] == ["connected"]
    one = fresh(vault(), "x", Platform().issuer, now=now)
    assert isinstance(one.secret, OAuth2Tokens)
    assert one.secret.access_token == "access-1"


def test_a_token_that_is_refused_before_its_end_is_renewed_once(
    vault: MakeVault, visibility: str
) -> None:
    connected(vault(), visibility, expires_at=NOW + timedelta(hours=2))
    platform = Platform()
    fresh(vault(), "x", platform.issuer, now=now)
    assert platform.asked == []
    for _ in range(2):  # the second one finds that it was renewed meanwhile
        one = fresh(vault(), "x", platform.issuer, now=now, refused="access-0")
        assert isinstance(one.secret, OAuth2Tokens)
        assert one.secret.access_token == "access-1"
    assert platform.asked == ["refresh-0"]


def test_a_second_login_shows_before_the_end_of_a_token(vault: MakeVault, visibility: str) -> None:
    connected(vault(), visibility, expires_at=NOW + timedelta(hours=2))
    platform = Platform(good="of the second login")
    with pytest.raises(CredentialsError, match="second login"):
        fresh(vault(), "x", platform.issuer, now=now, refused="access-0")
    assert [each.status for each in listed(vault())] == ["revoked"]


def test_a_token_that_is_refused_is_not_used_while_the_platform_is_away(alone: Vault) -> None:
    connected(alone, expires_at=NOW + timedelta(hours=2))
    with pytest.raises(UnreachableError, match="no answer in time"):
        fresh(alone, "x", SILENT, now=now, refused="access-0")


def test_what_was_refused_and_cannot_be_renewed_is_tried_as_it_is(alone: Vault) -> None:
    connected(alone, refresh_token=None, expires_at=NOW + timedelta(hours=2))
    assert fresh(alone, "x", NEVER, now=now, refused="access-0") == kept(alone, "x")


@pytest.mark.parametrize("kind", ["oauth1", "tiktok", "pixel_tokens"])
def test_a_remark_that_it_was_revoked_keeps_nobody_from_trying(alone: Vault, kind: str) -> None:
    keep(alone, connection(), SECRETS[kind])
    learn_status(alone, "x", "revoked")
    assert fresh(alone, "x", NEVER, now=now).connection.status == "revoked"


def test_a_token_of_tiktok_that_has_an_end_expires(alone: Vault) -> None:
    facts = keep(alone, connection(), TikTokTokens(access_token="a", expires_at=NOW))
    assert (facts.expires_at, status_at(facts, NOW)) == (NOW, "expired")
    with pytest.raises(CredentialsError, match="expired at 2026-03-02 12:00"):
        fresh(alone, "x", NEVER, now=now)


@pytest.mark.parametrize(("left", "good"), [(timedelta(seconds=1), True), (timedelta(0), False)])
def test_who_waits_too_long_uses_what_is_good(folder: Path, left: timedelta, *, good: bool) -> None:
    times = iter(range(0, 1000, 10))
    edges = Edges(sleep=lambda _: None, monotonic=lambda: float(next(times)))
    vault = vault_of(folder, None, {}, edges=edges)
    connected(vault, expires_at=NOW + left)
    with vault.private.lock("") as lock:
        assert lock.take()
        if good:
            assert kept(vault, "x") == fresh(vault, "x", NEVER, now=now)
            return
        with pytest.raises(UnreachableError, match="at its refresh for too long"):
            fresh(vault, "x", NEVER, now=now)


def test_a_refresh_leaves_the_key_where_it_was(alone: Vault, folder: Path) -> None:
    connected(alone)
    with_variable = vault_of(folder, None, {"CONNECTOR_SECRET_KEY": OTHER_KEY})
    fresh(with_variable, "x", Platform().issuer, now=now)
    assert fresh(alone, "x", NEVER, now=now).connection.name == "x"


def test_a_refresh_seals_with_the_newest_key(vault: MakeVault) -> None:
    connected(vault(), "workspace")
    fresh(vault({"CONNECTOR_SECRET_KEY": f"{OTHER_KEY},{KEY}"}), "x", Platform().issuer, now=now)
    assert kept(vault({"CONNECTOR_SECRET_KEY": OTHER_KEY}), "x")


def test_what_is_not_there_is_not_refreshed(alone: Vault) -> None:
    with pytest.raises(ConfigurationError, match="`connector connect x` gets them"):
        fresh(alone, "x", NEVER, now=now)
