# SPDX-License-Identifier: Apache-2.0
"""Licences."""

from __future__ import annotations

from tests.guest.rules.subjects import findings, lines, request


def test_its_own() -> None:
    assert lines("license", at=request(license_type="byol", usage_operation="")) == []


def test_one_of_aws() -> None:
    assert lines("license", at=request(license_type="aws")) == [
        "license type: found AWS, expected BYOL for Linux",
        "license type: found AWS, but vmferry brings no licence",
    ]


def test_an_operation_of_linux() -> None:
    assert lines("license", at=request(usage_operation="RunInstances:0004")) == []


def test_an_operation_of_windows() -> None:
    assert (
        lines("license", at=request(usage_operation="RunInstances:0002"))
        == ["usage operation: found RunInstances:0002, expected one of Linux"] * 2
    )


def test_its_weight() -> None:
    finding = findings("license", at=request(license_type="AWS"))[0]
    assert finding.severity == "blocks"
    assert finding.concerns == ("aws",)
    assert finding.aws_text == (
        "ClientError: The license type specified is not supported for the operating system"
    )


def test_our_weight() -> None:
    of_type = findings("license", at=request(license_type="AWS"))[1]
    of_operation = findings("license", at=request(usage_operation="RunInstances:0002"))[1]
    assert (of_type.severity, of_operation.severity) == ("informs", "warns")
    for each in (of_type, of_operation):
        assert (each.concerns, each.aws_text) == (("vmferry",), "")
