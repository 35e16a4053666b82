# SPDX-License-Identifier: Apache-2.0
"""CreateRole over the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from tests.api.actions.iam.conftest import TRUST

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from tests.api.actions.iam.conftest import Ask


def test_a_role_is_made_with_what_aws_answers(ask: Ask) -> None:
    answer = ask(
        "CreateRole",
        RoleName="vmimport",
        AssumeRolePolicyDocument=TRUST,
        Path="/service/",
        Description="<for> imports & exports",
        MaxSessionDuration=7200,
        Tags=[{"Key": "b", "Value": ""}, {"Key": "a", "Value": "1"}],
    )["Role"]
    assert answer["Arn"].endswith(":role/service/vmimport")
    assert answer["RoleId"].startswith("AROA")
    assert unquote(answer["AssumeRolePolicyDocument"]) == TRUST
    assert answer["AssumeRolePolicyDocument"].startswith("%7B%22Version%22%3A")
    assert (answer["Path"], answer["MaxSessionDuration"]) == ("/service/", 7200)
    assert answer["Description"] == "<for> imports & exports"
    assert answer["Tags"] == [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}]


def test_defaults_are_those_of_iam(ask: Ask) -> None:
    answer = ask("CreateRole", RoleName="vmimport", AssumeRolePolicyDocument=TRUST)["Role"]
    assert (answer["Path"], answer["MaxSessionDuration"]) == ("/", 3600)
    assert not {"Description", "Tags"} & set(answer)


@pytest.mark.parametrize("name", ["a b", "a/b"])
def test_a_name_that_iam_refuses_is_refused(ask: Ask, name: str) -> None:
    with pytest.raises(ApiError, match="validation error detected") as caught:
        ask("CreateRole", RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert caught.value.code == "ValidationError"


def test_a_file_name_as_document_is_named(ask: Ask) -> None:
    with pytest.raises(ApiError, match=r"^Syntax errors in policy$") as caught:
        ask("CreateRole", RoleName="r", AssumeRolePolicyDocument="trust-policy.json")
    assert caught.value.code == "MalformedPolicyDocument"
    assert "file://name" in caught.value.hint
