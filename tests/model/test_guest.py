# SPDX-License-Identifier: Apache-2.0
"""The description that AWS gives to an imported image (aws-behaviour.md 3.1, Result AMI)."""

from __future__ import annotations

import pytest

from vmferry.model.guest import GuestFacts, Kernel, Platform


def _facts(distribution: str, *kernels: Kernel) -> GuestFacts:
    return GuestFacts(
        platform=Platform.LINUX,
        distribution=distribution,
        version="12",
        pretty_name="",
        architecture="x86_64",
        kernels=kernels,
        partition_table="mbr",
        partitions=(),
        root=0,
    )


@pytest.mark.parametrize(
    ("distribution", "family"),
    [("debian", "Debian"), ("ubuntu", "Ubuntu"), ("alpine", "Other Linux")],
)
def test_the_description_names_family_and_default_kernel(distribution: str, family: str) -> None:
    newest, older = Kernel(release="6.1.0-37-amd64", path=""), Kernel(release="5.10.0", path="")
    assert _facts(distribution, newest, older).description == (
        f"AWS-VMImport service: Linux - {family} - 6.1.0-37-amd64"
    )


def test_a_guest_without_kernel_is_described_without() -> None:
    assert _facts("debian").description == "AWS-VMImport service: Linux - Debian"
