# SPDX-License-Identifier: Apache-2.0
"""What CIM and VMware call a guest: by distribution and version as os-release has them, as data.

A product that does not know the word falls back to another system, and then offers old hardware; so
each word comes with the family of virtual hardware that knows it first.

Source: DMTF CIM 2.22, CIM_OperatingSystem.OSType; VMware, vSphere Web Services API,
VirtualMachineGuestOsIdentifier; VMware KB 1003746 (families of virtual hardware).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class System(NamedTuple):
    """What a description says of a guest.

    Attributes:
        os_id: ``CIM_OperatingSystem.OSType``.
        os_type: VMware's word.
        hardware: The number of the first family that knows it: 10 is ``vmx-10``.
    """

    os_id: int
    os_type: str
    hardware: int


class _Row(NamedTuple):
    distribution: str
    since: int  # the first major version that the row is for
    cim: int  # of the 64-bit system; the 32-bit one's is one less
    word: str
    bare: str  # the 32-bit word, "" where there was no 32-bit system
    hardware: int


_DEBIAN: Final = 96
_RED_HAT: Final = 80
_CENTOS: Final = 107
_ORACLE: Final = 109
_SUSE: Final = 83
_SLES: Final = 85
_UBUNTU: Final = 94
_LINUX: Final = 101

_ROWS: Final = (
    _Row("debian", 0, _DEBIAN, "debian6_64Guest", "debian6Guest", 10),
    _Row("debian", 7, _DEBIAN, "debian7_64Guest", "debian7Guest", 10),
    _Row("debian", 8, _DEBIAN, "debian8_64Guest", "debian8Guest", 11),
    _Row("debian", 9, _DEBIAN, "debian9_64Guest", "debian9Guest", 13),
    _Row("debian", 10, _DEBIAN, "debian10_64Guest", "debian10Guest", 14),
    _Row("debian", 11, _DEBIAN, "debian11_64Guest", "debian11Guest", 17),
    _Row("debian", 12, _DEBIAN, "debian12_64Guest", "debian12Guest", 20),
    _Row("ubuntu", 0, _UBUNTU, "ubuntu64Guest", "ubuntuGuest", 10),
    _Row("rhel", 0, _RED_HAT, "rhel5_64Guest", "rhel5Guest", 10),
    _Row("rhel", 6, _RED_HAT, "rhel6_64Guest", "rhel6Guest", 10),
    _Row("rhel", 7, _RED_HAT, "rhel7_64Guest", "", 10),
    _Row("rhel", 8, _RED_HAT, "rhel8_64Guest", "", 14),
    _Row("rhel", 9, _RED_HAT, "rhel9_64Guest", "", 17),
    _Row("centos", 0, _CENTOS, "centos64Guest", "centosGuest", 10),
    _Row("centos", 7, _CENTOS, "centos7_64Guest", "", 13),
    _Row("centos", 8, _CENTOS, "centos8_64Guest", "", 14),
    _Row("centos", 9, _CENTOS, "centos9_64Guest", "", 18),
    _Row("ol", 0, _ORACLE, "oracleLinux64Guest", "oracleLinuxGuest", 10),
    _Row("ol", 7, _ORACLE, "oracleLinux7_64Guest", "", 13),
    _Row("ol", 8, _ORACLE, "oracleLinux8_64Guest", "", 14),
    _Row("ol", 9, _ORACLE, "oracleLinux9_64Guest", "", 18),
    _Row("rocky", 0, _LINUX, "rockylinux_64Guest", "", 19),
    _Row("almalinux", 0, _LINUX, "almalinux_64Guest", "", 19),
    _Row("fedora", 0, _LINUX, "fedora64Guest", "fedoraGuest", 10),
    _Row("sles", 0, _SLES, "sles10_64Guest", "sles10Guest", 10),
    _Row("sles", 11, _SLES, "sles11_64Guest", "sles11Guest", 10),
    _Row("sles", 12, _SLES, "sles12_64Guest", "", 10),
    _Row("sles", 15, _SLES, "sles15_64Guest", "", 14),
    _Row("opensuse", 0, _SUSE, "opensuse64Guest", "opensuseGuest", 10),
    _Row("amzn", 2, _LINUX, "amazonlinux2_64Guest", "", 14),
)

_KERNELS: Final = ((3, "other3xLinux", 10), (4, "other4xLinux", 14), (5, "other5xLinux", 18))
"""Other distributions, by the first version of their kernel."""

_NUMBER: Final = re.compile(r"\d+")


def system_of(distribution: str, version: str, kernel: str, *, bits: int = 64) -> System:
    """Return what a Linux guest is called.

    Args:
        distribution: ``ID`` of os-release.
        version: ``VERSION_ID``, ``""`` for a rolling one.
        kernel: ``uname -r``, ``""`` when unknown.
        bits: 64 or 32.
    """
    name = "opensuse" if distribution.startswith("opensuse") else distribution
    # Debian testing has no version: the newest.
    major = _major(version) if version else 1 << 16
    rows = [row for row in _ROWS if row.distribution == name and row.since <= major]
    if rows and bits != 32:
        return System(rows[-1].cim, rows[-1].word, rows[-1].hardware)
    old = next((row for row in reversed(rows) if row.bare), None)
    if old is not None:
        return System(old.cim - 1, old.bare, old.hardware)
    return _other(_major(kernel), 64 if bits != 32 else 32)


def _other(major: int, bits: int) -> System:
    word, hardware = "otherLinux", 10
    for since, stem, family in _KERNELS:
        if major >= since:
            word, hardware = stem, family
    return System(_LINUX if bits == 64 else 36, f"{word}{'64' * (bits == 64)}Guest", hardware)


def _major(version: str) -> int:
    found = _NUMBER.match(version)
    return int(found[0][:4]) if found else 0
