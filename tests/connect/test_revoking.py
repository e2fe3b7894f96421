"""What a platform granted and nobody keeps is ended there, or a person is told."""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from desk import APP, Desk, MakeDesk, browse, led_to

from connector import api
from connector.api.obtaining import FlowName, Wish
from connector.api.revoking import kept_or_ended
from connector.api.stored import vault_opened
from connector.connecting.flows import Back
from connector.credentials import Kept, OAuth1Tokens, PixelTokens, Secret, TikTokTokens, find
from connector.credentials.disk import make_folder
from connector.errors import ConfigurationError, ConnectorError, CredentialsError, StoppedError
from connector.http import NoAnswer
from connector.x import authorization as x

REVOKED = {
    "oauth1": "/1.1/oauth/invalidate_token.json",
    "pkce": "/2/oauth2/revoke",
    "tiktok": "/open_api/v1.3/oauth2/revoke_token/",
}


@dataclass(kw_only=True)
class Person:
    """Somebody whose browser leads where it does, and who may do something when asked to pick."""

    consumer: tuple[str, str]
    picking: Callable[[], str | None] = lambda: None
    address: str = ""
    asked: list[str] = field(default_factory=list)

    def visit(self, address: str, *, here: bool) -> None:
        self.address = address

    def ask(self, prompt: str) -> str:
        return led_to(self.address)

    def secret(self, prompt: str) -> str:
        return self.consumer["secret" in prompt]

    def pick(self, choices: Sequence[tuple[str, str]], *, proposed: str | None) -> str | None:
        return self.picking() or proposed


