# SPDX-License-Identifier: Apache-2.0
"""GetRolePolicy over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from tests.api.actions.iam.conftest import POLICY

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_the_document_comes_percent_encoded(ask: Ask, role: str) -> None:
    ask("PutRolePolicy", RoleName=role, PolicyName="p", PolicyDocument=POLICY)
    answer = ask("GetRolePolicy", RoleName=role, PolicyName="p")
    assert (answer["RoleName"], answer["PolicyName"]) == (role, "p")
    assert answer["PolicyDocument"] != POLICY
    assert unquote(answer["PolicyDocument"]) == POLICY
