# SPDX-License-Identifier: Apache-2.0
"""The parsers that are fuzzed: each takes any bytes, and only its own refusals may come out.

Of a disk that opens, the first extents are walked and a few ranges read, and what was read is held
against what must be so for every disk: extents leave no gap, holes are zeros, two short reads are
one long one. Of an appliance that opens, every disk's file is looked at; of guests see
``guests.py``.
"""

from __future__ import annotations

import resource
import time
from contextlib import suppress
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.fuzz import guests, mutators
from tests.fuzz.appliance_recipes import as_pem
from tests.fuzz.scattered import Finding, ScatteredFile, gather, whole

from vmferry.appliances import open_appliance, verify_digest
from vmferry.appliances.certificate import verify_certificate
from vmferry.appliances.gzip import GzipSource
from vmferry.appliances.manifest import parse_manifest
from vmferry.appliances.ovf import parse_ovf
from vmferry.errors import FormatError
from vmferry.formats import detect, open_disk
from vmferry.formats.raw import RawReader
from vmferry.formats.vmdk.stream import GrainStream
from vmferry.guest.volumes import gpt, mbr
from vmferry.guest.window import Pages, Window
from vmferry.model.disk import ExtentKind
from vmferry.units import KIB, MIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.model.disk import Disk, Extent
    from vmferry.model.guest import Partition

MOST_EXTENTS: Final = 32
MOST_READ: Final = 64 * KIB
_AGAIN: Final = 3
"""How often an input that took too long is tried again: neighbours slow a machine down."""

_DAMAGED: Final = (OSError, MemoryError, OverflowError, ValueError)
"""What ``guest.volumes`` promises of a damaged table; ``guest.look`` turns it into ours."""


class Parser(NamedTuple):
    """One parser under the fuzzer.

    Attributes:
        run: Parses an input and says whether it was accepted; raises only what it finds.
        mutate: Makes an input of another, of at most so many bytes.
        words: What a blind mutator would not guess.
    """

    run: Callable[[bytes], bool]
    mutate: Callable[[bytes, int, int], bytes]
    words: tuple[bytes, ...]


def read_disk(disk: Disk) -> None:
    """Walk and read a disk that was opened."""
    size = disk.size
    if size < 0:
        raise Finding(f"a disk of {size} bytes")
    extents = list(islice(disk.extents(), MOST_EXTENTS))
    _check_extents(extents, size)
    for extent in [*extents[:4], *extents[-2:]]:
        length = min(extent.length, MOST_READ)
        _check_read(disk, extent.offset, length, extent.kind)
    tail = min(size, MOST_READ)
    with suppress(FormatError):
        _check_read(disk, size - tail, tail, ExtentKind.DATA)
        list(islice(disk.extents(size - tail), MOST_EXTENTS))
    tuple(getattr(disk, "warnings", ()))


def _check_extents(extents: list[Extent], size: int) -> None:
    if bool(extents) is not bool(size) or (extents and extents[0].offset):
        raise Finding(f"extents {extents[:1]} of {size} bytes")
    for extent in extents:
        if extent.length <= 0 or extent.end > size:
            raise Finding(f"{extent} of a disk of {size} bytes")
    for before, after in pairwise(extents):
        if before.end != after.offset or before.kind is after.kind:
            raise Finding(f"{before} before {after}")
    if 0 < len(extents) < MOST_EXTENTS and extents[-1].end != size:
        raise Finding(f"{extents[-1]} is the last of a disk of {size} bytes")


def _check_read(disk: Disk, offset: int, length: int, kind: ExtentKind) -> None:
    data = disk.read_at(offset, length)
    if len(data) != length:
        raise Finding(f"{len(data)} bytes read, {length} asked for")
    if kind is ExtentKind.ZERO and data.strip(b"\0"):
        raise Finding(f"a hole at {offset} that is not zeros")
    middle = length // 3
    halves = disk.read_at(offset, middle) + disk.read_at(offset + middle, length - middle)
    if halves != data:
        raise Finding(f"two reads at {offset} differ from one")


def _disk(name: str) -> Callable[[bytes], bool]:
    def run(data: bytes) -> bool:
        source = ScatteredFile(data, f"disk.{name}")
        with suppress(FormatError):
            read_disk(open_disk(source, name))
            return True
        return False

    return run


def _vmdk_stream(data: bytes) -> bool:
    file = gather(data, 2 * MIB)
    chunks = (file[at : at + 3000] for at in range(0, len(file), 3000))
    after = 0
    with suppress(FormatError):
        stream = GrainStream(chunks)
        for offset, grain in islice(stream, 64):
            if offset < after or not 0 < len(grain) <= stream.size - offset:
                raise Finding(f"a grain of {len(grain)} bytes at {offset} after {after}")
            after = offset + len(grain)
        return True
    return False


def _raw(data: bytes) -> bool:
    source = ScatteredFile(data, "disk.raw")
    with suppress(FormatError):
        found = detect(source)
        read_disk(open_disk(source, "raw"))
        if found != "raw":
            raise Finding(f"a disk of the format {found} was opened as raw")
        return True
    return False


