# SPDX-License-Identifier: Apache-2.0
"""Kernels of the table."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import KERNEL, facts, findings, lines


def test_one_of_it() -> None:
    assert lines("kernel_version") == []


def test_another() -> None:
    assert lines("kernel_version", facts(kernels=(replace(KERNEL, release="6.8.0-custom"),))) == [
        "default kernel: found 6.8.0-custom, expected 5.10.0"
    ]


def test_a_system_that_is_not_in_it() -> None:
    assert lines("kernel_version", facts(distribution="alpine")) == []


def test_its_weight() -> None:
    finding = findings("kernel_version", facts(kernels=(replace(KERNEL, release="6.8.0-custom"),)))[
        0
    ]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == ("ClientError: Unsupported kernel version 6.8.0-custom")
