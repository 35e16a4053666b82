# SPDX-License-Identifier: Apache-2.0
"""botocore's service models: every name, type and list of the API.

Loaded at first use: EC2's takes about 0.12 s, the others 0.02 s or less, so neither a cache on disk
nor a thread pays for itself. Two threads that come first both load; the result is the same.

Source: botocore ``data/{ec2,iam,sts,s3}/*/service-2.json.gz``.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from botocore.model import OperationModel, ServiceModel

SERVICES: Final = ("ec2", "iam", "sts", "s3")
"""The names as a credential scope spells them."""


@cache
def service(name: str) -> ServiceModel:
    """Return the model of ``ec2``, ``iam``, ``sts`` or ``s3``.

    Raises:
        ApiError: ``InvalidAction``: vmferry does not speak for that service.
    """
    if name not in SERVICES:
        raise ApiError(
            "InvalidAction",
            f"The service {name[:64]} is not provided here",
            hint=f"vmferry answers for {', '.join(SERVICES)}",
        )
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def operation(service_name: str, action: str) -> OperationModel:
    """Return the model of one action.

    Raises:
        ApiError: ``InvalidAction``: the service has no such action.
    """
    model = service(service_name)
    if action not in model.operation_names:
        raise ApiError(
            "InvalidAction", f"The action {action[:64]} is not valid for this web service."
        )
    return model.operation_model(action)
