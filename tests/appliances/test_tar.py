# SPDX-License-Identifier: Apache-2.0
"""Archives: every form of plain members, and no other members."""

from __future__ import annotations

import io
import random
import subprocess
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from tests.appliances.recipes import MemorySource, ova

from vmferry.appliances import tar
from vmferry.appliances.tar import header, is_plain_name, read_members
from vmferry.errors import FormatError, SourceError

if TYPE_CHECKING:
    from pathlib import Path

LONG = "a-very-long-name-" * 8 + ".vmdk"


def patched(data: bytes, place: int, value: bytes, header: int = 0) -> bytes:
    """Change a header and mend its checksum."""
    block = bytearray(data[header : header + 512])
    block[place : place + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:header] + bytes(block) + data[header + 512 :]


def refusal(data: bytes) -> str:
    with pytest.raises(FormatError) as caught:
        read_members(MemorySource(data))
    assert caught.value.aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"
    return caught.value.message


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_members_stand_in_place(form: int) -> None:
    files = [("vm.ovf", b"xml"), ("empty.nvram", b""), ("disk.vmdk", bytes(range(256)) * 9)]
    if form != tarfile.USTAR_FORMAT:
        files.append((LONG, b"long"))
        files.append(("ünïcode.vmdk", b"u"))
    data = ova(files, form)
    source = MemorySource(data)
    members = read_members(source)
    assert list(members) == [name for name, _ in files]
    for name, content in files:
        member = members[name]
        assert data[member.offset : member.offset + member.size] == content
    assert max(length for _, length in source.reads) <= 512


@pytest.mark.oracle
@pytest.mark.parametrize("form", ["ustar", "gnu", "pax", "v7"])
def test_archives_of_gnu_tar(form: str, tmp_path: Path) -> None:
    (tmp_path / "vm.ovf").write_bytes(b"xml")
    (tmp_path / "disk.vmdk").write_bytes(b"disk" * 1000)
    names = ["./vm.ovf", "disk.vmdk"]
    command = ["tar", f"--format={form}", "-cf", "vm.ova", *names]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    members = read_members(MemorySource((tmp_path / "vm.ova").read_bytes()))
    assert {name: member.size for name, member in members.items()} == {
        "vm.ovf": 3,
        "disk.vmdk": 4000,
    }


def test_sizes_beyond_eight_gibibytes_are_understood() -> None:
    data = ova([("big.vmdk", b"")])
    size = 9 << 30
    base256 = patched(data, 124, b"\x80" + size.to_bytes(11, "big"))
    assert f"found {size} bytes" in refusal(base256)
    pax = tarfile.TarInfo("big.vmdk")
    pax.size = size
    header = pax.tobuf(tarfile.PAX_FORMAT)
    assert f"found {size} bytes" in refusal(header + bytes(1024))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (tarfile.LNKTYPE, "found a hard link"),
        (tarfile.SYMTYPE, "found a symbolic link"),
        (tarfile.CHRTYPE, "found a character device"),
        (tarfile.BLKTYPE, "found a block device"),
        (tarfile.DIRTYPE, "found a directory"),
        (tarfile.FIFOTYPE, "found a FIFO"),
        (tarfile.GNUTYPE_SPARSE, "found a sparse file"),
        (tarfile.GNUTYPE_LONGLINK, "found a long link"),
        (b"Z", "found type b'Z'"),
    ],
)
def test_members_that_are_no_files(kind: bytes, message: str) -> None:
    data = patched(ova([("disk.vmdk", b"x"), ("vm.ovf", b"y")]), 156, kind)
    assert message in refusal(data)


@pytest.mark.parametrize(
    "name", ["../vm.ovf", "/etc/passwd", "a/b.vmdk", "..", "a\\b", "C:disk", "./../x", "a\x01b"]
)
def test_names_that_are_paths(name: str) -> None:
    assert "member's name at byte" in refusal(ova([("good.ovf", b""), (name, b"x")]))
    assert not is_plain_name(name)


