# SPDX-License-Identifier: Apache-2.0
"""LVM2: logical volumes of pieces of physical volumes, linear or striped, over several disks.

Read by an own small reader: the metadata is text, and libvslvm reads no stripes.

    label.py ─▶ text of the newest metadata ─▶ metadata.py ─▶ group.py ─▶ mapping.py
    per physical volume                        nested values    volumes      their bytes

Source: lvm2, man/lvmsystemid.7, lvm.conf(5), doc/; libvslvm, Logical Volume Manager (LVM) format.
"""

from __future__ import annotations

from vmferry.guest.volumes import Manager
from vmferry.guest.volumes.lvm.group import join

VOLUMES = Manager(
    name="lvm", rank=10, owns=lambda member: member.filesystem == "LVM2_member", join=join
)
