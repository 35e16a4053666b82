# SPDX-License-Identifier: Apache-2.0
"""Encrypted and KmsKeyId, as every import takes them. Source: aws-behaviour.md 3.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from vmferry.api.actions import Call
from vmferry.api.actions.ec2._encryption import encryption
from vmferry.errors import ApiError
from vmferry.model.identity import Principal

if TYPE_CHECKING:
    from vmferry.api.services import Services


def _call(**params: object) -> Call:
    nobody = Principal(account="1", arn="a", user_id="u", canonical_id="c")
    services = cast("Services", None)
    return Call(params=params, caller=nobody, region="us-east-1", request_id="r", services=services)


def test_nothing_is_encrypted_unless_asked_for() -> None:
    plain = {"encrypted": False, "kms_key_id": ""}
    assert encryption(_call()) == plain
    assert encryption(_call(Encrypted=False)) == plain


def test_a_key_is_passed_on_unseen() -> None:
    assert encryption(_call(Encrypted=True, KmsKeyId="k")) == {
        "encrypted": True,
        "kms_key_id": "k",
    }


@pytest.mark.parametrize("params", [{"KmsKeyId": "k"}, {"KmsKeyId": "k", "Encrypted": False}])
def test_a_key_needs_encrypted(params: dict[str, object]) -> None:
    with pytest.raises(ApiError, match=r"^The parameter \[KmsKeyId\] requires") as caught:
        encryption(_call(**params))
    assert caught.value.code == "InvalidParameterDependency"


def test_without_a_default_key_one_must_be_named() -> None:
    with pytest.raises(ApiError, match="no default key") as caught:
        encryption(_call(Encrypted=True))
    assert caught.value.code == "UnsupportedOperation"
