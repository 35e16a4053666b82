# SPDX-License-Identifier: Apache-2.0
"""UntagRole over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_a_tag_is_removed(ask: Ask, role: str) -> None:
    ask("TagRole", RoleName=role, Tags=[{"Key": k, "Value": "v"} for k in ("a", "b")])
    assert ask("UntagRole", RoleName=role, TagKeys=["a", "none"]) == {}
    assert ask("ListRoleTags", RoleName=role)["Tags"] == [{"Key": "b", "Value": "v"}]
