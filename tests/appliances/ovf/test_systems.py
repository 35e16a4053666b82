# SPDX-License-Identifier: Apache-2.0
"""What CIM and VMware call the guests of the guide's tables."""

from __future__ import annotations

import pytest

from vmferry.appliances.ovf.systems import system_of


@pytest.mark.parametrize(
    ("distribution", "version", "expected"),
    [
        ("debian", "12", (96, "debian12_64Guest", 20)),
        ("debian", "10", (96, "debian10_64Guest", 14)),
        ("debian", "", (96, "debian12_64Guest", 20)),
        ("ubuntu", "22.04", (94, "ubuntu64Guest", 10)),
        ("rhel", "6.10", (80, "rhel6_64Guest", 10)),
        ("rhel", "9.4", (80, "rhel9_64Guest", 17)),
        ("centos", "7", (107, "centos7_64Guest", 13)),
        ("ol", "8.9", (109, "oracleLinux8_64Guest", 14)),
        ("rocky", "9.4", (101, "rockylinux_64Guest", 19)),
        ("almalinux", "8.10", (101, "almalinux_64Guest", 19)),
        ("fedora", "41", (101, "fedora64Guest", 10)),
        ("sles", "15.5", (85, "sles15_64Guest", 14)),
        ("opensuse-leap", "15.6", (83, "opensuse64Guest", 10)),
        ("amzn", "2023", (101, "amazonlinux2_64Guest", 14)),
    ],
)
def test_a_distribution_has_its_words(
    distribution: str, version: str, expected: tuple[int, str, int]
) -> None:
    assert system_of(distribution, version, "6.1.0") == expected


@pytest.mark.parametrize(
    ("distribution", "version", "expected"),
    [
        ("debian", "9", (95, "debian9Guest", 13)),
        ("ubuntu", "16.04", (93, "ubuntuGuest", 10)),
        ("rhel", "7", (79, "rhel6Guest", 10)),
        ("rocky", "9", (36, "other5xLinuxGuest", 18)),
    ],
)
def test_a_32_bit_guest_has_others(
    distribution: str, version: str, expected: tuple[int, str, int]
) -> None:
    assert system_of(distribution, version, "5.14", bits=32) == expected


@pytest.mark.parametrize(
    ("kernel", "word"),
    [
        ("", "otherLinux64Guest"),
        ("2.6.32-754.el6", "otherLinux64Guest"),
        ("3.10.0", "other3xLinux64Guest"),
        ("4.19.0", "other4xLinux64Guest"),
        ("6.12.9-arch1", "other5xLinux64Guest"),
    ],
)
def test_another_is_known_by_its_kernel(kernel: str, word: str) -> None:
    assert system_of("arch", "", kernel).os_type == word
    assert system_of("arch", "", kernel).os_id == 101
