# SPDX-License-Identifier: Apache-2.0
"""Who has a key."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_cloud_init() -> None:
    assert lines("key_user", facts(services=replace(SERVICES, key_users=()))) == []


def test_a_user() -> None:
    assert lines("key_user", facts(services=replace(SERVICES, cloud_init=False))) == []


def test_root_only() -> None:
    assert lines(
        "key_user", facts(services=replace(SERVICES, cloud_init=False, key_users=("root",)))
    ) == ["no user but root has an SSH key, and there is no cloud-init to make one"]


@pytest.mark.parametrize(
    ("datasources", "found"),
    [
        ((), []),
        (("NoCloud", "Ec2"), []),
        (
            ("NoCloud", "VMware"),
            ["no user but root has an SSH key, and cloud-init asks NoCloud, VMware, not Ec2"],
        ),
    ],
)
def test_where_cloud_init_asks(datasources: tuple[str, ...], found: list[str]) -> None:
    services = replace(SERVICES, key_users=("root",), datasources=datasources)
    assert lines("key_user", facts(services=services)) == found


def test_its_weight() -> None:
    finding = findings(
        "key_user", facts(services=replace(SERVICES, cloud_init=False, key_users=()))
    )[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")
