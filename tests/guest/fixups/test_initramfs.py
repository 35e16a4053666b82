# SPDX-License-Identifier: Apache-2.0
"""initramfs as each program makes them, and what is appended to them."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from tests.fixtures.guest import FileDisk
from tests.guest.fixups.mending import mended
from tests.guest.initramfs.archives import COMPRESSORS, MICROCODE, compress, cpio, run
from tests.guest.initramfs.unpacked import loads, unpack, without
from tests.guest.trees import MemoryNode

from vmferry.guest import look
from vmferry.guest.draft import Draft
from vmferry.guest.filesystem import Tree
from vmferry.guest.fixups.initramfs import FIXUP, PACKAGES, STORAGE
from vmferry.guest.initramfs.writer import Item, archive
from vmferry.model.fixup import Choices
from vmferry.model.guest import BootEntry, FstabEntry, Kernel, Partition
from vmferry.units import MIB, human

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.fixtures.guest import DebianGuest
    from tests.guest.fixups.mending import Files

    from vmferry.guest.filesystem import Node
    from vmferry.model.fixup import Edit

FOLDER: Final = "lib/modules/6.1"
PATHS: Final = {
    "virtio": "kernel/drivers/virtio/virtio.ko.xz",
    "virtio_ring": "kernel/drivers/virtio/virtio_ring.ko.xz",
    "virtio_pci": "kernel/drivers/virtio/virtio_pci.ko.xz",
    "virtio_blk": "kernel/drivers/block/virtio_blk.ko.xz",
    "virtio_scsi": "kernel/drivers/scsi/virtio_scsi.ko.xz",
    "nvme_core": "kernel/drivers/nvme/host/nvme-core.ko.xz",
    "nvme": "kernel/drivers/nvme/host/nvme.ko.xz",
    "crct10dif": "kernel/arch/x86/crypto/crct10dif.ko.xz",
    "mptspi": "kernel/drivers/message/fusion/mptspi.ko.xz",
    "scsi_mod": "kernel/drivers/scsi/scsi_mod.ko.xz",
}
NEEDS: Final = {
    "virtio_ring": ["virtio"],
    "virtio_pci": ["virtio_ring", "virtio"],
    "virtio_blk": ["virtio_ring", "virtio"],
    "virtio_scsi": ["scsi_mod", "virtio_ring", "virtio"],
    "nvme": ["nvme_core"],
    "mptspi": ["scsi_mod"],
}
ALIASES: Final = """\
# Aliases extracted from modules themselves.
alias virtio:d00000002v* virtio_blk
alias virtio:d00000008v* virtio_scsi
alias pci:v00001AF4d*sv*sd*bc*sc*i* virtio_pci
alias pci:v*d*sv*sd*bc01sc08i02* nvme
alias pci:v00001000d00000030sv*sd*bc*sc*i* mptspi
alias usb:v0525p* far
"""
SOFTDEPS: Final = "# Soft\nsoftdep nvme-core pre: crct10dif\nsoftdep far pre: a\n"
RULES: Final = "udev/rules.d/80-drivers.rules"
HAS: Final = ("scsi_mod", "mptspi")
ADDED: Final = [name for name in PATHS if name not in HAS]
KERNEL: Final = Kernel(release="6.1", path="/boot/vmlinuz-6.1", initramfs="/boot/initrd-6.1")


WHY: Final = (
    "kernel 6.1, which boots by default, the newest, would not find its root on every disk:"
    " virtio_pci, virtio_blk, virtio_scsi, nvme missing; 8 modules added,"
)


def content(name: str) -> str:
    return f"module {name} " * 3


def guest(initramfs: bytes | None, **others: str | bytes) -> Files:
    """Return a guest with an initramfs and all modules."""
    dep = "".join(
        f"{path}:{''.join(f' {PATHS[other]}' for other in NEEDS.get(name, []))}\n"
        for name, path in PATHS.items()
    )
    files: Files = {f"{FOLDER}/{path}": content(name) for name, path in PATHS.items()}
    files |= {
        f"{FOLDER}/modules.dep": dep,
        f"{FOLDER}/modules.dep.bin": b"\xb0",
        f"{FOLDER}/modules.alias": ALIASES,
        f"{FOLDER}/modules.softdep": SOFTDEPS,
        f"{FOLDER}/modules.builtin": "kernel/drivers/scsi/sd_mod.ko\nkernel/drivers/ata/ahci.ko\n",
        f"{FOLDER}/modules.builtin.bin": b"\xb0\x07\xf4\x57\0\2\0\1\0\0\0\x0c",
        "boot/vmlinuz-6.1": "x",
    }
    if initramfs is not None:
        files["boot/initrd-6.1"] = initramfs
    return {**files, **others}


def early(folder: str, suffix: str = ".ko.xz") -> dict[str, bytes]:
    """Return the modules of an initramfs that has the old controller's driver."""
    paths = (PATHS[name].removesuffix(".ko.xz") + suffix for name in HAS)
    return {f"{folder}/modules/6.1/{path}": b"x" for path in paths}


