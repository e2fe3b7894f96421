"""What a simulator has given out since it was started: tokens, codes, and what they stand for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.simulator.world import App, Grant, User, World


@dataclass(frozen=True, kw_only=True)
class RequestToken:
    """A request for a user's consent by OAuth 1.0a; `verifier` once they gave it."""

    consumer_key: str
    secret: str = field(repr=False)
    callback: str
    expires_at: float
    user_id: str = ""
    verifier: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True)
class Code:
    """A user's consent by OAuth 2.0, to be exchanged once.

    `family` names what it was exchanged for, so that it can be taken back.
    """

    consumer_key: str
    user_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    challenge: str
    method: str
    expires_at: float
    family: str
    used: bool = False


@dataclass(frozen=True, kw_only=True)
class Bearer:
    """An OAuth 2.0 token, for calls or for renewal; `expires_at` None where it does not expire."""

    consumer_key: str
    user_id: str
    scopes: tuple[str, ...]
    family: str
    expires_at: float | None = None


Stays = Callable[[Bearer], bool]


@dataclass(frozen=True, kw_only=True)
class AuthCode:
    """A consent at TikTok, to be exchanged once."""

    app_id: str
    expires_at: float
    used: bool = False


@dataclass(kw_only=True, repr=False)
class Issued:
    """Everything by the secret it is asked for with; what was taken back is no longer here."""

    grants: dict[str, Grant]
    requests: dict[str, RequestToken] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    access: dict[str, Bearer] = field(default_factory=dict)
    refresh: dict[str, Bearer] = field(default_factory=dict)
    consented: set[tuple[str, str]] = field(default_factory=set)  # consumer key and user
    auth_codes: dict[str, AuthCode] = field(default_factory=dict)
    tiktok: dict[str, str] = field(default_factory=dict)  # the app by the token

    def take_back(self, *, family: str) -> None:
        """End all OAuth 2.0 tokens that come from one consent."""
        self._keep(lambda bearer: bearer.family != family)

    def take_back_all(self, *, app: App, user: User) -> None:
        """End all OAuth 2.0 tokens a user gave to an app."""
        mine = (app.consumer_key, user.id)
        self._keep(lambda bearer: (bearer.consumer_key, bearer.user_id) != mine)

    def _keep(self, stays: Stays) -> None:
        self.access = _kept(self.access, stays)
        self.refresh = _kept(self.refresh, stays)


def issued_at_first(world: World) -> Issued:
    """What is out before anybody asked: the ready-made tokens."""
    first = next(iter(world.tiktok.apps))
    return Issued(grants=dict(world.grants), tiktok={world.tiktok.token: first})


def _kept(bearers: Mapping[str, Bearer], stays: Stays) -> dict[str, Bearer]:
    return {token: bearer for token, bearer in bearers.items() if stays(bearer)}
