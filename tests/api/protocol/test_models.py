# SPDX-License-Identifier: Apache-2.0
"""The service models that are spoken for."""

from __future__ import annotations

import pytest

from vmferry.api.protocol.models import SERVICES, operation, service
from vmferry.errors import ApiError


@pytest.mark.parametrize("name", SERVICES)
def test_a_model_is_loaded_once(name: str) -> None:
    assert service(name) is service(name)
    assert service(name).service_name == name


def test_an_operation_has_its_shapes() -> None:
    model = operation("ec2", "ImportImage")
    assert "DiskContainers" in model.input_shape.members


@pytest.mark.parametrize(("name", "action"), [("ec2", "Nonsense"), ("iam", "ImportImage")])
def test_an_unknown_action_is_refused(name: str, action: str) -> None:
    with pytest.raises(ApiError, match=f"The action {action} is not valid") as caught:
        operation(name, action)
    assert caught.value.code == "InvalidAction"


@pytest.mark.parametrize("name", ["", "kms", "../../etc/passwd"])
def test_an_unknown_service_is_refused(name: str) -> None:
    with pytest.raises(ApiError, match="is not provided here"):
        service(name)
