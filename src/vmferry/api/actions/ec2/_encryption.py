# SPDX-License-Identifier: Apache-2.0
"""``Encrypted`` and ``KmsKeyId`` of imports.

AWS looks the key up while the task runs, not before (aws-behaviour.md 3.1): a request with a key is
accepted, and the task fails if there is no such key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from vmferry.api.actions import Call


def encryption(call: Call) -> dict[str, Any]:
    """Return the task's parameters for encryption.

    Raises:
        ApiError: ``InvalidParameterDependency``: a key without ``Encrypted``.
            ``UnsupportedOperation``: the account has no default key to encrypt with.
    """
    encrypted, key = bool(call.params.get("Encrypted")), str(call.params.get("KmsKeyId", ""))
    if key and not encrypted:
        raise ApiError(
            "InvalidParameterDependency",
            "The parameter [KmsKeyId] requires the parameter Encrypted to be set.",
        )
    if encrypted and not key:
        raise ApiError(
            "UnsupportedOperation",
            "Encrypted is set, and this service has no default key to encrypt with",
            hint="Leave Encrypted out",
        )
    return {"encrypted": encrypted, "kms_key_id": key}
