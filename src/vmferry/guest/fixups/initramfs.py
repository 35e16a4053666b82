# SPDX-License-Identifier: Apache-2.0
"""The initramfs has the drivers of the disks that a virtual machine may have.

One that was made for the hardware at hand (dracut's hostonly, ``MODULES=dep``, mkinitcpio's
autodetect) has the driver of the old controller only, and finds no root on another one. The guest's
own modules, what they need and the lists by which they are found are appended as one more archive,
compressed as the guest's own is, which its kernel is known to read. Nothing of the guest is run.

udev loads them: its 80-drivers.rules asks for the driver of every device by ``MODALIAS``, and the
initramfs of initramfs-tools (scripts/init-top/udev), dracut, mkinitcpio (hooks udev, systemd) and
SUSE's mkinitrd (setup-udev.sh) have that file. RHEL 5 has no udev there; its ``/init`` names them.

Sources: issue 5; aws-behaviour.md, 11-R, line 958; Linux,
Documentation/driver-api/early-userspace/buffer-format.rst; udev(7); dracut(8); mkinitcpio(8).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.errors import FormatError, GuestError
from vmferry.guest.fixups import Fixup, _modules, _nash
from vmferry.guest.initramfs.contents import INIT, Contents
from vmferry.guest.initramfs.prefix import Whole
from vmferry.guest.initramfs.writer import FOLDER, PROGRAM, Item, appendix
from vmferry.guest.versions import key
from vmferry.units import MIB, human

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vmferry.guest.draft import Draft
    from vmferry.guest.fixups._modules import Modules
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts, Kernel

STORAGE: Final = (
    *("virtio_pci", "virtio_blk", "virtio_scsi", "sd_mod", "nvme", "ahci", "ata_piix"),
    "xen_blkfront",
)
"""What finds a disk of QEMU's or EC2's machines; ``virtio_ring`` and the like they need. Drivers of
network cards are not needed so early: the root is local."""

EXPECTED: Final = ("virtio_blk", "virtio_scsi", "nvme")
"""A kernel that lacks one of them is told of: they are our disks, and those of EC2's Nitro. Xen's
have other names in old kernels, and cloud kernels do without the controllers of real machines."""

PACKAGES: Final = {
    "debian": "linux-image-amd64 instead of the cloud kernel",
    "ubuntu": "linux-modules-extra of the kernel",
    "sles": "kernel-default instead of kernel-default-base",
}
ANY_PACKAGE: Final = "a kernel that has them"

DRIVERS_RULES: Final = re.compile(r"(?:.*/)?udev/rules\.d/[^/]*-drivers\.rules")
LONGEST: Final = 56 * MIB
"""Of an initramfs. Two of them are in memory, and a third time the one that is read; of the 300 MiB
there a look takes 110."""

LONGEST_MODULE: Final = 8 * MIB
MOST_ADDED: Final = 24 * MIB
"""Together, before they are compressed; those of Debian 12 have 2.5 MiB."""

SPARE: Final = MIB
BUILTIN: Final = _modules.BUILTIN


def plan(draft: Draft, facts: GuestFacts, _choices: Choices) -> None:
    """Add what is missing to the initramfs of the default kernel, and of a newer one."""
    for kernel, role in _kernels(facts):
        try:
            _mend(draft, facts, kernel, role)
        except (GuestError, FormatError) as error:
            draft.note(f"kernel {kernel.release}: {error.message}")


def _kernels(facts: GuestFacts) -> Iterator[tuple[Kernel, str]]:
    """Yield which kernels are looked at: a newer one boots once the default is changed."""
    default, *others = facts.kernels
    newer = [each for each in others[:1] if key(each.release) > key(default.release)]
    yield default, "which boots by default" if newer else "which boots by default, the newest"
    for kernel in newer:
        yield kernel, "the newest"


def _mend(draft: Draft, facts: GuestFacts, kernel: Kernel, role: str) -> None:
    modules = _modules.read(draft, kernel.release)
    if modules is None:
        if kernel.initramfs:
            draft.note(
                f"kernel {kernel.release}: {_modules.DEP} is not there, so its drivers are not"
                f" known; run depmod {kernel.release} in the machine"
            )
        return
    _complain(draft, facts, modules)
    wanted = [name for name in STORAGE if name in modules.paths and name not in modules.built_in]
    if all(name in kernel.in_initramfs for name in wanted if name != "sd_mod"):
        return  # ``sd_mod`` is no fact; where all others are, it is what they come with.
    _check(kernel, facts, wanted)
    data = draft.data(kernel.initramfs, LONGEST)
    if data is None:
        raise GuestError(f"{kernel.initramfs} is not there; make it in the machine")
    early = _Early(Contents(Whole(data)), modules)
    added = [name for name in modules.closure(wanted) if name not in early.present]
    added = [name for name in added if name not in modules.built_in]
    if not added:
        return
    addition = appendix(early.items(draft, added), len(data), early.contents.compression)
    _check_room(facts, kernel.initramfs, len(data) + len(addition))
    lacking = ", ".join(name for name in STORAGE if name in added) or "what they need"
    draft.append(
        kernel.initramfs,
        addition,
        f"kernel {kernel.release}, {role}, would not find its root on every disk: {lacking}"
        f" missing; {len(added)} modules added, {human(len(addition))}",
    )


def _complain(draft: Draft, facts: GuestFacts, modules: Modules) -> None:
    absent = [n for n in EXPECTED if n not in modules.paths and n not in modules.built_in]
    if absent:
        draft.note(
            f"kernel {modules.release} has no {', '.join(absent)}, so it finds no root on such"
            f" disks; install {PACKAGES.get(facts.distribution, ANY_PACKAGE)} in the machine"
        )


def _check(kernel: Kernel, facts: GuestFacts, wanted: Sequence[str]) -> None:
    """Raise if there is no initramfs that something could be appended to."""
    lacking = ", ".join(wanted)
    if any(each.loader == "uki" and each.kernel == kernel.path for each in facts.boot_entries):
        raise GuestError(
            f"{kernel.path} is a unified image, which cannot be appended to; make it with"
            f" {lacking} in the machine"
        )
    if not kernel.initramfs:
        raise GuestError(f"it has no initramfs, and {lacking} are modules; make one in the machine")


def _check_room(facts: GuestFacts, path: str, size: int) -> None:
    """Raise if the kept original and the longer file have no room.

    An engine that fails for a full file system fails the import, and a machine whose /boot is full
    cannot be updated either. So there is no initramfs without its original.
    """
    held = [entry for entry in facts.fstab if path.startswith(f"{entry.path.rstrip('/')}/")]
    held = [entry for entry in held if entry.path != "/" and entry.partition is not None]
    mount = max(held, key=lambda entry: len(entry.path), default=None)
    free = facts.free if mount is None else facts.partitions[mount.partition or 0].free
    if free is not None and free < size + SPARE:
        raise GuestError(
            f"{path}: {human(size + SPARE)} are needed to add drivers to it and keep the original,"
            f" {human(free)} are free; free space in the machine"
        )


class _Early:
    """An initramfs, and how modules come into it."""

    def __init__(self, contents: Contents, modules: Modules) -> None:
        self.contents = contents
        self._modules = modules
        self._by_name = _nash.is_script(contents.init)
        self._folder = contents.real(
            _nash.FOLDER if self._by_name else modules.folder.removeprefix("/")
        )
        self.present = dict(self._present())

    def _present(self) -> Iterator[tuple[str, str]]:
        """Yield the modules that it has, with their paths from the folder on."""
        prefix = f"{self._folder}/"
        for path in self.contents.names():
            if name := _modules.name_of(path):
                real = self.contents.real(path)
                if real.startswith(prefix):
                    yield name, real.removeprefix(prefix)

    def items(self, draft: Draft, added: Sequence[str]) -> list[Item]:
        """Return what an archive has to have for the modules ``added``."""
        paths = {name: self._modules.paths[name] for name in added}
        if self._by_name:
            paths = {name: path.rpartition("/")[2] for name, path in paths.items()}
            others = [Item(INIT, _nash.loading(self.contents.init, paths.values()), PROGRAM)]
        elif any(map(DRIVERS_RULES.fullmatch, self.contents.names())):
            others = list(self._lists(draft, {**self.present, **paths}))
        else:
            raise GuestError(
                "its initramfs is none of those that load the drivers of what is found; make it"
                f" with {', '.join(added)} in the machine"
            )
        files = [
            Item(f"{self._folder}/{path}", _file(draft, self._modules, name))
            for name, path in paths.items()
        ]
        if sum(len(item.content) for item in files) > MOST_ADDED:
            raise GuestError(f"its modules have more than {human(MOST_ADDED)}")
        return self._with_folders([*files, *others])

    def _lists(self, draft: Draft, present: Mapping[str, str]) -> Iterator[Item]:
        for name, data in _modules.lists(draft, self._modules, present).items():
            yield Item(f"{self._folder}/{name}", data)
        for name in BUILTIN:
            own = draft.data(f"{self._modules.folder}/{name}")
            if own is not None and not self.contents.exists(f"{self._folder}/{name}"):
                yield Item(f"{self._folder}/{name}", own)

    def _with_folders(self, items: Sequence[Item]) -> list[Item]:
        above = (folder for item in items for folder in self.contents.missing_folders(item.name))
        return [*(Item(name, mode=FOLDER) for name in dict.fromkeys(above)), *items]


def _file(draft: Draft, modules: Modules, name: str) -> bytes:
    path = f"{modules.folder}/{modules.paths[name]}"
    data = draft.data(path, LONGEST_MODULE)
    if data is None:
        raise GuestError(f"{path} is not there; run depmod {modules.release} in the machine")
    return data


FIXUP = Fixup(
    name="initramfs",
    summary="add the drivers of virtual disks to the initramfs",
    plan=plan,
)
