# SPDX-License-Identifier: Apache-2.0
"""ListRoleTags over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_tags_come_sorted(ask: Ask, role: str) -> None:
    ask("TagRole", RoleName=role, Tags=[{"Key": k, "Value": "v"} for k in ("b", "a")])
    answer = ask("ListRoleTags", RoleName=role, MaxItems=1)
    assert (answer["Tags"], answer["Marker"]) == ([{"Key": "a", "Value": "v"}], "a")