def _ova(data: bytes) -> bool:
    source = ScatteredFile(data, "vm.ova")
    with suppress(FormatError):
        appliance = open_appliance(source)
        for disk in appliance.machine.disks:
            stored = appliance.stored_file(disk)
            if disk.href and not 512 <= disk.offset <= source.size - disk.length:
                raise Finding(f"{disk} of an archive of {source.size} bytes")
            if disk.length > MIB:
                continue
            digest = appliance.digest_of(disk)
            with suppress(FormatError):
                if digest:
                    verify_digest(stored, digest)
            with suppress(FormatError):
                detect(appliance.disk_file(disk))
        return True
    return False


def _gzip(data: bytes) -> bool:
    with suppress(FormatError):
        read_disk(RawReader(GzipSource(whole(data, "disk.gz"), 4 * MIB)))
        return True
    return False


def _ovf(data: bytes) -> bool:
    with suppress(FormatError):
        _, references = parse_ovf(data)
        for reference in references:
            if "/" in reference.disk.href or reference.disk.href in (".", ".."):
                raise Finding(f"the name {reference.disk.href!r}")
        return True
    return False


def _manifest(data: bytes) -> bool:
    """Parse a manifest, or the certificate that signs one: the file, or its DER alone."""
    if data.startswith(b"\x30"):
        data = b"SHA256(vm.mf)= 00\n" + as_pem(data)
    with suppress(FormatError):
        if b"-----BEGIN" in data:
            verify_certificate(data, "vm.mf", b"")
        else:
            parse_manifest(data)
        return True
    return False


def _table(read: Callable[[Window, int], tuple[Partition, ...] | None]) -> Callable[[bytes], bool]:
    def run(data: bytes) -> bool:
        disk = ScatteredFile(data, "disk 0")
        window = Window(Pages(disk), 0, disk.size, "disk 0")
        with suppress(*_DAMAGED):
            partitions = read(window, 0)
            for partition in partitions or ():
                if partition.offset < 0 or partition.size < 0 or partition.number < 1:
                    raise Finding(str(partition))
            return bool(partitions)
        return False

    return run


_VMDK_WORDS: Final = (
    *(b"KDMV", b"\n \r\n", b"createType=", b'"streamOptimized"', b'"monolithicSparse"'),
    *(b"parentCID=ffffffff", b"RW 64 SPARSE ", b'"disk.vmdk"', b"# ", b"\xff" * 8, b"\x78\x01"),
)
_TAR_WORDS: Final = (
    *(b"ustar\x0000", b"ustar  \0", b".ovf", b".mf", b"path=", b"size=", b"GNU.sparse", b"./"),
    *(b"00000001000\0", b"\x80\0\0\0\0\0\0\0", b" size=", b"disk1.vmdk", b"12 path=a\n"),
)
_LVM_WORDS: Final = (
    *(b"LABELONE", b"LVM2 001", b" LVM2 x[5A%r0N*>", b"segment2 {", b"start_extent = ", b"}"),
    *(b"extent_count = ", b"stripe_count = ", b"stripe_size = ", b'stripes = ["pv0", ', b"pv1"),
    *(b'type = "striped"', b'"linear"', b"seqno = ", b"extent_size = ", b"pe_start = ", b"# "),
    *(b"logical_volumes {", b"physical_volumes {", b'"VISIBLE"', b"9223372036854775807", b'\\"'),
)
_SETTINGS_WORDS: Final = (
    *(b"\n==> etc/fstab\n", b"\n==> boot/grub/grub.cfg\n", b"\n==> etc/netplan/a.yaml\n"),
    *(
        b"\n==> etc/network/interfaces\n",
        b"\n==> etc/x -> ../etc/x\n",
        b"\n==> boot/grub/grubenv\n",
    ),
    *(b"\n==> boot/efi/loader/loader.conf\n", b"\n==> boot/efi/loader/entries/a.conf\n"),
    *(
        b"\n==> etc/sysconfig/network-scripts/ifcfg-eth0\n",
        b"\n==> etc/passwd\n",
        b"UUID=",
        b"subvol=",
    ),
    *(b"\n==> etc/NetworkManager/system-connections/a\n", b"\n==> boot/grub/menu.lst\n", b"\\\n"),
    *(
        b"menuentry '",
        b"submenu '",
        b"if [ ",
        b"fi\n",
        b"set default=",
        b"${",
        b"linux ",
        b"title ",
    ),
    *(
        b"source ",
        b"iface ",
        b"inet ",
        b"auto ",
        b"\n  - ",
        b": {",
        b"}\n",
        b"[a, b]",
        b"network:\n  ",
    ),
)
_XML_WORDS: Final = (
    *(b"<Envelope", b"</Envelope>", b"<References>", b"<File ", b"<DiskSection>", b"<Disk "),
    *(b"<VirtualSystem>", b"<VirtualSystemCollection>", b"<VirtualHardwareSection>", b"<Item>"),
    *(b"<rasd:ResourceType>17<", b"<rasd:HostResource>", b"ovf:/disk/", b"ovf:/file/"),
    *(b"<!DOCTYPE", b"<!ENTITY a ", b"&a;", b"<![CDATA[", b"ovf:href=", b"ovf:chunkSize="),
    *(
        b"ovf:fileRef=",
        b"ovf:capacityAllocationUnits=",
        b"byte * 2^30",
        b"ovf:compression=",
        b"%2e%2e%2f",
    ),
    *(b"<Config ", b"firmware", b"efi", b"ovf:bound=", b"ovf:configuration=", b"<vbox:Machine>"),
    *(b"<DeploymentOptionSection>", b"<Configuration ", b'encoding="UTF-16"', b"\xef\xbb\xbf"),
)

