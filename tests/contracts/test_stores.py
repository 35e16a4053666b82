# SPDX-License-Identifier: Apache-2.0
"""What every byte store does alike: a folder, and a bucket behind a real gateway."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vmferry import stores
from vmferry.errors import CallerError, SourceError, TaskCancelledError
from vmferry.model.bytes import ByteSource
from vmferry.stores import Access
from vmferry.stores.directory import DirectoryStore
from vmferry.stores.s3 import S3Store
from vmferry.units import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.fixtures.service import RunningService

    from vmferry.model.bytes import ByteStore

# Before the fixtures of single tests: what begins with one of these must end with it.
pytestmark = pytest.mark.usefixtures("service")

KINDS = ("directory", "s3")
STEP = 5 * MIB
"""The least that S3 takes as a part."""

MISSING = "Invalid S3 source location"


@pytest.fixture(scope="module")
def access(service: RunningService) -> Access:
    """The keys of a running service, whose bucket gateway is the S3 of these tests."""
    lines = (service.state_dir / "credentials").read_text().splitlines()
    fields = dict(line.split(" = ", 1) for line in lines if " = " in line)
    return Access(
        endpoint=service.url,
        access_key=fields["aws_access_key_id"],
        secret_key=fields["aws_secret_access_key"],
    )


@pytest.fixture(scope="module")
def s3(service: RunningService) -> Any:
    """A client that makes buckets."""
    return service.client("s3")


@pytest.fixture(params=KINDS)
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    s3: Any,
    access: Access,
    monkeypatch: pytest.MonkeyPatch,
) -> ByteStore:
    """An empty store of each kind, with small parts."""
    if request.param == "directory":
        monkeypatch.setattr("vmferry.stores.directory.COPY_STEP", STEP)
        return DirectoryStore(tmp_path / "store")
    monkeypatch.setattr("vmferry.stores.s3.SMALLEST_PART", STEP)
    bucket = f"contract-{secrets.token_hex(4)}"
    s3.create_bucket(Bucket=bucket)
    return S3Store(bucket, access)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the store's, so that nothing can be renamed."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("/dev/shm is no other file system than the temporary folder")
    folder = Path(tempfile.mkdtemp(dir=shm, prefix="vmferry-test-"))
    yield folder
    shutil.rmtree(folder)


def _ignore(_done: int) -> None:
    pass


def test_every_store_is_under_contract() -> None:
    keeping = [store.name for store in stores._by_scheme().values() if store.connect]
    assert sorted(keeping) == sorted(KINDS)


def test_what_is_put_is_read(store: ByteStore) -> None:
    data = secrets.token_bytes(100_000)
    store.put("a/b/c.bin", data)
    source = store.open("a/b/c.bin")
    assert isinstance(source, ByteSource)
    assert source.name.endswith("a/b/c.bin")
    assert source.size == store.size("a/b/c.bin") == len(data)
    for offset, length in ((0, len(data)), (0, 0), (len(data), 0), (99_999, 1), (513, 40_000)):
        assert source.read_at(offset, length) == data[offset : offset + length]


def test_ranges_outside_are_refused(store: ByteStore) -> None:
    store.put("ten", b"0123456789")
    source = store.open("ten")
    for offset, length in ((-1, 2), (5, 6), (10, 1), (11, 0), (0, -1)):
        text = rf"ten: {length} bytes at byte {offset} are wanted, it has 10 bytes$"
        with pytest.raises(SourceError, match=text):
            source.read_at(offset, length)


def test_an_empty_object(store: ByteStore) -> None:
    store.put("empty", b"")
    assert store.size("empty") == 0
    assert store.open("empty").read_at(0, 0) == b""
    assert store.list() == ["empty"]


def test_a_missing_object(store: ByteStore) -> None:
    store.put("file", b"x")
    for key in ("nothing", "here/nor/there", "file/below"):
        assert store.size(key) is None
        store.delete(key)
        text = f"{key}: .*(does not exist|Not a directory)"
        with pytest.raises(SourceError, match=text) as caught:
            store.open(key)
        assert MISSING in caught.value.aws_text
        assert caught.value.hint == "Check the bucket and the key"


def test_a_folder_is_no_object(store: ByteStore) -> None:
    store.put("folder/object", b"x")
    assert store.size("folder") is None
    store.delete("folder")
    assert store.list() == ["folder/object"]
    with pytest.raises(SourceError, match=r"folder: (not a regular file|it does not exist)"):
        store.open("folder")


def test_put_replaces(store: ByteStore) -> None:
    store.put("key", b"first, and longer")
    store.put("key", b"second")
    assert store.open("key").read_at(0, 6) == b"second"
    assert store.size("key") == 6


def test_an_open_object_never_mixes_with_its_successor(store: ByteStore) -> None:
    store.put("key", b"first one")
    source = store.open("key")
    store.put("key", b"secondary")
    if isinstance(store, DirectoryStore):
        assert source.read_at(0, 9) == b"first one"
    else:
        with pytest.raises(SourceError, match="another object has taken its place") as caught:
            source.read_at(0, 9)
        assert "changed while it was read" in caught.value.hint
    assert store.open("key").read_at(0, 9) == b"secondary"


def test_delete(store: ByteStore) -> None:
    store.put("a/1", b"x")
    store.put("a/2", b"x")
    store.delete("a/1")
    store.delete("a/1")
    assert store.list() == ["a/2"]


def test_list_by_prefix(store: ByteStore) -> None:
    keys = ["maps/a", "segments/00/one", "segments/00/two", "segments/ff/three", "x-y", "x/y"]
    for key in reversed(keys):
        store.put(key, b"")
    assert store.list() == keys
    assert store.list("segments/") == keys[1:4]
    assert store.list("segments/00") == keys[1:3]
    assert store.list("x") == keys[4:]
    assert store.list("none/") == store.list("none") == []


def test_adopt_moves_a_file(store: ByteStore, tmp_path: Path) -> None:
    file = tmp_path / "artifact"
    data = secrets.token_bytes(MIB)
    file.write_bytes(data)
    store.put("out/it", b"what was there before")
    ticks: list[int] = []
    store.adopt("out/it", file, ticks.append)
    assert not file.exists()
    assert store.open("out/it").read_at(0, MIB) == data
    assert ticks == sorted(ticks)
    assert ticks, "adopt can be stopped"


def test_adopt_an_empty_file(store: ByteStore, tmp_path: Path) -> None:
    file = tmp_path / "artifact"
    file.touch()
    store.adopt("it", file, _ignore)
    assert store.size("it") == 0
    assert not file.exists()


def test_adopt_from_another_file_system(store: ByteStore, elsewhere: Path) -> None:
    file = elsewhere / "artifact"
    data = secrets.token_bytes(3 * MIB)
    with file.open("wb") as out:
        out.seek(4 * MIB)
        out.write(data)
        out.truncate(11 * MIB)
    ticks: list[int] = []
    store.adopt("it", file, ticks.append)
    assert not file.exists()
    source = store.open("it")
    assert source.size == 11 * MIB
    assert source.read_at(0, 4 * MIB) == bytes(4 * MIB)
    assert source.read_at(4 * MIB, 3 * MIB) == data
    assert source.read_at(7 * MIB, 4 * MIB) == bytes(4 * MIB)
    assert ticks == sorted(ticks)
    assert len(ticks) > 1
    assert ticks[-1] <= 11 * MIB


def _stop_at(after: int) -> Callable[[int], None]:
    def tick(done: int) -> None:
        if done >= after:
            raise TaskCancelledError("the task was cancelled")

    return tick


@pytest.mark.parametrize("after", [0, 6 * MIB])
def test_a_stopped_adopt_leaves_nothing(store: ByteStore, elsewhere: Path, after: int) -> None:
    file = elsewhere / "artifact"
    file.write_bytes(b"x" * (11 * MIB))
    with pytest.raises(TaskCancelledError):
        store.adopt("it", file, _stop_at(after))
    assert store.size("it") is None
    assert store.list() == []
    assert file.stat().st_size == 11 * MIB, "it can be tried again"
    store.adopt("it", file, _ignore)
    assert store.size("it") == 11 * MIB


def test_only_the_callers_errors_for_names_that_cannot_be_had(
    store: ByteStore, tmp_path: Path
) -> None:
    store.put("file", b"x")
    store.put("folder/object", b"x")
    for key in ("n" * 2000, "/".join(["n" * 300] * 2)):
        with pytest.raises(CallerError):
            store.put(key, b"x")
        with pytest.raises(CallerError):
            store.open(key)
    file = tmp_path / "artifact"
    for key in ("file/below", "folder"):
        file.write_bytes(b"y")
        try:
            store.adopt(key, file, _ignore)
        except CallerError:
            assert file.exists()
    assert store.open("folder/object").read_at(0, 1) == b"x"
    assert store.open("file").read_at(0, 1) == b"x"


def test_urls_choose_the_store(s3: Any, access: Access, tmp_path: Path) -> None:
    (tmp_path / "disk.raw").write_bytes(b"file")
    s3.put_object(Bucket="bucket-in", Key="a/disk.raw", Body=b"object")
    for url, content in (
        (f"file://{tmp_path}/disk.raw", b"file"),
        ("s3://bucket-in/a/disk.raw", b"object"),
    ):
        source = stores.open_source(url, access)
        assert source.read_at(0, source.size) == content
