"""OAuth 2.0 tokens that are good when they are given out, and refreshed by one process at a time.

Refresh tokens rotate: once the platform has answered, the old one is worth nothing, so the new pair
is on disk before anybody uses it. What a crash can lose is the answer that was on its way: from the
platform's answer to the end of our writing it is a few milliseconds, and nothing can close that gap
from this side. A mark written before the request tells it: the next process tries the old refresh
token once more, since the platform may never have seen it used, and a refusal then says what may
have happened. The same mark shows that the disk can be written before an answer depends on it. A
pair that could not be kept all the same is revoked, so that none is good that nobody has; Ctrl-C
waits for the end of it.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connector.credentials.facts import Connection, Kept, OAuth2Tokens
from connector.credentials.unbroken import unbroken
from connector.credentials.vault import Found, Vault, copies, opened, put, unknown, waited
from connector.errors import (
    ConnectorError,
    CredentialsError,
    TokenRefusedError,
    UnreachableError,
)

MARGIN = timedelta(minutes=5)
_TRIES = 5
PLATFORMS = {"x_ads": "X", "tiktok_ads": "TikTok"}

STEPS = {
    "locked": "no other process refreshes this connection",
    "marked": "that a refresh begins is on disk",
    "answered": "the platform has answered, and nothing of it is on disk: what dies here is lost",
    "renewed": "the new pair is on disk",
}
"""The steps of a refresh: after each of them the process may die."""


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who gives tokens out.

    `refresh` asks once for the pair that follows; it raises TokenRefusedError when the refresh
    token is not taken, UnreachableError when no clear answer came. `revoke` ends a pair.
    """

    refresh: Callable[[OAuth2Tokens], OAuth2Tokens]
    revoke: Callable[[OAuth2Tokens], None]


@dataclass(frozen=True, kw_only=True)
class _Need:
    """Who renews a connection, and the access token that the platform did not take."""

    issuer: Issuer
    now: Callable[[], datetime]
    refused: str | None


def fresh(
    vault: Vault,
    name: str,
    issuer: Issuer,
    *,
    now: Callable[[], datetime],
    refused: str | None = None,
) -> Kept:
    """A connection whose access token is good for `MARGIN` at least, where it can be renewed.

    What does not expire is given as it is, and nobody is asked for it.

    Args:
        vault: where it is kept.
        name: its name.
        issuer: who is asked.
        now: the time; it passes while another process refreshes.
        refused: an access token that the platform did not take before its end, as happens when a
            second login elsewhere revokes it: it is renewed, unless somebody has done so.

    Raises:
        ConfigurationError: nothing is kept, or it can't be opened here.
        CredentialsError: the grant was revoked, or is over.
        UnreachableError: the platform or the place does not answer, and the token is over.
    """
    need = _Need(issuer=issuer, now=now, refused=refused)
    found, one = _current(vault, name)
    if not _is_due(one, need):
        return one
    with found.shelf.lock(one.connection.identity) as lock:
        if waited(vault, lock):
            vault.edges.reached("locked")
            return _refreshed(vault, name, need)
    if _is_good(one, need):
        return one
    raise UnreachableError(f"connection {name}: another process is at its refresh for too long")


def _current(vault: Vault, name: str) -> tuple[Found, Kept]:
    found = copies(vault, name)
    if not found:
        raise unknown(name)
    one = opened(vault, found[0])
    # Of what can't be renewed it was a remark: only the platform knows whether it still holds.
    if one.connection.status == "revoked" and one.connection.renewable:
        raise _revoked_error(one.connection)
    return found[0], one


def _is_due(one: Kept, need: _Need) -> bool:
    """Whether it has to be renewed.

    Raises:
        CredentialsError: it is over and can't be.
    """
    secret, name = one.secret, one.connection.name
    ends = getattr(secret, "expires_at", None)
    if isinstance(secret, OAuth2Tokens) and secret.refresh_token is not None:
        near = ends is not None and ends <= need.now() + MARGIN
        return near or secret.access_token == need.refused
    if ends is not None and ends <= need.now():
        raise CredentialsError(
            f"connection {name} expired at {ends:%Y-%m-%d %H:%M} and can't be renewed;"
            f" run `connector connect {name}`"
        )
    return False


def _is_good(one: Kept, need: _Need) -> bool:
    if not isinstance(one.secret, OAuth2Tokens) or one.secret.access_token == need.refused:
        return False
    ends = one.secret.expires_at
    return ends is None or ends > need.now()


def _refreshed(vault: Vault, name: str, need: _Need) -> Kept:
    """For who holds the lock: somebody else may have been quicker."""
    found, one = _current(vault, name)
    if not _is_due(one, need) or not isinstance(one.secret, OAuth2Tokens):
        return one
    with unbroken():
        try:
            _mark(vault, found, one, need.now())
            answer = need.issuer.refresh(one.secret)
        except TokenRefusedError:
            raise _revoked(vault, one) from None
        except UnreachableError:
            if _is_good(one, need):
                return one
            raise
        vault.edges.reached("answered")
        renewed = _renewed(vault, one, _completed(answer, one.secret), need.issuer)
    vault.edges.reached("renewed")
    return renewed