def archived(folder: Path, files: dict[str, bytes], linked: bool = False) -> bytes:
    folder.mkdir(exist_ok=True)
    if linked:
        (folder / "usr" / "lib").mkdir(parents=True)
        (folder / "lib").symlink_to("usr/lib")
    names = {"usr", "usr/lib", "lib"} if linked else {"lib"}
    for name in files:
        parts = name.split("/")
        names |= {"/".join(parts[:end]) for end in range(1, len(parts))}
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    return cpio(folder, files, tuple(sorted(names)))


def mend(files: Files, kernel: Kernel = KERNEL, **known: Any) -> tuple[bytes, list[str], list[str]]:
    """Return what was appended, why, and the notes."""
    known = {"kernels": (kernel,), **known}
    _, draft = mended(FIXUP, files, **known)
    edits = draft.edits()
    assert all(edit.backup == ".initrd-6.1.before-vmferry" for edit in edits)
    added = b"".join(base64.b64decode(edit.after) for edit in edits)
    return added, [reason.why for edit in edits for reason in edit.reasons], draft.notes


def read(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_bytes().decode("latin-1")
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


STYLES: Final[dict[str, tuple[str, dict[str, bytes], bool]]] = {
    # initramfs-tools of Debian 12, whose /lib is a link
    "merged": ("usr/lib", {"scripts/init-top/udev": b"", f"usr/lib/{RULES}": b""}, True),
    # dracut 004 of RHEL 6, mkinitrd of SLES 11
    "apart": ("lib", {f"lib/{RULES}": b"", "run_all.sh": b""}, False),
    # mkinitcpio, which leaves out the texts
    "arch": (
        "usr/lib",
        {f"usr/lib/{RULES}": b"", "usr/lib/modules/6.1/modules.dep.bin": b"old"},
        True,
    ),
}


@pytest.mark.oracle
@pytest.mark.parametrize("style", STYLES)
def test_what_is_appended(style: str, tmp_path: Path) -> None:
    folder, others, is_linked = STYLES[style]
    made = archived(tmp_path / "made", {**early(folder), **others}, is_linked)
    initramfs = cpio(tmp_path, MICROCODE) + compress("gzip", made)
    added, whys, notes = mend(guest(initramfs))
    assert whys == [f"{WHY} {human(len(added))}"]
    assert notes == []
    unpack(initramfs + added, tmp_path / "now")
    assert (tmp_path / "now" / "lib").is_symlink() == is_linked
    found = read(tmp_path / "now")
    modules = f"{folder}/modules/6.1"
    assert {name for name in found if name.endswith(".ko.xz")} == {
        f"{modules}/{path}" for path in PATHS.values()
    }
    assert all(found[f"{modules}/{PATHS[name]}"] == content(name) for name in ADDED)
    assert found[f"{modules}/{PATHS['mptspi']}"] == "x", "what is there stays"
    assert "far" not in found[f"{modules}/modules.alias"] + found[f"{modules}/modules.softdep"]
    needed = ["virtio.ko.xz", "virtio_ring.ko.xz"]
    assert loads(tmp_path / "now", "6.1", "virtio:d00000002v00001AF4") == [
        *needed,
        "virtio_blk.ko.xz",
    ]
    assert loads(tmp_path / "now", "6.1", "pci:v00001000d00000030sv1sd1bc01sc00i00") == [
        *("scsi_mod.ko.xz", "mptspi.ko.xz")
    ]


@pytest.mark.oracle
@pytest.mark.parametrize("name", [*COMPRESSORS, ""])
def test_every_compression(name: str, tmp_path: Path) -> None:
    made = archived(tmp_path, {**early("lib"), f"lib/{RULES}": b""})
    added, _, _ = mend(guest(compress(name, made) if name else made))
    added = added.lstrip(b"\0")
    if name not in ("", "lz4"):
        added = run([COMPRESSORS[name][0], "-dc"], added)
    listed = run(["cpio", "-t", "--quiet"], added).decode().split()
    assert [path for path in listed if path.endswith("virtio_blk.ko.xz")]


@pytest.mark.oracle
def test_modules_that_were_unpacked(tmp_path: Path) -> None:
    """Mkinitcpio unpacks what it takes; the lists must name what is there."""
    made = archived(tmp_path / "made", {**early("lib", ".ko"), f"lib/{RULES}": b""})
    added, _, _ = mend(guest(compress("zstd", made)))
    unpack(run(["zstd", "-dc"], added.lstrip(b"\0")), tmp_path / "now")
    dep = (tmp_path / "now" / FOLDER / "modules.dep").read_text().splitlines()
    bare = {name: path.removesuffix(".xz") for name, path in PATHS.items()}
    assert f"{bare['mptspi']}: {bare['scsi_mod']}" in dep
    assert f"{PATHS['virtio_scsi']}: {bare['scsi_mod']} {PATHS['virtio_ring']}" in "\n".join(dep)


@pytest.mark.oracle
def test_old_lists(tmp_path: Path) -> None:
    """module-init-tools up to 3.4 names modules from the root on; there may be no index."""
    files = guest(archived(tmp_path, {f"lib/{RULES}": b""}))
    dep = str(files[f"{FOLDER}/modules.dep"])
    files[f"{FOLDER}/modules.dep"] = dep.replace("kernel/", f"/{FOLDER}/kernel/")
    for name in ("modules.dep.bin", "modules.softdep", "modules.builtin.bin"):
        del files[f"{FOLDER}/{name}"]
    added, _, _ = mend(files)
    unpack(added, tmp_path / "now")
    now = tmp_path / "now" / FOLDER
    lines = (now / "modules.dep").read_text().splitlines()
    assert f"/{FOLDER}/{PATHS['nvme']}: /{FOLDER}/{PATHS['nvme_core']}" in lines
    assert not (now / "modules.dep.bin").exists()
    assert (now / "modules.builtin").exists(), "an initramfs without lists gets this one too"


NASH: Final = b"""\
#!/bin/nash

mount -t proc /proc /proc
echo Creating block device nodes.
mkblkdevs
echo "Loading scsi_mod.ko module"
insmod /lib/scsi_mod.ko
echo Waiting for driver initialization.
stabilized --hash --interval 250 /proc/scsi/scsi
mkblkdevs
echo Scanning and configuring dmraid supported devices
mkrootdev -t ext3 -o defaults,ro /dev/VolGroup00/LogVol00
"""


@pytest.mark.oracle
def test_rhel_5(tmp_path: Path) -> None:
    files = {"init": NASH, "lib/scsi_mod.ko": b"x", "bin/nash": b""}
    initramfs = compress("gzip", archived(tmp_path / "made", files))
    plain = {
        path: data.replace(".ko.xz", ".ko") if isinstance(data, str) else data
        for path, data in guest(initramfs).items()
    }
    old = {path.replace(".ko.xz", ".ko"): data for path, data in plain.items()}
    added, whys, _ = mend(old)
    assert "missing; 8 modules added" in whys[0]
    unpack(initramfs + added, tmp_path / "now")
    init = (tmp_path / "now" / "init").read_bytes()
    names = [line.rpartition("/")[2] for line in init.decode().splitlines() if "insmod" in line]
    assert names[0] == "scsi_mod.ko"
    assert names.index("virtio.ko") < names.index("virtio_ring.ko") < names.index("virtio_blk.ko")
    assert (tmp_path / "now" / "lib" / "virtio_blk.ko").read_text() == content("virtio_blk")
    assert (tmp_path / "now" / "init").stat().st_mode & 0o777 == 0o755
    assert not (tmp_path / "now" / FOLDER).exists()


@pytest.mark.oracle
def test_a_newer_kernel_too(tmp_path: Path) -> None:
    made = archived(tmp_path, {**early("lib"), f"lib/{RULES}": b""})
    files = guest(made)
    files |= {
        path.replace("/6.1/", "/6.2/"): data
        for path, data in files.items()
        if path.startswith(FOLDER)
    }
    files["boot/initrd-6.2"] = made
    newer = replace(KERNEL, release="6.2", initramfs="/boot/initrd-6.2")
    older = replace(KERNEL, release="6.0", initramfs="/boot/initrd-6.0")
    _, draft = mended(FIXUP, files, kernels=(KERNEL, newer, older))
    assert [edit.path for edit in draft.edits()] == ["/boot/initrd-6.1", "/boot/initrd-6.2"]
    whys = [edit.reasons[0].why for edit in draft.edits()]
    assert whys[0].startswith("kernel 6.1, which boots by default, would")
    assert whys[1].startswith("kernel 6.2, the newest, would")
    assert "missing; 9 modules added" in whys[1], "modules of 6.1 are none of its own"


UKI: Final = BootEntry(loader="uki", title="Arch", kernel="/boot/vmlinuz-6.1")
BOOT: Final = Partition(
    disk=0, number=2, offset=1, size=2, kind="0x83", filesystem="ext4", free=MIB
)
ON_BOOT: Final = FstabEntry(
    line=1, spec="UUID=x", path="/boot", kind="ext4", options="", partition=0
)


@pytest.mark.parametrize(
    ("change", "known", "note"),
    [
        ({"boot/initrd-6.1": b"?"}, {}, "kernel 6.1: initramfs at byte 0: found b'?', expected"),
        ({"boot/initrd-6.1": None}, {}, "kernel 6.1: /boot/initrd-6.1 is not there; make it in"),
        (
            {},
            {"kernels": (replace(KERNEL, initramfs=""),)},
            "kernel 6.1: it has no initramfs, and virtio_pci, virtio_blk, virtio_scsi, nvme are m",
        ),
        ({}, {"boot_entries": (UKI,)}, "/boot/vmlinuz-6.1 is a unified image, which cannot be"),
        (
            {f"{FOLDER}/modules.dep": None},
            {},
            "modules.dep is not there, so its drivers are not known; run depmod 6.1 in the machine",
        ),
        (
            {f"{FOLDER}/modules.dep": "../x/virtio_blk.ko:\n"},
            {},
            "modules.dep: names ../x/virtio_blk.ko, which is in another folder",
        ),
        (
            {f"{FOLDER}/{PATHS['nvme']}": None},
            {},
            f"/{FOLDER}/{PATHS['nvme']} is not there; run depmod 6.1 in the machine",
        ),
        (
            {"boot/initrd-6.1": b"no rules"},
            {},
            "its initramfs is none of those that load the drivers of what is found; make it with",
        ),
        (
            {},
            {"fstab": (ON_BOOT,), "partitions": (BOOT,)},
            "are needed to add drivers to it and keep the original, 1 MiB are free; free space in",
        ),
        ({}, {"free": MIB}, "keep the original, 1 MiB are free"),
    ],
)
def test_what_cannot_be_mended(
    change: Mapping[str, str | bytes | None], known: dict[str, Any], note: str
) -> None:
    files = guest(archive([Item(f"lib/{RULES}")]))
    for path, data in change.items():
        if data == b"no rules":
            files[path] = archive([Item("init")])
        elif data is None:
            del files[path]
        else:
            files[path] = data
    added, _, notes = mend(files, **known)
    assert added == b""
    assert any(note in each for each in notes), notes


def test_what_the_guest_lacks() -> None:
    files = guest(archive([Item(f"lib/{RULES}")]))
    dep = str(files[f"{FOLDER}/modules.dep"]).splitlines(keepends=True)
    files[f"{FOLDER}/modules.dep"] = "".join(line for line in dep if "nvme" not in line)
    added, whys, notes = mend(files)
    assert added
    assert "virtio_pci, virtio_blk, virtio_scsi missing" in whys[0]
    (note,) = notes
    assert note == (
        "initramfs: kernel 6.1 has no nvme, so it finds no root on such disks;"
        f" install {PACKAGES['debian']} in the machine"
    )


def test_what_has_all_is_not_read() -> None:
    early = ("virtio_blk", "virtio_scsi", "virtio_pci", "nvme")
    files = guest(b"?")
    assert mend(files, replace(KERNEL, in_initramfs=early)) == (b"", [], [])
    assert mend({"boot/vmlinuz-6.1": "x"}, replace(KERNEL, initramfs="")) == (b"", [], [])


class Swapped:
    """A folder of a real guest in which one file has other bytes."""

    def __init__(self, node: Node, path: list[str], data: bytes) -> None:
        self._node, self._path, self._data = node, path, data
        self.kind, self.size = node.kind, node.size
        self.names, self.read, self.target = node.names, node.read, node.target

    def child(self, name: str) -> Node | None:
        """Return what is there, or the other bytes."""
        found = self._node.child(name)
        if found is None or name != self._path[0]:
            return found
        if not self._path[1:]:
            return MemoryNode(data=self._data)
        return Swapped(found, self._path[1:], self._data)


COLDPLUG: Final = {
    "pci:v00001AF4d00001001sv00001AF4sd00000002bc01sc00i00": "virtio_pci.ko",
    "virtio:d00000002v00001AF4": "virtio_blk.ko",
    "virtio:d00000008v00001AF4": "virtio_scsi.ko",
    "pci:v00001B36d00000010sv00001AF4sd00001100bc01sc08i02": "nvme.ko",
    "pci:v00008086d00002922sv00001AF4sd00001100bc01sc06i01": "ahci.ko",
    "pci:v00008086d00007010sv00001AF4sd00001100bc01sc01i80": "ata_piix.ko",
    "xen:vbd": "xen-blkfront.ko",
    "scsi:t-0x00": "sd_mod.ko",
    "crc32c": "crc32c_generic.ko",
}
"""What udev asks for on QEMU and Xen, and something that was there before."""


@pytest.mark.slow
@pytest.mark.oracle
def test_a_real_initramfs_without_drivers(debian_guest: DebianGuest, tmp_path: Path) -> None:
    """Modprobe finds each driver by its alias, with all that it needs. 8 s, half of them cpio."""
    sight = look.see([FileDisk(debian_guest.raw)])
    kernel = sight.facts.kernels[0]
    whole = sight.tree.read_head(kernel.initramfs, 64 * MIB)
    gone = {*STORAGE, "virtio", "virtio_ring", "nvme_core", "libahci"}
    less = without(whole, gone, tmp_path / "less", kernel.release)
    assert loads(tmp_path / "less", kernel.release, "virtio:d00000002v00001AF4") == []

    def planned(initramfs: bytes) -> tuple[Edit, ...]:
        path = kernel.initramfs.split("/")[1:]
        draft = Draft(Tree(Swapped(sight.tree.root, path, initramfs)))
        bare = replace(sight.facts, kernels=(replace(kernel, in_initramfs=()),))
        FIXUP.plan(draft, bare, Choices(fixups=(FIXUP.name,)))
        assert draft.notes == []
        return draft.edits()

    (edit,) = planned(less)
    added = base64.b64decode(edit.after)
    assert len(added) < MIB
    assert planned(less + added) == ()
    unpack(less + added, tmp_path / "now")
    for alias, module in COLDPLUG.items():
        assert module in loads(tmp_path / "now", kernel.release, alias), alias
    assert loads(tmp_path / "now", kernel.release, "virtio:d00000002v00001AF4") == [
        *("virtio_ring.ko", "virtio.ko", "virtio_blk.ko")
    ]
