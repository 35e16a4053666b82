# SPDX-License-Identifier: Apache-2.0
"""libguestfs does what edits say and nothing else, as debugfs sees it afterwards."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from vmferry.errors import GuestError, SetupError, TaskCancelledError
from vmferry.guest.engines import Drive, Mount, libguestfs
from vmferry.guest.engines.libguestfs import ENGINE
from vmferry.model.fixup import Action, Edit, Reason
from vmferry.units import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from vmferry.guest.engines import Session

LABEL: Final = "system_u:object_r:etc_t:s0"
WHY: Final = (Reason(fixup="test", why="it must"),)
ROOT: Final = [Mount("/", "/dev/sda")]
FILES: Final = {
    "etc/owned": "old\n",
    "etc/frozen": "cold\n",
    "etc/gone": "bye\n",
    "etc/other": "stays\n",
    "etc/unit": "x",
    "boot/initrd": "cpio",
}


def tick() -> None:
    """Let it work."""


def written(path: str, after: str) -> Edit:
    before = FILES.get(path.lstrip("/"))
    data = (before or "").encode()
    return Edit(
        path=path,
        action=Action.WRITE,
        reasons=WHY,
        before=before,
        after=after,
        size=len(data),
        digest="" if before is None else hashlib.sha256(data).hexdigest(),
        backup="" if before is None else f".{path.rpartition('/')[2]}.before-vmferry",
    )


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A bare ext4 with labels, an owner, and a file that nobody may write."""
    tree = tmp_path / "tree"
    for name, text in FILES.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text)
    (tree / "etc" / "link").symlink_to("gone")
    os.utime(tree / "etc", (1_000_000_000, 1_000_000_000))
    path = tmp_path / "disk.raw"
    subprocess.run(
        ["mke2fs", "-q", "-t", "ext4", "-b", "4096", "-d", str(tree), str(path), "8M"], check=True
    )
    commands = [
        "sif /etc/owned uid 1000",
        "sif /etc/owned gid 1001",
        "sif /etc/owned mode 0100640",
        f"ea_set /etc/owned security.selinux {LABEL}x",
        f"ea_set /etc security.selinux {LABEL}",
        "sif /etc/frozen flags 0x80010",
    ]
    debugfs(path, *commands, write=True)
    return path