@pytest.fixture
def desk(make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = make_desk(further_accounts=1)
    made.config(APP)
    monkeypatch.chdir(made.folder)
    return made


def connect(
    desk: Desk, flow: str, picking: Callable[[], str | None] = lambda: None, **asked: object
) -> None:
    back: Back = "code" if flow == "tiktok" else "paste"
    named: FlowName | None = {"oauth1": "oauth1", "pkce": "pkce"}.get(flow)  # type: ignore[assignment]
    api.connect(
        api.load(), "tok" if flow == "tiktok" else "x",
        api.Asked(way=api.Way(back=back, port=desk.port), flow=named, **asked),  # type: ignore[arg-type]
        Person(consumer=desk.consumer, picking=picking), api.Edges(),
    )  # fmt: skip


def full(desk: Desk) -> str | None:
    """Fill the disk, as it were: nothing of the vault can be written any more."""
    folder = desk.folder / "state" / "credentials"
    make_folder(folder)
    for name in ("x", "tok"):
        (folder / f".{name}.json.draft").mkdir()
    return None


@pytest.mark.parametrize("flow", list(REVOKED))
def test_a_token_that_could_not_be_kept_is_revoked_and_said(desk: Desk, flow: str) -> None:
    with pytest.raises(ConnectorError, match="granted was revoked there again") as told:
        connect(desk, flow, lambda: full(desk))
    assert "cannot be used now" in str(told.value)
    assert told.value.exit_code == 8
    assert REVOKED[flow] in desk.paths()


@pytest.mark.parametrize("flow", list(REVOKED))
def test_a_token_that_could_neither_be_kept_nor_revoked_is_said(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, flow: str
) -> None:
    desk = make_desk(further_accounts=1)
    desk.config(APP)
    monkeypatch.chdir(desk.folder)

    def picking() -> None:
        monkeypatch.setattr("connector.http.Session.send", unreachable)
        full(desk)

    with pytest.raises(ConnectorError, match=r"could not be revoked \(.*no answer.*connected apps"):
        connect(desk, flow, picking)


def unreachable(*_: object) -> object:
    return NoAnswer(left=False, why="the connection was refused")


@pytest.mark.parametrize("flow", ["pkce", "tiktok"])
def test_a_token_that_is_not_wanted_in_the_end_is_revoked(desk: Desk, flow: str) -> None:
    with pytest.raises(ConfigurationError, match=r"does not reach it.*revoked there again"):
        connect(desk, flow, account="123")
    assert REVOKED[flow] in desk.paths()


def test_a_token_of_oauth1_that_may_be_in_use_elsewhere_is_left_and_said(desk: Desk) -> None:
    with pytest.raises(ConfigurationError, match=r"another machine, so it was not revoked"):
        connect(desk, "oauth1", account="123")
    assert REVOKED["oauth1"] not in desk.paths()


def test_a_token_with_too_few_scopes_is_revoked(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = {**(x.authorize_address.__kwdefaults__ or {}), "scopes": ("ads.write",)}
    monkeypatch.setattr(x.authorize_address, "__kwdefaults__", defaults)
    with pytest.raises(CredentialsError, match=r"no ads\.read.*revoked there again"):
        connect(desk, "pkce")
    assert not any(path.startswith("/12/") for path in desk.paths())


def stopping() -> str | None:
    raise KeyboardInterrupt


def test_ctrl_c_before_it_is_kept_revokes_it(desk: Desk) -> None:
    with pytest.raises(StoppedError, match=r"stopped by the user; .*revoked there again"):
        connect(desk, "pkce", stopping)
    assert REVOKED["pkce"] in desk.paths()


def test_ctrl_c_while_it_is_revoked_says_that_it_may_not_be(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(x, "revoke", twice)
    with pytest.raises(StoppedError, match="perhaps not revoked"):
        connect(desk, "pkce", stopping)


def test_a_defect_revokes_it_too(desk: Desk) -> None:
    def broken() -> str | None:
        raise RuntimeError("canary")

    with pytest.raises(ConnectorError, match=r"unexpected RuntimeError.*revoked") as told:
        connect(desk, "pkce", broken)
    assert told.value.exit_code == 1
    assert "canary" not in str(told.value)


def wish(desk: Desk, name: str) -> Wish:
    project = api.load()
    asked = api.Asked(way=api.Way(port=desk.port))
    return Wish(
        project=project, name=name, connection=project.config.connections[name], asked=asked,
        person=Person(consumer=desk.consumer), edges=api.Edges(),
    )  # fmt: skip


def leave(desk: Desk, name: str, secret: Secret, error: BaseException, *, keeping: bool) -> None:
    with kept_or_ended(wish(desk, name), secret, keeping=keeping):
        raise error


def kept(desk: Desk, name: str) -> Secret:
    with vault_opened(api.load()) as vault:
        one = find(vault, name)
    assert isinstance(one, Kept)
    return one.secret


@pytest.mark.parametrize("flow", list(REVOKED))
def test_what_another_name_has_stays(desk: Desk, flow: str) -> None:
    connect(desk, flow)
    name = "tok" if flow == "tiktok" else "x"
    secret = kept(desk, name)
    desk.run("connections", "rename", name, "other")
    with pytest.raises(ConfigurationError, match="is what connection other has, and stays"):
        leave(desk, name, secret, ConfigurationError("no"), keeping=True)
    assert REVOKED[flow] not in desk.paths()


def test_what_was_kept_when_it_was_stopped_stays(desk: Desk) -> None:
    connect(desk, "pkce")
    with pytest.raises(KeyboardInterrupt):
        leave(desk, "x", kept(desk, "x"), KeyboardInterrupt(), keeping=True)
    assert REVOKED["pkce"] not in desk.paths()


def test_the_token_of_a_pixel_was_not_granted_here(desk: Desk) -> None:
    secret = PixelTokens(tokens={"": "a"})
    with pytest.raises(ConfigurationError, match=r"^no$"):
        leave(desk, "x", secret, ConfigurationError("no"), keeping=True)
    assert desk.paths() == []


def test_what_the_platform_does_not_know_cannot_be_revoked(desk: Desk) -> None:
    unknown: dict[str, Secret] = {
        "x": OAuth1Tokens(consumer_key="a", consumer_secret="b", token="c", token_secret="d"),
        "tok": TikTokTokens(access_token="canary"),
    }
    for name, secret in unknown.items():
        with pytest.raises(ConfigurationError, match="could not be revoked") as told:
            leave(desk, name, secret, ConfigurationError("no"), keeping=True)
        assert "canary" not in str(told.value)


@pytest.mark.parametrize("words", [("x", "--flow", "oauth1"), ("x", "--flow", "pkce"), ("tok",)])
def test_ctrl_c_while_a_browser_is_waited_for_ends_it(desk: Desk, words: tuple[str, ...]) -> None:
    with desk.started("connect", *words, "--port", str(desk.port)) as running:
        for line in desk.consumer if "oauth1" in words else ():
            running.type(line)
        running.address()
        running.process.send_signal(signal.SIGINT)
        ended = running.ended()
    assert ended.code == 7
    assert "stopped by the user" in ended.err
    with pytest.raises(OSError, match="refused"):
        browse(f"http://127.0.0.1:{desk.port}/callback")
