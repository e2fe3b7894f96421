import base64
import logging
import shutil
import stat
import traceback
from dataclasses import replace
from pathlib import Path

import pytest
from vaults import CANARY, KEY, NOW, OTHER_KEY, SECRETS, connection, ended, start

from connector.credentials import (
    Edges,
    Kept,
    Vault,
    find,
    keep,
    kept,
    listed,
    rekey,
    remove,
    used,
    vault_of,
)
from connector.credentials.facts import Secret
from connector.credentials.keeping import Rekeyed
from connector.errors import ConfigurationError, UnreachableError

READER = """
import sys
from pathlib import Path
from connector.credentials import kept, vault_of
import os
print(kept(vault_of(Path(sys.argv[1]), None, os.environ), "x").secret.access_token)
"""


def with_key(folder: Path, *variable: str) -> Vault:
    environment = {"CONNECTOR_SECRET_KEY": ",".join(variable)} if variable else {}
    return vault_of(folder, None, environment, edges=Edges(keyring=lambda: None))


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_what_is_kept_comes_back(alone: Vault, secret: Secret) -> None:
    facts = keep(alone, connection(), secret)
    assert (facts.visibility, facts.status, facts.connected_by) == (
        "private", "connected", "ana@host",
    )  # fmt: skip
    assert kept(alone, "x") == Kept(connection=facts, secret=secret)
    assert listed(alone) == [facts]


def test_the_facts_say_what_the_tokens_say(alone: Vault) -> None:
    facts = keep(alone, connection(), SECRETS["oauth2"])
    assert facts.scopes == ("ads.read", "offline.access")
    assert (facts.kind, facts.renewable) == ("oauth2", True)
    assert facts.expires_at is not None


def test_what_was_connected_on_a_desktop_is_read_by_cron(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    process = start(READER, folder, environment={})
    assert ended(process) == (0, f"{CANARY}-9\n", "")


def test_cron_is_told_which_variable_it_lacks(folder: Path) -> None:
    keep(with_key(folder, KEY), connection(), SECRETS["tiktok"])
    code, out, err = ended(start(READER, folder, environment={}))
    assert (code, out) == (1, "")
    assert "CONNECTOR_SECRET_KEY must be set" in err
    assert CANARY not in err
    read = start(READER, folder, environment={"CONNECTOR_SECRET_KEY": KEY})
    assert ended(read)[:2] == (0, f"{CANARY}-9\n")


@pytest.mark.parametrize("keys", [(), (KEY,)], ids=["key file", "variable"])
def test_no_secret_lies_in_any_file_in_the_clear(folder: Path, keys: tuple[str, ...]) -> None:
    vault = with_key(folder, *keys)
    for kind, secret in SECRETS.items():
        keep(vault, connection(kind), secret)
    rekey(vault)
    used(vault, "oauth2", NOW)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) == len(SECRETS) + (2 if keys else 3)
    for path in files:
        content = path.read_bytes()
        assert CANARY.encode() not in content
        assert base64.b64encode(CANARY.encode())[:-2] not in content
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_stolen_files_are_of_no_use_without_the_key(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    stolen = folder.with_name("stolen")
    shutil.copytree(folder, stolen)
    (stolen / "key").unlink()
    with pytest.raises(ConfigurationError, match="has no key that opens connection x"):
        find(with_key(stolen), "x")
    keep(with_key(stolen), connection("mine"), SECRETS["tiktok"])
    with pytest.raises(ConfigurationError, match="has no key that opens connection x"):
        find(with_key(stolen), "x")


@pytest.mark.parametrize("text", ["", "no key\n"])
def test_connecting_again_helps_where_the_key_file_holds_no_key(
    alone: Vault, folder: Path, text: str
) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    (folder / "key").write_text(text)
    with pytest.raises(ConfigurationError, match="run `connector connect x` again"):
        find(alone, "x")
    keep(alone, connection(), SECRETS["oauth2"])
    assert kept(alone, "x").secret == SECRETS["oauth2"]


def test_another_key_is_told_with_its_variable(folder: Path) -> None:
    keep(with_key(folder, KEY), connection(), SECRETS["tiktok"])
    with pytest.raises(ConfigurationError, match="CONNECTOR_SECRET_KEY does not open connection x"):
        find(with_key(folder, OTHER_KEY), "x")
    assert find(with_key(folder, OTHER_KEY, KEY), "x") is not None


@pytest.mark.parametrize("name", ["key", "x.json"])
def test_a_file_that_others_may_read_is_refused(alone: Vault, folder: Path, name: str) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    (folder / name).chmod(0o644)
    with pytest.raises(ConfigurationError, match=f"chmod 600 {folder}/{name}"):
        find(alone, "x")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"facts": {}}', '{"facts": 7}'])
def test_a_damaged_file_is_told(alone: Vault, folder: Path, text: str) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    (folder / "x.json").write_text(text)
    with pytest.raises(ConfigurationError, match=r"x\.json is damaged"):
        find(alone, "x")


def test_a_ciphertext_under_another_name_is_not_taken_for_its_own(
    alone: Vault, folder: Path
) -> None:
    keep(alone, connection("x"), SECRETS["tiktok"])
    keep(alone, connection("y"), SECRETS["oauth2"])
    x, y = (folder / f"{name}.json" for name in "xy")
    own, other = (path.read_text().split('"sealed": "')[1].split('"')[0] for path in (x, y))
    x.write_text(x.read_text().replace(own, other))
    with pytest.raises(ConfigurationError, match="opens connection x"):
        find(alone, "x")


