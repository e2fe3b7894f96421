"""How an app gets its long-term token of TikTok, and gives it back."""

from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

from connector.errors import UnreachableError
from connector.tiktok.calling import Line, post

_LONGEST_LIFE = 10 * 365 * 86_400


@dataclass(frozen=True, kw_only=True)
class App:
    """An app of TikTok's Business API."""

    app_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A token, and the numbers of the permissions it has.

    `seconds` is how long it is good for, None for the long-term one, which has no end.
    """

    token: str = field(repr=False)
    scopes: tuple[str, ...]
    seconds: float | None = None


def consent_address(line: Line, app: App, *, redirect_uri: str, state: str) -> str:
    """Where a person lets an app in."""
    asked = {"app_id": app.app_id, "redirect_uri": redirect_uri, "state": state}
    return f"{line.consent}/portal/auth?{urlencode(asked, quote_via=quote)}"


def exchange(line: Line, app: App, code: str) -> Granted:
    """The token for a code, which is good once.

    Raises:
        ConnectorError: TikTok refuses.
    """
    reply = post(line, "oauth2/access_token/", {
        "app_id": app.app_id, "secret": app.secret, "auth_code": code,
        "return_advertiser_ids": False,
    })  # fmt: skip
    token, scopes = reply.data.get("access_token"), reply.data.get("scope")
    if not isinstance(token, str) or not token:
        raise UnreachableError(
            f"TikTok Ads POST oauth2/access_token: {reply.answer.status} 0: the answer holds no"
            " token; run `connector connect NAME` again"
        )
    seconds = reply.data.get("expires_in")
    return Granted(
        token=token,
        scopes=tuple(map(str, scopes)) if isinstance(scopes, list) else (),
        seconds=float(seconds) if type(seconds) is int and 0 < seconds < _LONGEST_LIFE else None,
    )


def revoke(line: Line, app: App, token: str) -> None:
    """End a token.

    Raises:
        ConnectorError: TikTok refuses.
    """
    body = {"app_id": app.app_id, "secret": app.secret, "access_token": token}
    post(line, "oauth2/revoke_token/", body)