def test_the_same_name_twice() -> None:
    assert "found 'a.vmdk' twice" in refusal(ova([("a.vmdk", b"1"), ("./a.vmdk", b"2")]))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"\xff" * 12, "member's size at byte 0"),
        (b"77777777777\0", "found 8589934591 bytes, expected at most"),
        (b"12345678xyz\0", "member's size at byte 0"),
        (b"-0000000001\0", "member's size at byte 0"),
        (b"\x80" + b"\xff" * 11, "member's size at byte 0: found"),
    ],
)
def test_sizes_that_are_none(value: bytes, message: str) -> None:
    assert message in refusal(patched(ova([("a.vmdk", b"1")]), 124, value))


@pytest.mark.parametrize(
    ("records", "message"),
    [
        (b"30 GNU.sparse.major=1\n", "pax record at byte"),
        (b"22 GNU.sparse.major=1\n", "found a sparse file"),
        (b"14 size=-5555\n", "member's size at byte 1024: found '-5555'"),
        (b"5005 size=" + b"9" * 4994 + b"\n", "member's size at byte"),
        (b"8 path=x\n", "pax record"),
        (b"x", "pax record"),
        (b"11 path=..\n", "member's name at byte"),
        (b"11 p\xffth=ab\n", "name at byte"),
    ],
)
def test_extended_headers_that_lie(records: bytes, message: str) -> None:
    data = ova([("PaxHeader", records), ("a.vmdk", b"1")])
    if len(records) > 512:
        message = "member's size at byte"
    assert message in refusal(patched(data, 156, b"x"))


def test_global_headers() -> None:
    data = ova([("head", b"19 comment=made me\n"), ("a.ovf", b"1")])
    assert list(read_members(MemorySource(patched(data, 156, b"g")))) == ["a.ovf"]
    data = ova([("head", b"10 path=x\n"), ("a.ovf", b"1")])
    assert "global header at byte 512: found a name" in refusal(patched(data, 156, b"g"))


def test_an_extended_header_of_many_bytes() -> None:
    data = ova([("head", bytes(70_000)), ("a.ovf", b"1")])
    assert "extended header at byte 512: found 70000 bytes" in refusal(patched(data, 156, b"x"))


def test_what_is_no_archive() -> None:
    assert "has no files: found an empty archive" in refusal(bytes(10240))
    assert "has no files" in refusal(b"")
    assert "header checksum at byte 0: found" in refusal(b"PK\3\4" * 400)
    assert "header checksum at byte 1024" in refusal(ova([("a", b"1")])[:1024] + b"x" * 1024)


def test_too_many_members(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tar, "_MAX_MEMBERS", 3)
    assert "found more than 3" in refusal(ova([(f"{number}.vmdk", b"") for number in range(4)]))


def test_too_many_headers_of_one_member() -> None:
    one = patched(ova([("head", b"")]), 156, b"g")[:512]
    many = one * 2048 + ova([("vm.ovf", b"")])
    assert refusal(many) == "ova: headers at byte 1048576: found more than 2048"
    assert list(read_members(MemorySource(one * 2047 + ova([("vm.ovf", b"")])))) == ["vm.ovf"]


def test_any_damage_is_read_or_refused() -> None:
    chance = random.Random(7)
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        good = ova([("vm.ovf", b"xml"), (LONG, b"long" * 300), ("ü.vmdk", b"u")], form)
        for _ in range(300):
            data = bytearray(good)
            for _ in range(chance.randint(1, 3)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            if chance.random() < 0.5:
                data = bytearray(patched(bytes(data), 0, b""))
            with suppress(FormatError, SourceError):
                read_members(MemorySource(bytes(data[: chance.choice((len(data), 3000))])))
    assert io.BytesIO(good).getvalue() == good


@pytest.mark.parametrize("size", [0, 5, (8 << 30) - 1, 8 << 30, 1 << 44])
def test_headers_are_what_tarfile_makes_of_them(size: int) -> None:
    info = tarfile.TarInfo.frombuf(header("disk-1.vmdk", size), "utf-8", "strict")
    assert (info.name, info.size, info.mode, info.mtime) == ("disk-1.vmdk", size, 0o644, 0)
    assert info.type == tarfile.REGTYPE
    if size < 1000:
        data = header("disk-1.vmdk", size) + bytes(1536)
        assert read_members(MemorySource(data)) == {"disk-1.vmdk": ("disk-1.vmdk", 512, size)}
