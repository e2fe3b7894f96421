"""What new credentials reach: ad accounts, one of which a person picks, and roles on it."""

from dataclasses import dataclass, replace

from connector.api.lines import AnyConnection, tiktok_app, tiktok_line, x_line
from connector.api.obtaining import Choices, Wish
from connector.api.stored import access_of
from connector.credentials import OAuth2Tokens, PixelTokens, Secret, TikTokTokens
from connector.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsError,
    UnreachableError,
)
from connector.project import XConnection
from connector.project.address import belongs_to_tiktok
from connector.tiktok import accounts as tiktok_accounts
from connector.x import accounts as x_accounts
from connector.x.authorization import READ, SCOPES


@dataclass(frozen=True, kw_only=True)
class Reached:
    """What the new credentials reach; `failed` is why that could not be asked now."""

    accounts: Choices = ()
    picked: str | None = None
    roles: tuple[str, ...] = ()
    failed: UnreachableError | None = None


def reach(wish: Wish, secret: Secret) -> Reached:
    """Try new credentials out, and let the person pick an account.

    Raises:
        CredentialsError: the platform does not take them, or they reach nothing.
        ConfigurationError: the account that was asked for is not within reach.
    """
    if isinstance(secret, PixelTokens):
        return Reached(picked=wish.asked.account)
    if isinstance(secret, OAuth2Tokens) and secret.scopes and READ not in secret.scopes:
        raise CredentialsError(
            f"X granted no {READ}, without which nothing can be asked; let the app have the scopes"
            f" {', '.join(SCOPES)}, and run the command again"
        )
    try:
        choices = _accounts(wish, secret)
    except UnreachableError as error:
        return Reached(failed=error)
    picked = _pick(wish, choices)
    try:
        roles = _roles(wish, secret, picked) if picked else ()
    except UnreachableError as error:
        return Reached(accounts=choices, picked=picked, failed=error)
    return Reached(accounts=choices, picked=picked, roles=roles)


def _accounts(wish: Wish, secret: Secret) -> Choices:
    connection = wish.connection
    if isinstance(connection, XConnection):
        access = access_of(secret)
        with x_line(connection, wish.edges, project=wish.project) as line:
            if isinstance(access, PixelTokens):
                return ()
            # What was answered to another credential is no answer to this one.
            asking = replace(line, answers=None)
            return [(one.id, one.name) for one in x_accounts.accounts(asking, access)]
    token = secret.access_token if isinstance(secret, TikTokTokens) else ""
    with tiktok_line(connection, wish.edges, project=wish.project) as line_:
        tiktok_accounts.probe(line_, token)
        try:
            found = tiktok_accounts.advertisers(line_, tiktok_app(wish.name, connection), token)
        except ConnectorError:
            # TikTok's sandbox does not list advertisers: the one of the config is the only one.
            if "sandbox" not in connection.base_url or not belongs_to_tiktok(connection.base_url):
                raise
            return [(connection.advertiser_id, "")]
    return [(one.id, one.name) for one in found]


def _roles(wish: Wish, secret: Secret, account_id: str) -> tuple[str, ...]:
    connection = wish.connection
    access = access_of(secret)
    if not isinstance(connection, XConnection) or isinstance(access, PixelTokens):
        return ()
    with x_line(connection, wish.edges, project=wish.project) as line:
        return x_accounts.roles(line, access, account_id)


def _pick(wish: Wish, choices: Choices) -> str | None:
    asked, configured_id = wish.asked, account_of(wish.connection)
    ids = [id_ for id_, _ in choices]
    if not ids:
        raise CredentialsError(
            "the user who allowed it is on no ad account, so nothing is stored; let an"
            " administrator of the account add the user, or allow it as another user"
        )
    if asked.account is not None:
        if asked.account not in ids:
            raise ConfigurationError(
                f"--account {asked.account}: the user does not reach it, so nothing is stored;"
                f" within reach are {', '.join(ids[:20])}"
            )
        return asked.account
    if len(ids) == 1:
        return ids[0]
    proposed = configured_id if configured_id in ids else None
    return wish.person.pick(choices, proposed=proposed) or proposed


def account_of(connection: AnyConnection) -> str:
    """The ad account that config.yaml names."""
    if isinstance(connection, XConnection):
        return connection.ad_account_id
    return connection.advertiser_id
