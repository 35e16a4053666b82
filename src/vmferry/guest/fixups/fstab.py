# SPDX-License-Identifier: Apache-2.0
"""/etc/fstab names what it mounts by what stays: file systems' UUIDs, not the names of devices.

A machine that comes to another controller has other names of devices, and no folder that its
hypervisor shared; systemd waits 90 s for each of them and then starts no system at all. So a device
becomes a UUID, one that is not there must not hold the start up (``nofail``), a folder that came
from the host or over the network by a user's program is disabled, and so is a line that is none.

Source: aws-behaviour.md, 11-R, lines 961 and 963; fstab(5); systemd.mount(5), "nofail".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from vmferry.guest import fstab
from vmferry.guest.fixups import Fixup

if TYPE_CHECKING:
    from vmferry.guest.draft import Draft
    from vmferry.model.fixup import Choices
    from vmferry.model.guest import GuestFacts, Partition

SHARES: Final = frozenset(
    (
        *("cifs", "smbfs", "smb3", "vboxsf", "sshfs", "fuse.sshfs", "vmhgfs", "fuse.vmhgfs-fuse"),
        *("prl_fs", "9p", "virtiofs", "hgfs"),
    )
)
"""The guide's four (line 963), their other names, and the shared folders of other hypervisors."""

STABLE: Final = ("UUID=", "LABEL=", "PARTUUID=", "PARTLABEL=", "/dev/mapper/", "/dev/md")
LINKS: Final = re.compile(r"/dev/disk/by-(?:uuid|label|partuuid|partlabel)/|/dev/disk/by-id/dm-")
NUMBERED: Final = re.compile(r"/dev/disk/by-(?:id|path)/.+-part(\d{1,3})")
"""The names that SLES 11 gives; they have the controller's or the virtual disk's name in them."""

UPPER: Final = ("vfat", "ntfs")
"""udev writes their serial numbers in capitals, and compares them as they are written."""

LINE: Final = re.compile(r"(?P<head>[ \t]*)(?P<spec>[^ \t]+)(?P<rest>.*)", re.DOTALL)
OPTIONS: Final = re.compile(r"((?:[ \t]+[^ \t]+){2}[ \t]+)([^ \t]+)(.*)", re.DOTALL)
PATHLESS: Final = ("none", "swap", "-")
NOT_NEEDED: Final = ("nofail", "noauto")
ROOT: Final = ("/", "/usr")
"""Without them there is no system: ``nofail`` would only hide why."""


def plan(draft: Draft, facts: GuestFacts, _choices: Choices) -> None:
    """Mend the lines that need it."""
    text = draft.text(fstab.FSTAB)
    if text is None:
        return
    entries = {line.number: line for line in fstab.parse(text)}
    devices = fstab.Devices(facts.partitions)
    reasons: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        mended, why = _mended(line, entries.get(number), devices, facts)
        if why:
            lines[number - 1] = mended
            reasons.append(f"line {number}: {why}")
    if reasons:
        draft.write(fstab.FSTAB, "\n".join(lines), "; ".join(reasons))


def _mended(
    line: str, entry: fstab.Line | None, devices: fstab.Devices, facts: GuestFacts
) -> tuple[str, str]:
    """Return the line as it should be, and why; ``""`` if it is right."""
    if not line.strip() or line.lstrip().startswith("#"):
        return line, ""
    if (
        entry is None
        or not (entry.path.startswith("/") or entry.path in PATHLESS)
        or not entry.kind
    ):
        return f"# disabled by vmferry, no valid entry: {line}", "is no valid entry"
    if entry.kind in SHARES:
        return f"# disabled by vmferry, {entry.kind}: {line}", f"{entry.kind} is not there any more"
    if entry.kind in fstab.NO_DEVICE or not _is_local(entry.spec):
        return line, ""
    partition = _partition(entry, devices, facts)
    if partition is None:
        return _optional(line, entry)
    is_stable = entry.spec.startswith(STABLE) or LINKS.match(entry.spec)
    return (line, "") if is_stable else _by_uuid(line, entry, partition)


def _partition(entry: fstab.Line, devices: fstab.Devices, facts: GuestFacts) -> Partition | None:
    """Return what is meant; the root is known, and a link of the only disk has its number."""
    found = devices.find(entry.spec)
    if found is not None:
        return facts.partitions[found]
    if entry.path == "/" and not entry.spec.startswith(STABLE):
        return facts.partitions[facts.root]
    number = NUMBERED.fullmatch(entry.spec)
    if number is None or any(each.disk for each in facts.partitions):
        return None
    on_disk = (each for each in facts.partitions if not each.volume)
    return next((each for each in on_disk if each.number == int(number[1])), None)


def _is_local(spec: str) -> bool:
    return spec.startswith(("/dev/", *STABLE))


def _by_uuid(line: str, entry: fstab.Line, partition: Partition) -> tuple[str, str]:
    if partition.volume:
        return line, ""
    if not partition.uuid:
        return _optional(line, entry)
    uuid = partition.uuid.upper() if partition.filesystem in UPPER else partition.uuid
    mended = LINE.sub(rf"\g<head>UUID={uuid}\g<rest>", line, count=1)
    return mended, f"{entry.spec} has another name on another controller"


def _optional(line: str, entry: fstab.Line) -> tuple[str, str]:
    """Return the line with ``nofail``: the start must not wait for what is not there."""
    options = entry.options.split(",") if entry.options else []
    if entry.path in ROOT or any(option in NOT_NEEDED for option in options):
        return line, ""
    mended = ",".join([*options, "nofail"])
    if options:
        line = OPTIONS.sub(rf"\g<1>{_literal(mended)}\g<3>", line, count=1)
    else:
        line = f"{line.rstrip()} {mended}"
    return line, f"{entry.spec} is on none of the disks"


def _literal(text: str) -> str:
    return text.replace("\\", r"\\")


FIXUP = Fixup(
    name="fstab",
    summary="name file systems by UUID, let missing ones pass, disable shared folders",
    plan=plan,
)
