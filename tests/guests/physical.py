# SPDX-License-Identifier: Apache-2.0
"""The head of a physical volume of LVM2, whose group has plain volumes one behind the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.guest.volumes.lvm import recipes

from vmferry.units import MIB, SECTOR

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DATA: Final = recipes.DATA
"""Where the first volume begins."""

HERE: Final = "Here00-0000-0000-0000-0000-0000-000000"
AWAY: Final = "Away00-0000-0000-0000-0000-0000-000000"


def header(group: str, sizes: Mapping[str, int], away: Collection[str] = ()) -> bytes:
    """Return the first ``DATA`` bytes.

    Args:
        group: Its name.
        sizes: The volumes' bytes by name, in MiB that are whole, in the order of their places.
        away: Those that are at the same place of another physical volume.
    """
    volumes, at = [], 0
    for name, size in sizes.items():
        place = "pv1" if name in away else "pv0"
        volumes.append(recipes.volume(name, recipes.linear(0, size // MIB, place, at)))
        at += size // MIB
    members = "\n".join(
        f'pv{number} {{ id = "{uuid}" pe_start = {DATA // SECTOR} pe_count = {at} }}'
        for number, uuid in enumerate((HERE, AWAY))
    )
    text = f"""{group} {{
id = "{group}"
seqno = 1
extent_size = {MIB // SECTOR}
physical_volumes {{
{members}
}}
logical_volumes {{
{" ".join(volumes)}
}}
}}
"""
    return bytes(recipes.physical(text, HERE, extents=0))
