"""Which kind of file system a file is on, as far as the kernel tells."""

import re
from pathlib import Path, PurePath

MOUNTS = Path("/proc/self/mountinfo")
# The locks and the shared memory that SQLite relies on are not dependable there.
_NETWORK = frozenset(
    ("9p", "afs", "beegfs", "ceph", "cifs", "davfs", "glusterfs", "gpfs", "lustre", "nfs", "nfs4",
     "orangefs", "smb3", "smbfs", "vboxsf")
)  # fmt: skip
_OVER_NETWORK = frozenset(
    ("blobfuse", "blobfuse2", "ceph", "ceph-fuse", "cephfs", "curlftpfs", "davfs", "davfs2",
     "gcsfuse", "glusterfs", "goofys", "juicefs", "mount-s3", "mountpoint-s3", "rclone", "s3fs",
     "smbnetfs", "sshfs", "vmhgfs-fuse")
)  # fmt: skip
_FUSE = "fuse."
_MOUNT_POINT = 4
_ESCAPED = re.compile(r"\\([0-7]{3})")


def kind_of(path: PurePath, mounts: str) -> str | None:
    """The kind of file system that an absolute path without links is on, None when unknown.

    `mounts` is the text of `/proc/self/mountinfo`; of two mounts at one place the later one counts.
    """
    best, found = -1, None
    for line in mounts.splitlines():
        place, separator, kind = line.partition(" - ")
        words, kinds = place.split(" "), kind.split(" ")
        if not separator or len(words) <= _MOUNT_POINT:
            continue
        point = PurePath(_unescaped(words[_MOUNT_POINT]))
        depth = len(point.parts)
        if depth >= best and path.is_relative_to(point):
            best, found = depth, kinds[0]
    return found


def _unescaped(text: str) -> str:
    """A mount point whose blanks and backslashes the kernel writes as octal numbers."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 8)), text)


def is_network(kind: str) -> bool:
    """Whether a kind of file system is another machine's."""
    if kind.startswith(_FUSE):
        return kind.removeprefix(_FUSE) in _OVER_NETWORK
    return kind in _NETWORK


def network_kind(path: Path, mounts: Path | None = None) -> str | None:
    """The kind of network file system that a file is on, None for a local or an unknown one."""
    try:
        text = (mounts or MOUNTS).read_text("utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = kind_of(path.resolve(), text)
    return kind if kind is not None and is_network(kind) else None
