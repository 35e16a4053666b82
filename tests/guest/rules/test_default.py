# SPDX-License-Identifier: Apache-2.0
"""Which kernel boots."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import ENTRY, KERNEL, facts

from vmferry.guest.rules._default import default_kernel

OLD = replace(KERNEL, release="5.10.0-9-amd64", path="boot/vmlinuz-5.10.0-9-amd64")


def test_the_default_entry_counts() -> None:
    entries = (replace(ENTRY, default=False), replace(ENTRY, kernel=OLD.path))
    assert default_kernel(facts(kernels=(KERNEL, OLD), boot_entries=entries)) == OLD


def test_else_the_newest() -> None:
    assert default_kernel(facts(kernels=(KERNEL, OLD), boot_entries=())) == KERNEL
    gone = (replace(ENTRY, kernel="boot/gone"),)
    assert default_kernel(facts(kernels=(KERNEL, OLD), boot_entries=gone)) == KERNEL
