# SPDX-License-Identifier: Apache-2.0
"""The words of ``--output``."""

from __future__ import annotations

from vmferry.cli.options import Output


def test_for_people_and_for_programs() -> None:
    assert [each.value for each in Output] == ["table", "json"]