PARSERS: Final = {
    "vmdk": Parser(_disk("vmdk"), mutators.scattered(mutators.agree_vmdk), _VMDK_WORDS),
    "vmdk_stream": Parser(_vmdk_stream, mutators.scattered(mutators.agree_vmdk), _VMDK_WORDS),
    "vhd": Parser(
        _disk("vhd"),
        mutators.scattered(mutators.sum_vhd),
        (b"conectix", b"cxsparse", b"win ", b"vpc ", b"\xff" * 8, b"\0\0\0\2", b"\0\0\0\3"),
    ),
    "vhdx": Parser(
        _disk("vhdx"),
        mutators.scattered(mutators.sum_vhdx),
        (b"vhdxfile", b"head", b"regi", b"metadata", b"loge", b"desc", b"zero", b"data"),
    ),
    "qcow2": Parser(
        _disk("qcow2"),
        mutators.scattered(mutators.plain),
        (b"QFI\xfb", b"\x68\x03\xf8\x57", b"\x28\xb5\x2f\xfd", b"\x80" + bytes(7), b"\xc0"),
    ),
    "raw": Parser(
        _raw,
        mutators.scattered(mutators.plain),
        (b"KDMV", b"conectix", b"vhdxfile", b"QFI\xfb", b"QED\0", b"ustar", b"\x7f\x10\xda\xbe"),
    ),
    "ova": Parser(_ova, mutators.scattered(mutators.sum_tar), (*_TAR_WORDS, *_XML_WORDS)),
    "gzip": Parser(_gzip, mutators.text, (b"\x1f\x8b\x08\0", b"\x03\0", b"\x01\0\0\xff\xff")),
    "ovf": Parser(_ovf, mutators.text, _XML_WORDS),
    "manifest": Parser(
        _manifest,
        mutators.text,
        (b"SHA1(", b"SHA256(", b"SHA-512 (", b")= ", b"\r\n", b"\xe2\x80\xa8", b"0" * 40),
    ),
    "mbr": Parser(_table(mbr.read), mutators.scattered(mutators.plain), (b"\x55\xaa", b"\x05")),
    "gpt": Parser(
        _table(gpt.read),
        mutators.scattered(mutators.sum_gpt),
        (b"EFI PART", b"\x55\xaa", b"\xee"),
    ),
    "lvm": Parser(guests.lvm_run, mutators.scattered(mutators.sum_lvm), _LVM_WORDS),
    "btrfs": Parser(
        guests.btrfs_run,
        mutators.scattered(mutators.sum_btrfs),
        (b"_BHRfS_M", b"default", b"link", b"sub", b"\x84", b"\x6c", b"\x60", b"\x28\xb5\x2f\xfd"),
    ),
    "settings": Parser(guests.settings_run, mutators.text, _SETTINGS_WORDS),
    "initramfs": Parser(
        guests.initramfs_run,
        mutators.text,
        (
            *(
                b"070701",
                b"TRAILER!!!",
                b"00000000",
                b"ffffffff",
                b"virtio_blk.ko",
                b"\x1f\x8b\x08\0",
            ),
            *(
                b"\xfd7zXZ\0",
                b"\x5d\0\0",
                b"BZh9",
                b"\x28\xb5\x2f\xfd",
                b"\x02\x21\x4c\x18",
                b"\xf0\xff",
            ),
        ),
    ),
    "jfs": Parser(
        guests.jfs_run, mutators.scattered(mutators.plain), (b"JFS1", b"\x82", b"\x84", b"\1\0\0\0")
    ),
}
"""Every parser by its name."""


def run_within(parser: Parser, data: bytes, *, seconds: float, memory: int) -> bool:
    """Parse ``data`` and say whether it was accepted; a finding if it takes too much.

    Args:
        parser: What parses.
        data: The input.
        seconds: Of processor time.
        memory: Bytes that the largest resident size of the process may grow by.
    """
    resident = _resident()
    accepted, taken = _timed(parser, data)
    grown = _resident() - resident
    for _ in range(_AGAIN if taken > seconds else 0):
        taken = min(taken, _timed(parser, data)[1])
    if taken > seconds:
        raise Finding(f"{taken:.1f} s of processor time, at most {seconds}")
    if grown > memory:
        raise Finding(f"{grown // MIB} MiB of memory, at most {memory // MIB}")
    return accepted


def _timed(parser: Parser, data: bytes) -> tuple[bool, float]:
    started = time.thread_time()
    accepted = parser.run(data)
    return accepted, time.thread_time() - started


def _resident() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
