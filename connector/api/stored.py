"""What a connection gets in with: secrets of config.yaml, or what `connector connect` stored."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from connector.api.lines import AnyConnection, refuse_simulated, x_app, x_line
from connector.api.projects import Edges, state_place
from connector.api.sending import of_config
from connector.connecting import roles as role_table
from connector.connecting.roles import Job
from connector.credentials import (
    FOLDER,
    Connection,
    Issuer,
    Kept,
    OAuth1Tokens,
    OAuth2Tokens,
    PixelTokens,
    Secret,
    TikTokTokens,
    Vault,
    fresh,
    kept,
    learn_roles,
    learn_status,
    listed,
    used,
    vault_of,
)
from connector.errors import ConfigurationError, CredentialsError, TokenRefusedError
from connector.project import Project, TikTokConnection, XConnection
from connector.state import database
from connector.state.database import Database
from connector.state.place import folder_beside
from connector.x import accounts
from connector.x import authorization as x
from connector.x import conversions as wire
from connector.x.calling import Access, Bearer, Consumer, Line, Signing


@contextmanager
def vault_opened(
    project: Project, state: Database | None = None, *, use_keyring: bool = False
) -> Iterator[Vault]:
    """The credentials of a project; without a state there are private ones alone.

    Raises:
        ConfigurationError: the state can't be used by this tool.
        UnreachableError: it can't be used now.
    """
    place = state_place(project)
    folder = folder_beside(place, project.root) / FOLDER
    if state is not None or (isinstance(place, Path) and not place.exists()):
        yield vault_of(folder, state, os.environ, use_keyring=use_keyring)
        return
    with database.opened(place) as opened:
        yield vault_of(folder, opened, os.environ, use_keyring=use_keyring)


def tokens_of(pair: x.Pair, now: datetime) -> OAuth2Tokens:
    """Tokens of OAuth 2.0 as they are kept."""
    return OAuth2Tokens(
        access_token=pair.access_token, refresh_token=pair.refresh_token,
        expires_at=now + timedelta(seconds=pair.seconds), scopes=pair.scopes,
    )  # fmt: skip


def stored(
    vault: Vault, name: str, connection: AnyConnection, edges: Edges, *, refused: str | None = None
) -> Kept:
    """What is stored for a connection, good now and noted as used.

    `refused` is an access token of OAuth 2.0 that X did not take before its end.

    Raises:
        ConfigurationError: nothing is, it can't be opened here, or it is of another place.
        CredentialsError: it was revoked, or is over.
        UnreachableError: the platform does not renew it now.
    """
    found = kept(vault, name)
    if found.connection.platform != connection.platform:
        raise ConfigurationError(
            f"connection {name} was connected to {found.connection.platform}, and config.yaml says"
            f" {connection.platform}; run `connector connect {name}` again"
        )
    refuse_simulated(name, connection, texts_of(found.secret))

    def refresh(tokens: OAuth2Tokens) -> OAuth2Tokens:
        if not isinstance(connection, XConnection) or tokens.refresh_token is None:
            raise CredentialsError(f"connection {name} can't be renewed")
        with x_line(connection, edges) as line:
            pair = x.refresh(line, x_app(name, connection), tokens.refresh_token)
        return tokens_of(pair, edges.now())

    def revoke(tokens: OAuth2Tokens) -> None:
        if isinstance(connection, XConnection):
            with x_line(connection, edges) as line:
                x.end(
                    line, x_app(name, connection), access_token=tokens.access_token,
                    refresh_token=tokens.refresh_token,
                )  # fmt: skip

    issuer = Issuer(refresh=refresh, revoke=revoke)
    good = fresh(vault, name, issuer, now=edges.now, refused=refused)
    used(vault, name, edges.now())
    return good


def texts_of(secret: Secret) -> list[str]:
    """The secrets within a secret."""
    if isinstance(secret, PixelTokens):
        return list(secret.tokens.values())
    if isinstance(secret, OAuth1Tokens):
        return [secret.consumer_key, secret.consumer_secret, secret.token, secret.token_secret]
    renewal = [secret.refresh_token or ""] if isinstance(secret, OAuth2Tokens) else []
    return [secret.access_token, *renewal]


def x_access(
    vault: Vault, name: str, connection: XConnection, edges: Edges
) -> Access | PixelTokens:
    """What lets requests to X in; the tokens of pixels let conversions in alone.

    Raises:
        ConnectorError: as `stored`.
    """
    if connection.auth.stored is None:
        found = of_config(connection.auth)
        if found.oauth1 is None:
            return PixelTokens(tokens=found.pixel_tokens or {})
        key, secret, token, token_secret = found.oauth1
        consumer = Consumer(key=key, secret=secret)
        return Signing(consumer=consumer, token=token, token_secret=token_secret)
    return access_of_kept(stored(vault, name, connection, edges), connection)


def renewed(
    vault: Vault, name: str, connection: XConnection, edges: Edges, *, refused: Bearer
) -> Access:
    """What lets requests in instead of a token that X did not take before its end.

    Raises:
        CredentialsError: there is none: a second login elsewhere revoked it, or a person at X.
        ConnectorError: as `stored`.
    """
    found = access_of_kept(
        stored(vault, name, connection, edges, refused=refused.token), connection
    )
    if isinstance(found, PixelTokens):
        raise CredentialsError(f"connection {name} was just connected in another way; try again")
    return found


@contextmanager
def standing(vault: Vault, name: str) -> Iterator[None]:
    """Note whether the platform takes what is stored under a name, by how the block ends."""
    try:
        yield
    except TokenRefusedError:
        learn_status(vault, name, "revoked")
        raise
    learn_status(vault, name, "connected")


def access_of(secret: Secret) -> Access | PixelTokens:
    """A secret of X as its wire takes it."""
    if isinstance(secret, PixelTokens):
        return secret
    if isinstance(secret, OAuth1Tokens):
        consumer = Consumer(key=secret.consumer_key, secret=secret.consumer_secret)
        return Signing(consumer=consumer, token=secret.token, token_secret=secret.token_secret)
    return Bearer(token=secret.access_token)


def access_of_kept(one: Kept, connection: XConnection) -> Access | PixelTokens:
    """What is stored as the wire takes it; limits are counted by what no renewal changes."""
    access, app = access_of(one.secret), connection.auth.client_id
    if not isinstance(access, Bearer) or app is None:
        return access
    return replace(access, client=app.get_secret_value(), user=one.connection.identity)


def tiktok_token(vault: Vault, name: str, connection: TikTokConnection, edges: Edges) -> str:
    """The access token of TikTok.

    Raises:
        ConnectorError: as `stored`.
    """
    if connection.auth.access_token is not None:
        return connection.auth.access_token.get_secret_value()
    secret = stored(vault, name, connection, edges).secret
    if not isinstance(secret, TikTokTokens):
        raise ConfigurationError(f"connection {name}: run `connector connect {name}` again")
    return secret.access_token


def facts_of(vault: Vault, name: str) -> Connection | None:
    """The public facts of what is stored under a name; needs no key."""
    return next((each for each in listed(vault) if each.name == name), None)


def check_role(
    vault: Vault, name: str, connection: XConnection, access: Access, *, job: Job, edges: Edges
) -> None:
    """Stop who may not do a job, after asking X once more.

    Raises:
        CredentialsError: the user's role does not allow it; says which one does.
        ConnectorError: X does not say.
    """
    if is_known_to_allow(vault, name, connection, job):
        return
    with standing(vault, name), x_line(connection, edges) as line:
        roles = asked_roles(vault, name, connection, (line, access))
    if not role_table.may(roles, job):
        raise role_table.refusal(name, roles, job)


def is_known_to_allow(vault: Vault, name: str, connection: XConnection, job: Job) -> bool:
    """Whether what is stored says that the user may do a job."""
    facts = facts_of(vault, name)
    return facts is not None and _is_of(facts, connection) and role_table.may(facts.roles, job)


def asked_roles(
    vault: Vault, name: str, connection: XConnection, way: tuple[Line, Access]
) -> tuple[str, ...]:
    """What X says now that the user is, which is kept where something is stored.

    Raises:
        ConnectorError: X does not say.
    """
    roles = accounts.roles(*way, connection.ad_account_id)
    facts = facts_of(vault, name)
    if facts is not None and _is_of(facts, connection) and roles != facts.roles:
        learn_roles(vault, name, roles)
    return roles


def _is_of(facts: Connection, connection: XConnection) -> bool:
    return facts.ad_account_ids[:1] == (connection.ad_account_id,)


def sending_stored(
    vault: Vault, name: str, connection: XConnection, edges: Edges
) -> wire.Credentials:
    """What lets conversions in, of what is stored.

    Raises:
        CredentialsError: they are of OAuth 2.0, or the user's role does not allow it.
        ConnectorError: as `stored`.
    """
    access = x_access(vault, name, connection, edges)
    if isinstance(access, PixelTokens):
        return wire.Credentials(pixel_tokens=access.tokens)
    if isinstance(access, Bearer):
        raise CredentialsError(
            f"connection {name} was connected by OAuth 2.0, by which X takes no conversions;"
            f" run `connector connect {name} --flow pixel-token`, or --flow oauth1"
        )
    check_role(vault, name, connection, access, job="conversions", edges=edges)
    consumer = access.consumer
    return wire.Credentials(
        oauth1=(consumer.key, consumer.secret, access.token, access.token_secret)
    )
