# SPDX-License-Identifier: Apache-2.0
"""ListRoles over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.actions.iam.conftest import TRUST

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_roles_come_in_pages(ask: Ask) -> None:
    for name in ("c", "a", "b"):
        ask("CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST)
    first = ask("ListRoles", MaxItems=2)
    assert [role["RoleName"] for role in first["Roles"]] == ["a", "b"]
    assert first["IsTruncated"]
    rest = ask("ListRoles", MaxItems=2, Marker=first["Marker"])
    assert [role["RoleName"] for role in rest["Roles"]] == ["c"]
    assert rest["IsTruncated"] is False
    assert "Marker" not in rest


def test_no_role_is_an_empty_list(ask: Ask) -> None:
    assert ask("ListRoles", PathPrefix="/none/") == {"Roles": [], "IsTruncated": False}