def _mark(vault: Vault, found: Found, one: Kept, now: datetime) -> None:
    marked = replace(one.connection, refresh_began_at=now)
    if not _write(vault, found, replace(one, connection=marked)):
        raise UnreachableError(f"connection {one.connection.name} was just changed; try again")
    vault.edges.reached("marked")


def _completed(answer: OAuth2Tokens, old: OAuth2Tokens) -> OAuth2Tokens:
    """An answer may leave out what stays as it was."""
    return replace(
        answer,
        refresh_token=answer.refresh_token or old.refresh_token,
        scopes=answer.scopes or old.scopes,
    )


def _write(vault: Vault, found: Found, one: Kept) -> bool:
    """Keep the next revision of what was found, durably; False when that is not there any more."""
    following = replace(one.connection, revision=found.connection.revision + 1)
    return put(
        vault,
        replace(one, connection=following),
        over=found.connection.revision,
        holder=found.record.sealed_with,
    )


def _renewed(vault: Vault, old: Kept, tokens: OAuth2Tokens, issuer: Issuer) -> Kept:
    """The new pair, durable.

    Raises:
        CredentialsError: it could not be kept, and what became of it.
    """
    try:
        return _placed(vault, old, tokens)
    # Whatever it is, the pair is nowhere but here.
    except BaseException as error:  # noqa: BLE001 - see above
        if (there := _there(vault, old.connection.name, tokens)) is not None:
            return there
        raise _given_back(old.connection, tokens, issuer, error) from None


def _placed(vault: Vault, old: Kept, tokens: OAuth2Tokens) -> Kept:
    """Keep the new pair.

    A lock can be lost with its server. Whoever came between has another answer, which holds, or
    none, which must not cost this one.
    """
    name = old.connection.name
    for _ in range(_TRIES):
        found = copies(vault, name)
        if not found:
            raise unknown(name)
        now_kept = opened(vault, found[0])
        if now_kept.secret != old.secret:
            return now_kept
        facts = replace(now_kept.connection, refresh_began_at=None, status="connected")
        if _write(vault, found[0], Kept(connection=facts, secret=tokens)):
            return opened(vault, copies(vault, name)[0])
    raise UnreachableError(f"connection {name} is changed by other processes all the time")


def _there(vault: Vault, name: str, tokens: OAuth2Tokens) -> Kept | None:
    """What is kept, if it is these tokens: an error may come after the writing."""
    try:
        found = copies(vault, name)
        one = opened(vault, found[0]) if found else None
    except ConnectorError:
        return None
    return one if one is not None and one.secret == tokens else None


def _given_back(
    facts: Connection, tokens: OAuth2Tokens, issuer: Issuer, error: BaseException
) -> CredentialsError:
    """Revoke what could not be kept; the error that says so."""
    platform = PLATFORMS.get(facts.platform, facts.platform)
    why = str(error) if isinstance(error, ConnectorError) else type(error).__name__
    try:
        issuer.revoke(tokens)
    except ConnectorError as refused:
        became = f"could neither be kept ({why}) nor be revoked ({refused}); the next login ends it"
    else:
        became = f"could not be kept ({why}), so it was revoked at {platform} again"
    return CredentialsError(
        f"connection {facts.name}: {platform} renewed its tokens, but the new pair {became};"
        f" run `connector connect {facts.name}`"
    )


def _revoked(vault: Vault, one: Kept) -> CredentialsError:
    """Remember that the grant is gone, if it is still the one that was refused.

    `one` is what was there before this refresh began: its mark is of an earlier one.
    """
    with suppress(ConnectorError):  # what matters is to say it
        for found in copies(vault, one.connection.name)[:1]:
            if opened(vault, found).secret == one.secret:
                facts = replace(found.connection, status="revoked")
                facts = replace(facts, refresh_began_at=one.connection.refresh_began_at)
                _write(vault, found, replace(one, connection=facts))
    return _revoked_error(one.connection)


def _revoked_error(facts: Connection) -> CredentialsError:
    platform = PLATFORMS.get(facts.platform, facts.platform)
    lost = ""
    if facts.refresh_began_at is not None:
        began = f"{facts.refresh_began_at:%Y-%m-%d %H:%M:%S}"
        lost = f", or the answer to the refresh of {began} UTC was lost"
    return CredentialsError(
        f"connection {facts.name}: {platform} does not take its tokens any more. A second login of"
        f" the same user and app elsewhere revokes the first, as does a person at {platform}{lost};"
        f" run `connector connect {facts.name}`, and share one connection instead of two"
    )
