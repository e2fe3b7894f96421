from pathlib import Path, PurePath

import pytest

from connector.state.mounts import MOUNTS, is_network, kind_of, network_kind

MOUNTED = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:40 / /srv rw shared:2 master:1 propagate_from:3 - nfs4 nas:/srv rw,vers=4.2
31 30 0:41 / /srv/local rw - xfs /dev/vdb rw
32 27 0:42 / /home/a\040b\134c rw - cifs //nas/home rw
33 27 0:43 / /auto rw - autofs systemd-1 rw
34 33 0:44 / /auto rw - fuse.sshfs me@host: rw
""".replace("\\\\", "\\")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/state.db", "ext4"),
        ("/srv/state.db", "nfs4"),
        ("/srv", "nfs4"),
        ("/srv2/state.db", "ext4"),
        ("/srv/local/deep/state.db", "xfs"),
        (r"/home/a b\c/state.db", "cifs"),
        ("/auto/state.db", "fuse.sshfs"),
    ],
)
def test_the_longest_and_latest_mount_counts(path: str, kind: str) -> None:
    assert kind_of(PurePath(path), MOUNTED) == kind


@pytest.mark.parametrize("text", ["", "\n", "27 1 254:0 / - ext4", "27 1 254:0 / / rw ext4 x rw"])
def test_lines_of_another_shape_say_nothing(text: str) -> None:
    assert kind_of(PurePath("/srv"), text) is None


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs"])
def test_other_machines_file_systems_are_known(kind: str) -> None:
    assert is_network(kind)


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "overlay", "tmpfs", "fuse.ntfs", "sshfs"])
def test_local_file_systems_are_no_concern(kind: str) -> None:
    assert not is_network(kind)


def test_only_a_network_file_system_is_told(tmp_path: Path) -> None:
    mounts, folder = tmp_path / "mounts", tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    mounts.write_text(f"1 1 0:1 / / rw - ext4 a rw\n2 1 0:2 / {folder} rw - nfs b rw\n")
    assert network_kind(tmp_path / "link" / "not" / "there.db", mounts) == "nfs"
    assert network_kind(tmp_path / "state.db", mounts) is None
    assert network_kind(folder, tmp_path / "missing") is None


@pytest.mark.skipif(not MOUNTS.exists(), reason="no such system")
def test_this_system_s_own_list_is_understood() -> None:
    assert kind_of(PurePath("/proc/self"), MOUNTS.read_text()) == "proc"
