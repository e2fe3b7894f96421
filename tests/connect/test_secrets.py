"""No secret is in an output, a log, a traceback, a file in the clear, or an argument."""

import traceback
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from desk import APP, Desk, MakeDesk, led_to

from connector import api
from connector.api.stored import texts_of
from connector.credentials import Edges, Kept, find, vault_of
from connector.errors import ConnectorError

LOUD = ("-v", "--log-format", "json")


def kept(desk: Desk, name: str) -> Kept:
    vault = vault_of(
        desk.folder / "state" / "credentials", None, {}, edges=Edges(keyring=lambda: None)
    )
    found = find(vault, name)
    assert found is not None
    return found


def in_files(folder: Path, secret: str) -> list[str]:
    files = (each for each in folder.rglob("*") if each.is_file())
    return [each.name for each in files if secret.encode() in each.read_bytes()]


def answer(back: str, name: str) -> str:
    return dict(parse_qsl(urlsplit(back).query))[name]


def run_through(desk: Desk, name: str, flow: str, typed: tuple[str, ...]) -> tuple[str, str]:
    """Everything a connection's life says, and the code that was exchanged for it."""
    words = ("connect", name, *(("--flow", flow) if flow else ()), "--paste-url", *LOUD)
    with desk.started(*words, "--port", str(desk.port)) as running:
        for line in typed:
            running.type(line)
        back = led_to(running.address())
        arguments = Path(f"/proc/{running.process.pid}/cmdline").read_text()
        running.type(back)
        ended = running.ended()
    assert ended.code == 0, ended.err
    code = answer(back, {"oauth1": "oauth_verifier", "pkce": "code"}.get(flow, "auth_code"))
    return ended.out + ended.err + arguments, code


@pytest.mark.parametrize(
    ("name", "flow"), [("x", "oauth1"), ("x", "pkce"), ("tok", "")], ids=["oauth1", "pkce", "tok"]
)
def test_a_life_from_connecting_to_removing_says_no_secret(
    desk: Desk, name: str, flow: str
) -> None:
    desk.config(APP if flow == "pkce" else "{{stored: true}}")
    typed = desk.consumer if flow == "oauth1" else ()
    said, code = run_through(desk, name, flow, typed)
    secrets = {*texts_of(kept(desk, name).secret), code} - {""}
    secrets |= {desk.facts["client_secret"], desk.facts["tiktok"]["app_secret"]}
    assert len(secrets) >= 4
    for words in (
        ("connections", "list"), ("connections", "show", name), ("check", "--online"),
        ("sync",), ("connections", "remove", name),
    ):  # fmt: skip
        ended = desk.run(*words, *LOUD)
        said += ended.out + ended.err
    assert len(said) > 500
    assert [secret for secret in secrets if secret in said] == []
    (desk.folder / "config.yaml").unlink()
    assert [found for secret in secrets if (found := in_files(desk.folder, secret))] == []


def test_a_kept_secret_is_in_no_file_in_the_clear(desk: Desk) -> None:
    desk.run("connect", "x", typed="canary-7f3e1c\n")
    assert texts_of(kept(desk, "x").secret) == ["canary-7f3e1c"]
    assert in_files(desk.folder, "canary-7f3e1c") == []
    assert "canary" not in repr(kept(desk, "x"))


@pytest.mark.parametrize("typed", ["canary-7f3e1c", "canary 7f3e1c"])
def test_what_is_typed_wrongly_is_not_repeated(desk: Desk, typed: str) -> None:
    for words in (("--flow", "oauth1", "--pin"), ("--flow", "pixel-token", "--pixel", "a")):
        ended = desk.run("connect", "x", *words, *LOUD, typed=f"{typed}\n{typed}\n")
        assert "canary" not in ended.out + ended.err


def test_a_traceback_of_a_refusal_holds_no_secret(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = make_desk()
    desk.config(app_secret="sim-canary-7f3e1c")
    monkeypatch.chdir(desk.folder)
    with pytest.raises(ConnectorError) as raised:
        api.connect(
            api.load(), "tok", api.Asked(way=api.Way(back="code", port=desk.port)),
            Typist(), api.Edges(),
        )  # fmt: skip
    told = "".join(traceback.format_exception(raised.value))
    assert "40101" in told
    assert "canary" not in told


class Typist:
    """Somebody who types a code."""

    def visit(self, address: str, *, here: bool) -> None:
        """Go nowhere."""

    def ask(self, prompt: str) -> str:
        return "canary-code"

    secret = ask

    def pick(self, choices: object, *, proposed: str | None) -> str | None:
        return proposed
