"""Ending what a platform granted: of a connection that is removed, or one that was not kept."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from connector.api.lines import AnyConnection, tiktok_app, tiktok_line, x_app, x_line
from connector.api.obtaining import Wish
from connector.api.projects import Edges
from connector.api.stored import access_of, vault_opened
from connector.credentials import (
    OAuth1Tokens,
    OAuth2Tokens,
    PixelTokens,
    Secret,
    TikTokTokens,
    find,
    listed,
)
from connector.errors import ConfigurationError, ConnectorError, StoppedError
from connector.project import XConnection
from connector.tiktok import authorization as tiktok
from connector.x import authorization as x
from connector.x.calling import Signing

_PLATFORMS = {"x_ads": "X", "tiktok_ads": "TikTok"}


def revoke(name: str, connection: AnyConnection, secret: Secret, edges: Edges) -> None:
    """End tokens at the platform; those of pixels can be ended in X's Events Manager alone.

    Raises:
        ConnectorError: the platform refuses, or can't be asked now.
    """
    if isinstance(secret, TikTokTokens) and not isinstance(connection, XConnection):
        with tiktok_line(connection, edges) as line_:
            tiktok.revoke(line_, tiktok_app(name, connection), secret.access_token)
    elif isinstance(connection, XConnection) and not isinstance(secret, PixelTokens):
        with x_line(connection, edges) as line:
            access = access_of(secret)
            if isinstance(access, Signing):
                x.invalidate(line, access)
            elif isinstance(secret, OAuth2Tokens):
                x.end(
                    line, x_app(name, connection), access_token=secret.access_token,
                    refresh_token=secret.refresh_token,
                )  # fmt: skip


@contextmanager
def kept_or_ended(wish: Wish, secret: Secret, *, keeping: bool) -> Iterator[None]:
    """End what a platform granted when the block fails or is stopped, since nobody has it then.

    X gives each app one token of OAuth 1.0a for a user, and the same again at the next consent: it
    may be in use on another machine. So it is ended only when `keeping` it failed, not when an
    attempt ends before, and never when it is kept here by another name.

    Raises:
        ConnectorError: what the block raised, with what became of the grant.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if isinstance(secret, PixelTokens):
            raise
        names = _names_of(wish, secret)
        if keeping and wish.name in names:  # the error came after it was kept
            raise
        raise _told(error, _ending(wish, secret, names, keeping=keeping)) from None


def _names_of(wish: Wish, secret: Secret) -> list[str]:
    """The connections that have this very secret, as far as they can be opened here."""
    names = []
    with suppress(ConnectorError), vault_opened(wish.project) as vault:
        for facts in listed(vault):
            with suppress(ConfigurationError):
                one = find(vault, facts.name)
                if one is not None and one.secret == secret:
                    names.append(facts.name)
    return names


def _ending(wish: Wish, secret: Secret, names: list[str], *, keeping: bool) -> str:
    """End the grant; what became of it, as the end of a sentence."""
    platform = _PLATFORMS[wish.connection.platform]
    by_hand = f"it can be ended at {platform}, among the user's connected apps"
    if names:
        return f"what {platform} granted is what connection {names[0]} has, and stays"
    if isinstance(secret, OAuth1Tokens) and not keeping:
        return (
            f"the token that {platform} granted was not kept; it may be the one that this user and"
            f" app have on another machine, so it was not revoked: {by_hand}"
        )
    try:
        revoke(wish.name, wish.connection, secret, wish.edges)
    except ConnectorError as refused:
        return f"what {platform} granted could not be revoked ({refused}): {by_hand}"
    except KeyboardInterrupt:
        return f"what {platform} granted was perhaps not revoked, as that was stopped: {by_hand}"
    return f"what {platform} granted was revoked there again"


def _told(error: BaseException, became: str) -> ConnectorError:
    if isinstance(error, ConnectorError):
        return type(error)(f"{error}; {became}")
    if isinstance(error, KeyboardInterrupt):
        return StoppedError(f"stopped by the user; {became}")
    return ConnectorError(f"unexpected {type(error).__name__}; please report it; {became}")
