# SPDX-License-Identifier: Apache-2.0
"""Who has a key."""

from __future__ import annotations

from dataclasses import replace

from tests.guest.rules.subjects import SERVICES, facts, findings, lines


def test_cloud_init() -> None:
    assert lines("key_user", facts(services=replace(SERVICES, key_users=()))) == []


def test_a_user() -> None:
    assert lines("key_user", facts(services=replace(SERVICES, cloud_init=False))) == []


def test_root_only() -> None:
    assert lines(
        "key_user", facts(services=replace(SERVICES, cloud_init=False, key_users=("root",)))
    ) == ["no user but root has an SSH key, and there is no cloud-init to make one"]


def test_its_weight() -> None:
    finding = findings(
        "key_user", facts(services=replace(SERVICES, cloud_init=False, key_users=()))
    )[0]
    assert finding.severity == "informs"
    assert finding.concerns == ("vmferry", "aws")
    assert finding.aws_text == ("")