def debugfs(path: Path, *commands: str, write: bool = False) -> str:
    """Return what debugfs answers."""
    return subprocess.run(
        ["debugfs", *(["-w"] if write else []), "-f", "-", str(path)],
        input="\n".join(commands),
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def content(path: Path, name: str) -> str:
    return debugfs(path, f"cat {name}").partition("\n")[2].removesuffix("debugfs: ")


@pytest.mark.oracle
def test_edits(disk: Path, tmp_path: Path) -> None:
    before = debugfs(disk, "stat /etc/other")
    label = f'security.selinux (26) = "{LABEL}'
    edits = [
        written("/etc/owned", "new \udcff\n"),
        written("/etc/frozen", "thawed\n"),
        replace(written("/etc/gone", ""), action=Action.REMOVE),
        replace(written("/etc/unit", "/dev/null"), action=Action.LINK),
        Edit(path="/etc/link", action=Action.LINK, reasons=WHY, before="gone", after="other",
             backup=".link.before-vmferry"),
        replace(written("/etc/new/deep.conf", "made\n"), mode=0o600),
        replace(
            written("/boot/initrd", base64.b64encode(b"more").decode()), action=Action.APPEND
        ),
    ]  # fmt: skip
    with ENGINE.start([Drive(file=str(disk))], True, tmp_path, tick) as session:
        session.settle(ROOT)
        _refused(session)
        session.apply(ROOT, edits)
        _full(session)
    subprocess.run(["e2fsck", "-fn", str(disk)], check=True, capture_output=True)
    assert (
        debugfs(disk, "stat /etc/other", "stat /boot") == before.replace("(4096)", "(4096)")
        or debugfs(disk, "stat /etc/other") in before
    )
    assert content(disk, "/etc/.owned.before-vmferry") == "old\n"
    owned = debugfs(disk, "stat /etc/owned")
    assert "Mode:  0640" in owned
    assert "User:  1000   Group:  1001" in owned
    assert f"{LABEL}x" in owned
    assert f"{LABEL}x" in debugfs(disk, "stat /etc/.owned.before-vmferry")
    assert content(disk, "/etc/frozen") == "thawed\n"
    assert "Flags: 0x80010" in debugfs(disk, "stat /etc/frozen")
    assert content(disk, "/etc/.gone.before-vmferry") == "bye\n"
    listed = debugfs(disk, "ls /etc")
    assert " gone " not in listed
    assert 'Fast link dest: "/dev/null"' in debugfs(disk, "stat /etc/unit")
    assert label in debugfs(disk, "stat /etc/unit")
    assert 'Fast link dest: "other"' in debugfs(disk, "stat /etc/link")
    assert 'Fast link dest: "gone"' in debugfs(disk, "stat /etc/.link.before-vmferry")
    assert content(disk, "/etc/new/deep.conf") == "made\n"
    assert "Mode:  0600" in debugfs(disk, "stat /etc/new/deep.conf")
    assert content(disk, "/boot/initrd") == "cpiomore"
    assert content(disk, "/boot/.initrd.before-vmferry") == "cpio"
    assert "mtime: 0x3b9aca00" in debugfs(disk, "stat /etc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk.raw", "tree"]


def _refused(session: Session) -> None:
    """What cannot be done is said; the session goes on."""
    with pytest.raises(GuestError, match=r"/etc/owned: found other bytes than the plan saw, SHA"):
        session.apply(ROOT, [replace(written("/etc/owned", "x"), digest="0" * 64)])
    with pytest.raises(GuestError, match=r"/etc/none: found nothing where the plan saw"):
        session.apply(ROOT, [replace(written("/etc/none", "x"), before="")])
    with pytest.raises(GuestError, match=r"/dev/sda on /: cannot be mounted"):
        session.settle([Mount("/", "/dev/sda", "subvol=none")])


def _full(session: Session) -> None:
    """A full file system is said to be one."""
    with pytest.raises(GuestError, match=r"/srv/big\d: .*No space left on device") as caught:
        session.apply(
            ROOT,
            [written("/srv/big", "x" * (MIB - 1))] * 1
            + [written(f"/srv/big{at}", "x" * MIB) for at in range(8)],
        )
    assert "file system is full" in caught.value.hint


@pytest.mark.oracle
def test_it_stops_when_it_is_told(disk: Path, tmp_path: Path) -> None:
    began = time.monotonic()

    def cancel() -> None:
        if time.monotonic() > began + 2:
            raise TaskCancelledError("the task was cancelled")

    with (
        pytest.raises(TaskCancelledError),
        ENGINE.start([Drive(file=str(disk))], True, tmp_path, cancel),
    ):
        pytest.fail("it started")
    assert time.monotonic() < began + 10
    assert sorted(path.name for path in tmp_path.iterdir()) == ["disk.raw", "tree"]


@pytest.mark.oracle
def test_what_does_not_start_is_told(tmp_path: Path) -> None:
    with (
        pytest.raises(SetupError, match=r"libguestfs: does not start: .*none\.raw"),
        ENGINE.start([Drive(file=str(tmp_path / "none.raw"))], True, tmp_path, tick),
    ):
        pytest.fail("it started")


def test_a_missing_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "script.py").write_text("import no_guestfs_at_all\n")
    monkeypatch.setattr(libguestfs, "SCRIPT", tmp_path / "script.py")
    with (
        pytest.raises(
            SetupError, match=r"script\.py ended with status 1: ModuleNotFoundError: No module"
        ) as caught,
        ENGINE.start([], True, tmp_path, tick),
    ):
        pytest.fail("it started")
    assert "apt-get install python3-guestfs" in caught.value.hint
