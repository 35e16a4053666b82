# SPDX-License-Identifier: Apache-2.0
"""The room's front: accounts and keys, roles, and the role that an import uses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmferry.identity import service_role
from vmferry.identity.accounts import Accounts
from vmferry.identity.conditions import NOTHING_KNOWN
from vmferry.identity.roles import Roles

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from vmferry.identity.conditions import Context
    from vmferry.model.identity import Role


class Identity(Accounts, Roles):
    """Accounts, access keys and roles of one database.

    Args:
        engine: From ``database.connect``.
    """

    def __init__(self, engine: Engine) -> None:
        Accounts.__init__(self, engine)
        Roles.__init__(self, engine)

    def service_role(self, account: str, region: str, name: str, task_arn: str) -> Role:
        """Return the role that the service may take on for a task of ``account``.

        Args:
            account: Of the caller; the role must be its own.
            region: Of the call.
            name: As the caller gave it, ``vmimport`` by default.
            task_arn: ``arn:aws:vmie:<region>:<account>:<task>``, for ``aws:SourceArn``.

        Raises:
            ApiError: ``InvalidParameter`` with AWS's one text; the hint tells what failed.
        """
        return service_role.assume(self, account, region, name, task_arn)

    def allows(
        self, role: Role, action: str, resource: str, context: Context = NOTHING_KNOWN
    ) -> bool:
        """Say whether the role's policies allow ``action`` on ``resource``."""
        return service_role.allows(role, action, resource, context)

    def require(
        self, role: Role, action: str, resource: str, context: Context = NOTHING_KNOWN
    ) -> None:
        """Refuse unless the role's policies allow ``action`` on ``resource``.

        Raises:
            ApiError: ``InvalidParameter`` as ``service_role`` raises it.
        """
        service_role.require(role, action, resource, context)
