# SPDX-License-Identifier: Apache-2.0
"""Any machine, for Hypothesis."""

from __future__ import annotations

from hypothesis import strategies as st

from vmferry.model.machine import ApplianceDisk, Machine, NetworkCard, Product

WORDS = st.text(max_size=300)
DISKS = st.builds(
    ApplianceDisk,
    capacity=st.integers(1, (1 << 63) - 1),
    controller=st.sampled_from(["ide", "scsi", "sata", "nvme", "", "other"]),
    adapter=st.sampled_from(["", "lsilogic", "VirtualSCSI"]),
).map(lambda disk: disk if disk.controller == "scsi" else _without_adapter(disk))
CARDS = st.builds(
    NetworkCard,
    mac=st.sampled_from(["", "00:50:56:ab:cd:ef"]),
    network=WORDS,
    adapter=st.sampled_from(["", "E1000", "VmxNet3"]),
)
PRODUCTS = st.builds(
    Product,
    name=WORDS,
    vendor=WORDS,
    version=WORDS,
    full_version=WORDS,
    url=WORDS,
    vendor_url=WORDS,
)


def machines(most_disks: int = 40) -> st.SearchStrategy[Machine]:
    """Machines with planned disks; some know little, some say what XML cannot hold."""
    return st.builds(
        Machine,
        name=WORDS,
        cpus=st.integers(0, 4096),
        cores_per_socket=st.integers(0, 64),
        memory=st.integers(0, 1 << 44),
        firmware=st.sampled_from(["", "bios", "efi", "coreboot"]),
        hardware=st.sampled_from(["", "vmx-19", "vmx-13 vmx-11", "virtualbox-2.2"]),
        os_id=st.integers(0, 65535),
        os_type=WORDS,
        os_description=WORDS,
        product=st.none() | PRODUCTS,
        cards=st.lists(CARDS, max_size=10).map(tuple),
        disks=st.lists(DISKS, max_size=most_disks).map(tuple),
    )


def _without_adapter(disk: ApplianceDisk) -> ApplianceDisk:
    return ApplianceDisk(capacity=disk.capacity, controller=disk.controller)
