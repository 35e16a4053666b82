# SPDX-License-Identifier: Apache-2.0
"""The folder store beyond the contract: holes, links, disks that are full, leftovers."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmferry.errors import ServiceError, SourceError, StorageFullError
from vmferry.model.disk import Extent, ExtentKind
from vmferry.stores.directory import (
    TEMPORARY,
    DirectoryStore,
    FileSource,
    flush_folder,
    room_on_disk,
    sweep,
)
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL = "Free space on the disk that holds the state directory, then start the task again"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "store")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _ignore(_done: int) -> None:
    pass


@pytest.mark.parametrize(
    "key",
    ["", "/", "/etc/passwd", "a//b", "a/", "..", "a/../../b", ".", "a/./b", "a\0b", "a/\ud800"],
)
def test_keys_that_are_no_paths_below_the_root(store: DirectoryStore, key: str) -> None:
    for use in (store.open, store.size, store.delete, lambda key: store.put(key, b"")):
        with pytest.raises(SourceError, match=r"has an empty, '\.' or '\.\.' part") as caught:
            use(key)
        assert caught.value.status_message.startswith("ClientError: Invalid S3 source location (")


def test_only_regular_files_are_objects(store: DirectoryStore, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of the host")
    root = tmp_path / "store"
    root.mkdir()
    (root / "link").symlink_to(secret)
    (root / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(root / "fifo")
    texts = {
        "link": r"^link: cannot be read: Too many levels of symbolic links$",
        "dangling": r"^dangling: cannot be read: Too many levels of symbolic links$",
        "fifo": r"^fifo: not a regular file$",
    }
    for key, text in texts.items():
        with pytest.raises(SourceError, match=text):
            store.open(key)
        assert store.size(key) is None
    assert not any("secret" in text for text in texts.values())


def test_a_message_never_shows_the_hosts_path(store: DirectoryStore, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        store.open("a/b")
    assert str(tmp_path) not in caught.value.status_message
    assert caught.value.message == "a/b: cannot be read: it does not exist"


def test_what_others_replace_a_reader_does_not_see(store: DirectoryStore) -> None:
    store.put("key", b"first")
    source = store.open("key")
    store.put("key", b"other")
    assert source.read_at(0, 5) == b"first"


def test_a_file_that_shrinks_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(bytes(10_000))
    source = FileSource(path, "disk")
    os.truncate(path, 600)
    with pytest.raises(SourceError, match=r"^disk: ends at byte 600, expected 10000 bytes$") as got:
        source.read_at(500, 1000)
    assert got.value.hint == "The object was changed while it was read"


def test_a_disk_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "disk"
    path.write_bytes(bytes(10_000))
    source = FileSource(path, "disk")

    def broken(*_arguments: int) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", broken)
    monkeypatch.setattr(os, "lseek", broken)
    text = "^disk: cannot be read at byte 512: Input/output error$"
    with pytest.raises(SourceError, match=text):
        source.read_at(512, 512)
    with pytest.raises(SourceError, match=text):
        list(source.extents(512, 512))


@given(st.sets(st.integers(0, 30)), st.integers(0, 31 * 64), st.integers(0, 31 * 64))
def test_extents_are_the_files_holes(written: set[int], one: int, other: int) -> None:
    step, size = 64 * KIB, 31 * 64 * KIB + 100
    with tempfile.NamedTemporaryFile() as file:
        file.truncate(size)
        for at in written:
            os.pwrite(file.fileno(), b"\1" * step, at * step)
        source = FileSource(Path(file.name), "disk")
        start, end = sorted((one * KIB, other * KIB))
        found = list(source.extents(start, end - start))
        assert _covers(found, start, end)
        for extent in found:
            data = source.read_at(extent.offset, extent.length)
            assert any(data) == (extent.kind is ExtentKind.DATA)


def _covers(extents: list[Extent], start: int, end: int) -> bool:
    ends = [start, *(extent.end for extent in extents)]
    kinds = [extent.kind for extent in extents]
    return (
        [extent.offset for extent in extents] == ends[:-1]
        and ends[-1] == end
        and all(extent.length for extent in extents)
        and all(a is not b for a, b in pairwise(kinds))
    )


@pytest.mark.parametrize("where", ["here", "/dev/shm"])
def test_adopt_keeps_holes(store: DirectoryStore, tmp_path: Path, where: str) -> None:
    if not Path(where).is_dir() and where != "here":
        pytest.skip(f"no {where} here")
    folder = tmp_path if where == "here" else Path(where)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        os.pwrite(file.fileno(), b"x" * KIB, 50 * MIB)
        file.truncate(200 * MIB)
    path = Path(file.name)
    store.adopt("sparse", path, _ignore)
    status = (tmp_path / "store" / "sparse").stat()
    assert not path.exists()
    assert status.st_size == 200 * MIB
    assert status.st_blocks * 512 <= 64 * KIB
    assert store.open("sparse").read_at(50 * MIB, KIB + 1) == b"x" * KIB + b"\0"


def test_a_full_disk(tiny: Path, tmp_path: Path) -> None:
    store = DirectoryStore(tiny)
    store.put("small", b"s" * KIB)
    text = r"^segments/a: 2 MiB could not be written: No space left on device$"
    with pytest.raises(StorageFullError, match=text) as caught:
        store.put("segments/a", bytes(2 * MIB))
    assert caught.value.hint == FULL
    assert caught.value.status_message.startswith("ServerError: Insufficient storage capacity (")
    file = tmp_path / "artifact"
    file.write_bytes(b"a" * 2 * MIB)
    with pytest.raises(StorageFullError, match=r"^out: 2 MiB could not be written: No space left"):
        store.adopt("out", file, _ignore)
    assert file.stat().st_size == 2 * MIB
    assert [path.name for path in tiny.rglob("*")] in (["small", "segments"], ["segments", "small"])
    store.put("segments/a", bytes(KIB))


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (errno.EDQUOT, StorageFullError, r"^it: 3 KiB could not be written: Disk quota exceeded"),
        (errno.EFBIG, StorageFullError, r"^it: 3 KiB could not be written: File too large"),
        (errno.EROFS, ServiceError, r"^it: cannot be written: Read-only file system$"),
        (errno.EIO, ServiceError, r"^it: cannot be written: Input/output error$"),
        (errno.ENAMETOOLONG, SourceError, r"^it: cannot be written: File name too long$"),
        (errno.EISDIR, SourceError, r"^it: cannot be written: Is a directory$"),
    ],
)
def test_what_the_file_system_says(number: int, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text), room_on_disk("it", 3 * KIB):
        raise OSError(number, os.strerror(number))


def test_our_own_errors_pass() -> None:
    error = SourceError("disk: broken")
    with pytest.raises(SourceError) as caught, room_on_disk("it", 1):
        raise error
    assert caught.value is error


def test_names_that_a_folder_or_an_object_has(store: DirectoryStore) -> None:
    store.put("folder/object", b"x")
    with pytest.raises(SourceError, match=r"^folder: cannot be written: Is a directory$") as caught:
        store.put("folder", b"y")
    assert "Choose another key" in caught.value.hint
    with pytest.raises(SourceError, match=r"^folder/object/below: cannot be written: "):
        store.put("folder/object/below", b"y")
    with pytest.raises(SourceError, match=r"^folder/object/a/b: cannot be written: "):
        store.put("folder/object/a/b", b"y")
    assert store.list() == ["folder/object"]


def test_put_writes_beside_and_flushes_before_it_shows(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, seen = tmp_path / "store", []
    flush, replace = os.fsync, Path.replace

    def fsync(fd: int) -> None:
        path = Path(f"/proc/self/fd/{fd}").readlink()
        seen.append(f"flush {'temporary' if path.name.startswith(TEMPORARY) else path.name}")
        flush(fd)

    def rename(self: Path, target: Path) -> Path:
        assert self.parent == target.parent
        assert store.list() == [], "half an object is not listed"
        seen.append("rename")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    root.mkdir()
    store.put("maps/new/a", b"x")
    assert seen == ["flush store", "flush maps", "flush temporary", "rename", "flush new"]


def test_a_failed_put_leaves_nothing(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.put("key", b"old")

    def broken(_fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ServiceError, match=r"^key: cannot be written: Input/output error$"):
        store.put("key", b"new")
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["key"]
    assert store.open("key").read_at(0, 3) == b"old"


def test_leftovers_are_not_listed_and_swept(store: DirectoryStore, tmp_path: Path) -> None:
    store.put("a/b", b"x")
    left = tmp_path / "store" / "a" / f"{TEMPORARY}0123"
    left.write_bytes(b"half")
    assert store.list() == ["a/b"]
    sweep(tmp_path / "store", time.time() - 60)
    assert left.exists()
    sweep(tmp_path / "store", time.time() + 60)
    assert not left.exists()
    assert store.open("a/b").size == 1
    sweep(tmp_path / "missing", 0)


def test_a_reader_closes_its_file(tmp_path: Path) -> None:
    (tmp_path / "it").touch()
    source = FileSource(tmp_path / "it", "it")
    fds = Path("/proc/self/fd")
    mine = [fd for fd in fds.iterdir() if fd.exists() and fd.resolve() == tmp_path / "it"]
    assert len(mine) == 1
    del source
    assert not mine[0].exists() or mine[0].resolve() != tmp_path / "it"


def test_a_folder_is_flushed(tmp_path: Path) -> None:
    flush_folder(tmp_path)
    with pytest.raises(FileNotFoundError):
        flush_folder(tmp_path / "missing")
