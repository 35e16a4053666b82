# SPDX-License-Identifier: Apache-2.0
"""ListRolePolicies over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.api.actions.iam.conftest import POLICY

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_names_come_in_pages(ask: Ask, role: str) -> None:
    for name in ("b", "a"):
        ask("PutRolePolicy", RoleName=role, PolicyName=name, PolicyDocument=POLICY)
    first = ask("ListRolePolicies", RoleName=role, MaxItems=1)
    assert (first["PolicyNames"], first["Marker"]) == (["a"], "a")
    assert ask("ListRolePolicies", RoleName=role, Marker="a")["PolicyNames"] == ["b"]
