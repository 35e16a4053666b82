# SPDX-License-Identifier: Apache-2.0
"""The members of a tar archive, found in place: nothing is extracted and no name becomes a path.

Headers are made here too, for archives whose members are written in place.

Only plain files count. Python's ``tarfile`` follows links, trusts sizes and reads what a header
says however long it is; an OVA is hostile and may be a terabyte in a bucket, so the headers are
walked here, one bounded read each.

Source: POSIX.1-2017, ``pax``, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual,
"Basic Tar Format", for base-256 numbers and long names.

    Dec  Hex   Field                                                      Bytes
      0  0x000 name                                                       100
    100  0x064 mode, octal                                                8
    108  0x06c user, 116 group, octal                                     8 each
    124  0x07c size, octal, or base-256 if the first bit is set           12
    136  0x088 time of change, seconds since 1970, octal                  12
    148  0x094 checksum: sum of the header's bytes, itself as spaces      8
    156  0x09c type: "0", NUL, "7" file; "L" GNU name; "x", "g" pax       1
    257  0x101 magic "ustar", NUL, and 263 version "00"; GNU: "ustar  "   8
    345  0x159 prefix of the name, in ustar only                          155
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vmferry.appliances.refusal import bad_archive
from vmferry.units import KIB, SECTOR, round_up

if TYPE_CHECKING:
    from vmferry.model.bytes import ByteSource

_MAX_MEMBERS: Final = 512
_MAX_HEADERS: Final = 4 * _MAX_MEMBERS
"""A member may have one global, one pax and one GNU header before its own."""

_MAX_EXTENDED: Final = 64 * KIB
_MAX_NAME: Final = 255
_MAX_DIGITS: Final = 20
_OCTAL_END: Final = 8**11
_FILES: Final = (b"0", b"\0", b"7")
_REFUSED: Final = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a character device",
    b"4": "a block device",
    b"5": "a directory",
    b"6": "a FIFO",
    b"K": "a long link",
    b"M": "the rest of a file of another volume",
    b"S": "a sparse file",
}


class Member(NamedTuple):
    """A file in the archive."""

    name: str
    offset: int
    size: int


def read_members(source: ByteSource) -> dict[str, Member]:
    """Return the files of the archive by name, in their order.

    Raises:
        FormatError: It is no tar archive, it is cut, or a member is anything but a plain file in
            the archive's own folder with a name of its own.
    """
    members: dict[str, Member] = {}
    at, extended, headers = 0, dict[str, str](), 0
    while at + SECTOR <= source.size:
        block = source.read_at(at, SECTOR)
        if not any(block):
            break
        _check_sum(block, at)
        headers += 1
        if headers > _MAX_HEADERS:
            raise bad_archive("headers", at, found=f"more than {_MAX_HEADERS}")
        kind = block[156:157]
        size = _size(block, extended if kind in _FILES else {}, at)
        data = at + SECTOR
        if data + size > source.size:
            expected = f"at most {source.size - data}"
            raise bad_archive("member's size", at, found=f"{size} bytes", expected=expected)
        if kind in (b"x", b"L"):
            extended |= _extension(source, kind, data, size)
        elif kind == b"g":
            _extension(source, kind, data, size)
        else:
            member = Member(_name(block, extended, at), data, size)
            _check_member(member, kind, members, at)
            members[member.name] = member
            extended = {}
        at = data + round_up(size, SECTOR)
    if not members:
        raise bad_archive(f"{source.name} has no files", found="an empty archive or no archive")
    return members


def _check_sum(block: bytes, at: int) -> None:
    total = sum(block) - sum(block[148:156]) + 8 * ord(" ")
    stored = _octal(block[148:156])
    if stored != total:
        raise bad_archive(
            "header checksum",
            at,
            found="none" if stored is None else stored,
            expected=total,
            hint="An OVA is a plain tar archive; it may be neither compressed nor cut",
        )


def _size(block: bytes, extended: dict[str, str], at: int) -> int:
    text = extended.get("size")
    size = _octal(block[124:136]) if text is None else _decimal(text)
    if size is None or size < 0:
        found = repr(block[124:136]) if text is None else repr(text[:40])
        raise bad_archive("member's size", at, found=found, expected="a number of bytes")
    return size


def _decimal(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS else None


def _octal(field: bytes) -> int | None:
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big") if field[0] == 0x80 else -1  # 0xff: negative
    text = field.strip(b" \0")
    if not text:
        return 0
    return int(text, 8) if text.isdigit() and not set(text) & set(b"89") else None


def _extension(source: ByteSource, kind: bytes, data: int, size: int) -> dict[str, str]:
    """Return what an extended header says of the next member: ``path`` and ``size``."""
    if size > _MAX_EXTENDED:
        raise bad_archive(
            "extended header", data, found=f"{size} bytes", expected=f"at most {_MAX_EXTENDED}"
        )
    content = source.read_at(data, size)
    if kind == b"L":
        return {"path": _text(content.rstrip(b"\0"), data)}
    records = _pax_records(content, data)
    if any(key.startswith("GNU.sparse") for key in records):
        raise bad_archive("member", data, found="a sparse file", expected="a plain file")
    if kind == b"g" and ("path" in records or "size" in records):
        raise bad_archive("global header", data, found="a name or a size for every member")
    return {key: value for key, value in records.items() if key in ("path", "size")}


def _pax_records(content: bytes, at: int) -> dict[str, str]:
    """Parse records of the form ``length key=value newline``; the length counts all of it."""
    records: dict[str, str] = {}
    place = 0
    while place < len(content):
        digits, space, _ = content[place : place + 20].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = content[place + len(digits) + 1 : place + length]
        key, equals, value = record.partition(b"=")
        if not equals or not record.endswith(b"\n") or place + length > len(content):
            raise bad_archive("pax record", at + place, found=repr(content[place : place + 20]))
        records[_text(key, at)] = value[:-1].decode("utf-8", "replace")
        place += length
    return records


def _name(block: bytes, extended: dict[str, str], at: int) -> str:
    if "path" in extended:
        return extended["path"].removeprefix("./")
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name, at).removeprefix("./")


def _text(data: bytes, at: int) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise bad_archive("name", at, found=repr(data[:80]), expected="UTF-8") from error


def _check_member(member: Member, kind: bytes, members: dict[str, Member], at: int) -> None:
    if kind not in _FILES:
        found = _REFUSED.get(kind, f"type {kind!r}")
        raise bad_archive(f"member {member.name[:80]!r}", at, found=found, expected="a plain file")
    if not is_plain_name(member.name):
        raise bad_archive(
            "member's name", at, found=repr(member.name[:80]), expected="a name without a folder"
        )
    if member.name in members:
        raise bad_archive("member's name", at, found=f"{member.name!r} twice", expected="once")
    if len(members) >= _MAX_MEMBERS:
        raise bad_archive("members", at, found=f"more than {_MAX_MEMBERS}")


def header(name: str, size: int) -> bytes:
    """Return the header of a plain file that says nothing of who made it, or when.

    Args:
        name: Up to 100 characters of ASCII.
        size: Bytes. From 8 GiB on it takes GNU's form, as vSphere and VirtualBox read it; pax,
            the standard's own, vSphere does not (open-vmdk, pull request 65).
    """
    octal = size < _OCTAL_END
    block = bytearray(SECTOR)
    block[: len(name)] = name.encode("ascii")
    block[100:124] = b"0000644\0" + b"0000000\0" * 2
    block[124:136] = b"%011o\0" % size if octal else b"\x80" + size.to_bytes(11, "big")
    block[136:157] = b"0" * 11 + b"\0" + b" " * 8 + b"0"
    block[257:265] = b"ustar\x0000" if octal else b"ustar  \0"
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def is_plain_name(name: str) -> bool:
    """Say whether ``name`` names a file in the same folder and nothing else."""
    plain = name not in ("", ".", "..") and len(name) <= _MAX_NAME
    return plain and not any(char in "/\\:" or ord(char) < ord(" ") for char in name)
