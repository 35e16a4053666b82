# SPDX-License-Identifier: Apache-2.0
"""Volume groups: which physical volumes belong together, and what their logical volumes are.

The metadata with the highest sequence number counts; a physical volume that was away when the group
was changed has an older one.

Source: lvm2, doc/; lvmraid(7), lvmthin(7) for what is refused by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vmferry.errors import GuestError
from vmferry.guest.volumes import Joined, Member
from vmferry.guest.volumes.lvm import label
from vmferry.guest.volumes.lvm.mapping import Leg, Mapped, Run
from vmferry.guest.volumes.lvm.metadata import Section, Value, parse
from vmferry.model.guest import Partition
from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED: Final = "ClientError: Unsupported configuration - Logical volume group activation failed"
PLAIN: Final = ("striped", "linear")
MOST_TEXT: Final = 2 * MIB
"""Of all groups together. Two hundred volumes have 100 KiB; to read a MiB takes 0.6 s."""

LONGEST_NAME: Final = 127
"""Of a group and of a volume; NAME_LEN of LVM2 is one more."""

MOST_VOLUMES: Final = 256
MOST_SEGMENTS: Final = 65536
LARGEST: Final = 1 << 62
"""Of a number in the metadata, in bytes: what is larger is no disk, and would overflow below."""

Found = dict[str, Member]
"""Physical volumes by their UUIDs without hyphens."""


def join(members: Sequence[Member]) -> tuple[list[Joined], list[GuestError]]:
    """Return the logical volumes of all groups, and why others cannot be had."""
    found: Found = {}
    texts = _Texts()
    damage: list[GuestError] = []
    for member in members:
        volume = label.read(member.window)
        if volume is None:
            damage.append(_failed(f"{member.window.name}: the label of LVM is damaged"))
            continue
        if volume.uuid in found:
            twin = found[volume.uuid].window.name
            damage.append(
                _failed(
                    f"{member.window.name}: the same physical volume as on {twin}",
                    "Import one copy of each disk",
                )
            )
            continue
        found[volume.uuid] = member
        causes = [*volume.damage, *filter(None, map(texts.add, volume.texts))]
        damage += (_failed(f"{member.window.name}: {cause}") for cause in causes)
    joined: list[Joined] = []
    for _, name, group in texts.groups.values():
        _activate(name, group, found, joined, damage)
    return joined, damage


class _Texts:
    """The groups that texts describe, by their identities: sequence number, name, section."""

    def __init__(self) -> None:
        self.groups: dict[str, tuple[int, str, Section]] = {}
        self._causes: dict[str, str] = {}
        self._left = MOST_TEXT

    def add(self, text: str) -> str:
        """Keep the group in ``text`` if it is newer than what is known of it; return why not.

        A group has the same text on each of its members, and it is read once.
        """
        if text not in self._causes:
            if len(text) > self._left:
                return f"found more than {MOST_TEXT} bytes of LVM metadata on all disks"
            self._left -= len(text)
            self._causes[text] = self._cause(text)
        return self._causes[text]

    def _cause(self, text: str) -> str:
        try:
            name, group = next(
                (name, value) for name, value in parse(text).items() if isinstance(value, dict)
            )
            identity, number = _text(group, "id"), _number(group, "seqno")
            _check_name(name)
        except (ValueError, StopIteration):
            return "the metadata of LVM is damaged"
        if identity not in self.groups or self.groups[identity][0] < number:
            self.groups[identity] = (number, name, group)
        return ""


def _activate(
    name: str, group: Section, found: Found, joined: list[Joined], damage: list[GuestError]
) -> None:
    """Add the visible volumes of ``group`` to ``joined``, or to ``damage`` why not."""
    try:
        volumes = _section(group, "logical_volumes") if "logical_volumes" in group else {}
        reader = _Reader(name, group, found)
    except ValueError as error:
        damage.append(_failed(f"LVM group {name}: {error}"))
        return
    for volume, section in volumes.items():
        if len(joined) >= MOST_VOLUMES:
            damage.append(_failed(f"LVM group {name}: found more than {MOST_VOLUMES} volumes"))
            return
        try:
            if isinstance(section, dict) and "VISIBLE" in _words(section, "status"):
                joined.append(reader.volume(volume, section))
        except ValueError as error:
            damage.append(_failed(f"LVM volume {name}/{volume[:LONGEST_NAME]}: {error}"))
        except GuestError as error:
            damage.append(error)


class _Reader:
    """Makes volumes of one group.

    Raises:
        ValueError: What is wrong with the metadata.
        GuestError: The metadata is good, but the volume cannot be had.
    """

    def __init__(self, name: str, group: Section, found: Found) -> None:
        self._name = name
        self._found = found
        self._physical = _section(group, "physical_volumes")
        self._extent = _number(group, "extent_size") * SECTOR
        if not 0 < self._extent < LARGEST:
            raise ValueError(f"found an extent_size of {self._extent} bytes")

    def volume(self, name: str, section: Section) -> Joined:
        """Return one volume."""
        _check_name(name)
        segments = sorted(
            (
                value
                for key, value in section.items()
                if key.startswith("segment") and isinstance(value, dict)
            ),
            key=lambda segment: _number(segment, "start_extent"),
        )
        if not 0 < len(segments) <= MOST_SEGMENTS:
            raise ValueError(f"found {len(segments)} segments")
        runs: list[Run] = []
        end = 0
        for segment in segments:
            run = self._run(f"LVM volume {self._name}/{name}", segment)
            if run.start != end:
                raise ValueError(f"found a segment at byte {run.start}, expected it at {end}")
            end += run.length
            runs.append(run)
        first = runs[0].legs[0]
        home = next(m.partition for m in self._found.values() if m.window is first.window)
        partition = Partition(
            disk=home.disk,
            number=0,
            offset=home.offset + first.offset,
            size=end,
            kind="lvm",
            volume=f"{self._name}/{name}",
        )
        return Joined(partition, Mapped(runs))

    def _run(self, where: str, segment: Section) -> Run:
        kind = _text(segment, "type")
        if kind not in PLAIN:
            raise _failed(
                f"{where}: found the type {kind}, expected linear or striped",
                "Make it a plain volume in the machine (lvconvert, or copy it to a new one)",
            )
        start = _number(segment, "start_extent") * self._extent
        extents = _number(segment, "extent_count")
        length = extents * self._extent
        stripes = segment.get("stripes")
        if not isinstance(stripes, list) or not stripes or len(stripes) % 2:
            raise ValueError("found no stripes")
        count = len(stripes) // 2
        share = length // count
        if not 0 < length < LARGEST or extents % count:
            raise ValueError(f"found {extents} extents on {count} stripes")
        stripe = _number(segment, "stripe_size") * SECTOR if count > 1 else length
        if stripe <= 0 or share % stripe:
            raise ValueError(f"found a stripe_size of {stripe} bytes")
        legs = tuple(
            self._leg(where, stripes[at], stripes[at + 1], share)
            for at in range(0, len(stripes), 2)
        )
        return Run(start, length, stripe, legs)

    def _leg(self, where: str, name: int | str, extent: int | str, share: int) -> Leg:
        if not isinstance(extent, int) or not 0 <= extent < LARGEST:
            raise ValueError(f"found extent {extent}")
        section = _section(self._physical, str(name))
        uuid = _text(section, "id")
        member = self._found.get(uuid.replace("-", ""))
        if member is None:
            raise _failed(
                f"{where}: its physical volume {uuid} is on none of the disks",
                "Add the disk that holds it",
            )
        offset = _number(section, "pe_start") * SECTOR + extent * self._extent
        if offset + share > member.window.size:
            raise ValueError(
                f"ends at byte {offset + share} of {member.window.name},"
                f" which has {member.window.size}"
            )
        return Leg(member.window, offset)


def _failed(message: str, hint: str = "") -> GuestError:
    return GuestError(
        message,
        hint=hint or "Repair the volume group in the machine and export it again",
        aws_text=FAILED,
    )


def _check_name(name: str) -> None:
    if len(name) > LONGEST_NAME:
        raise ValueError(f"found a name of {len(name)} characters")


def _section(section: Section, name: str) -> Section:
    value = section.get(name)
    if not isinstance(value, dict):
        raise ValueError(f"found no {name}")  # noqa: TRY004 - the metadata is wrong, not a caller
    return value


def _text(section: Section, name: str) -> str:
    return str(_scalar(section, name, str))


def _number(section: Section, name: str) -> int:
    number = int(_scalar(section, name, int))
    if not 0 <= number < LARGEST // SECTOR:
        raise ValueError(f"found {number} as {name}")
    return number


def _scalar(section: Section, name: str, kind: type[int | str]) -> int | str:
    value = section.get(name)
    if not isinstance(value, int | str) or not isinstance(value, kind):
        raise ValueError(f"found no {name}")  # noqa: TRY004 - the metadata is wrong, not a caller
    return value


def _words(section: Section, name: str) -> list[int | str]:
    value: Value | None = section.get(name)
    return value if isinstance(value, list) else []