def test_a_variable_that_is_set_later_leaves_what_the_key_file_holds_readable(
    alone: Vault, folder: Path
) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    assert find(with_key(folder, OTHER_KEY), "x") is not None
    used(with_key(folder, OTHER_KEY), "x", NOW)
    assert kept(alone, "x").connection.last_used_at == NOW


def test_a_new_key_file_opens_and_the_old_one_does_not(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    old = (folder / "key").read_text()
    sealed = (folder / "x.json").read_text()
    assert rekey(alone) == Rekeyed(resealed={"private": 1}, skipped=())
    assert kept(alone, "x").secret == SECRETS["tiktok"]
    new = (folder / "key").read_text()
    assert len(new.split()) == 1
    assert new != old
    assert (folder / "x.json").read_text() != sealed
    (folder / "key").write_text(old)
    with pytest.raises(ConfigurationError, match="has no key that opens connection x"):
        find(alone, "x")


def test_a_variable_takes_over_from_the_key_file(alone: Vault, folder: Path) -> None:
    keep(alone, connection(), SECRETS["tiktok"])
    assert rekey(with_key(folder, KEY)).resealed == {"private": 1}
    assert not (folder / "key").exists()
    assert kept(with_key(folder, KEY), "x").secret == SECRETS["tiktok"]
    rekey(with_key(folder, OTHER_KEY, KEY))
    assert kept(with_key(folder, OTHER_KEY), "x").secret == SECRETS["tiktok"]


def test_nothing_is_resealed_when_something_can_not_be_opened(folder: Path) -> None:
    keep(with_key(folder, KEY), connection("a"), SECRETS["tiktok"])
    keep(with_key(folder, OTHER_KEY), connection("b"), SECRETS["tiktok"])
    before = {path.name: path.read_bytes() for path in folder.glob("*.json")}
    with pytest.raises(ConfigurationError, match="does not open connection a"):
        rekey(with_key(folder, OTHER_KEY))
    assert {path.name: path.read_bytes() for path in folder.glob("*.json")} == before


class FakeKeyring:
    """A keyring in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def read(self, account: str) -> str | None:
        return self.kept.get(account)

    def write(self, account: str, text: str) -> bool:
        self.kept[account] = text
        return True

    def remove(self, account: str) -> None:
        self.kept.pop(account)


@pytest.fixture
def keyring() -> FakeKeyring:
    return FakeKeyring()


@pytest.fixture
def at_the_desk(folder: Path, keyring: FakeKeyring) -> Vault:
    edges = Edges(keyring=lambda: keyring)
    return vault_of(folder, None, {}, use_keyring=True, edges=edges)


def test_who_asks_for_the_keyring_has_the_key_there_alone(
    at_the_desk: Vault, alone: Vault, folder: Path, keyring: FakeKeyring
) -> None:
    keep(at_the_desk, connection(), SECRETS["tiktok"])
    assert not (folder / "key").exists()
    assert kept(at_the_desk, "x").secret == SECRETS["tiktok"]
    with pytest.raises(ConfigurationError, match=r"keyring of the desktop .*cron has none"):
        kept(alone, "x")
    [first] = keyring.kept
    rekey(at_the_desk)
    [second] = keyring.kept
    assert first != second
    assert kept(at_the_desk, "x").secret == SECRETS["tiktok"]
    keep(at_the_desk, connection(), SECRETS["oauth1"])
    assert len(keyring.kept) == 1
    assert kept(at_the_desk, "x").secret == SECRETS["oauth1"]
    remove(at_the_desk, "x")
    assert keyring.kept == {}


def test_where_no_keyring_answers_it_is_not_asked_for_in_vain(folder: Path) -> None:
    vault = vault_of(folder, None, {}, use_keyring=True, edges=Edges(keyring=lambda: None))
    with pytest.raises(ConfigurationError, match="no keyring answers here"):
        keep(vault, connection(), SECRETS["tiktok"])
    assert find(vault, "x") is None


def test_no_error_or_log_tells_a_secret(
    folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    vault = with_key(folder, KEY)
    keep(vault, connection(), SECRETS["oauth1"])
    told = [repr(vault), str(vault.holders), repr(kept(vault, "x"))]
    for broken in (with_key(folder, OTHER_KEY), with_key(folder), with_key(folder, CANARY)):
        with pytest.raises(ConfigurationError) as caught:
            find(broken, "x")
        told += ["".join(traceback.format_exception(caught.value)), repr(caught.value)]
    said = "".join([*told, caplog.text, *capfd.readouterr()])
    assert CANARY not in said
    assert KEY not in said
    assert OTHER_KEY not in said


def test_a_folder_that_can_not_be_made_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UnreachableError):
        keep(with_key(tmp_path / "file" / "credentials"), connection(), SECRETS["tiktok"])


def test_what_was_kept_is_replaced_by_the_next_login(alone: Vault) -> None:
    first = keep(alone, connection(), SECRETS["pixel_tokens"])
    second = keep(alone, connection(connected_by="bo@host"), SECRETS["oauth1"])
    assert kept(alone, "x").secret == SECRETS["oauth1"]
    assert second == replace(
        first, connected_by="bo@host", kind="oauth1", revision=first.revision + 1
    )


def test_what_is_not_there_says_how_to_get_it(alone: Vault) -> None:
    assert find(alone, "x") is None
    assert listed(alone) == []
    for use in (lambda: kept(alone, "x"), lambda: remove(alone, "x")):
        with pytest.raises(ConfigurationError, match="`connector connect x` gets them"):
            use()
    used(alone, "x", NOW)
