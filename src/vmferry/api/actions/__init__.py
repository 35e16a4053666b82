# SPDX-License-Identifier: Apache-2.0
"""API actions: one file each below ``ec2/``, ``iam/`` and ``sts/``, found by ``plugins.find``.

An action is thin: parameters in (already parsed by botocore's model), one call into a room below, a
result out (serialised by the same model).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vmferry.model.catalog import Owner

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.api.services import Services
    from vmferry.model.identity import Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authenticated, parsed request.

    Attributes:
        params: The input shape's members by the model's names; absent members are absent.
        caller: Who signed the request.
        region: From the credential scope.
        request_id: What the response carries.
        services: The rooms that actions may use.
    """

    params: dict[str, Any]
    caller: Principal
    region: str
    request_id: str
    services: Services

    @property
    def owner(self) -> Owner:
        """The account and region that the call's resources belong to."""
        return Owner(account=self.caller.account, region=self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One API action.

    Attributes:
        name: The operation's name in the service model, such as ``ImportSnapshot``.
        handle: Takes the call and returns the output shape's members (``{}`` when there are none).
            Runs in a
            worker thread, never on the event loop. Raises ``ApiError``.
    """

    name: str
    handle: Callable[[Call], dict[str, Any]]
