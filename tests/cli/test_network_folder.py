import json

import pytest
from shop import Shell
from typer.testing import CliRunner, Result

from connector.cli.app import application
from connector.state import mounts

NFS = "1 1 0:1 / / rw - ext4 a rw\n2 1 0:2 / {folder} rw - nfs4 b rw\n"


@pytest.fixture
def on_nfs(shop: Shell, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A shop whose state's folder the kernel calls a network file system."""
    listed = shop.folder / "mountinfo"
    listed.write_text(NFS.format(folder=shop.folder / "state"))
    monkeypatch.setattr(mounts, "MOUNTS", listed)
    return shop


def check(shop: Shell, *words: str) -> Result:
    config = str(shop.folder / "config.yaml")
    return CliRunner().invoke(application(), ["check", "--config", config, *words])


def test_a_state_on_a_network_folder_is_remarked(on_nfs: Shell) -> None:
    told = check(on_nfs)
    assert told.exit_code == 0
    assert "network file system (nfs4)" in " ".join(told.stdout.split())


def test_a_remark_is_in_the_document_too(on_nfs: Shell) -> None:
    [remark] = json.loads(check(on_nfs, "--json").stdout)["remarks"]
    assert "put it on a local disk, or into PostgreSQL" in remark


def test_a_state_on_a_server_is_on_no_folder(on_nfs: Shell) -> None:
    config = (on_nfs.folder / "config.yaml").read_text()
    server = config.replace("sqlite:///state/connector.db", "postgresql://u:p@db/ops")
    on_nfs.write("config.yaml", server)
    assert json.loads(check(on_nfs, "--json").stdout)["remarks"] == []


def test_where_the_kernel_lists_no_mounts_nothing_is_remarked(on_nfs: Shell) -> None:
    (on_nfs.folder / "mountinfo").unlink()
    assert json.loads(check(on_nfs, "--json").stdout)["remarks"] == []
