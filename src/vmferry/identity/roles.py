# SPDX-License-Identifier: Apache-2.0
"""Roles with their trust policy, inline policies and tags.

Source: IAM API reference; aws-behaviour.md 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, update

from vmferry.database import tables
from vmferry.database.engine import now
from vmferry.errors import ApiError
from vmferry.identity.accounts import unique_id
from vmferry.identity.policy import parse
from vmferry.model.identity import Role

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Engine, Row

MOST_TAGS: Final = 50
MOST_POLICY_CHARACTERS: Final = 10_240
"""Of all inline policies of a role together; white space does not count."""

_ROLES: Final = tables.roles


class Roles:
    """The roles of one database. Names are unique without regard to case, as in IAM."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create_role(
        self,
        account: str,
        name: str,
        trust_policy: str,
        *,
        path: str = "/",
        description: str = "",
        max_session_s: int = 3600,
        tags: Mapping[str, str] | None = None,
    ) -> Role:
        """Make a role and return it.

        Raises:
            ApiError: ``EntityAlreadyExists``, ``MalformedPolicyDocument``, ``LimitExceeded``.
        """
        parse(trust_policy, trust=True)
        _check_tags(tags or {})
        with self._engine.begin() as connection:
            same = and_(_ROLES.c.account == account, func.lower(_ROLES.c.name) == name.lower())
            if connection.execute(select(_ROLES.c.name).where(same)).first():
                text = f"Role with name {name} already exists."
                raise ApiError("EntityAlreadyExists", text, status=409)
            connection.execute(
                insert(_ROLES).values(
                    account=account,
                    name=name,
                    id=unique_id("AROA", 21),
                    path=path,
                    description=description,
                    max_session_s=max_session_s,
                    trust_policy=trust_policy,
                    policies={},
                    tags=dict(tags or {}),
                    created=now(),
                )
            )
        return self.get_role(account, name)

    def get_role(self, account: str, name: str) -> Role:
        """Return the role; raises ``ApiError`` ``NoSuchEntity``."""
        with self._engine.connect() as connection:
            row = connection.execute(select(_ROLES).where(_named(account, name))).first()
        if row is None:
            raise _no_role(name)
        return _role(row)

    def list_roles(self, account: str, path_prefix: str = "/") -> list[Role]:
        """Return the roles whose path begins with ``path_prefix``, by name."""
        with self._engine.connect() as connection:
            rows = connection.execute(
                select(_ROLES)
                .where(_ROLES.c.account == account)
                .where(_ROLES.c.path.startswith(path_prefix, autoescape=True))
                .order_by(_ROLES.c.name)
            ).all()
        return [_role(row) for row in rows]

    def delete_role(self, account: str, name: str) -> None:
        """Remove the role.

        Raises:
            ApiError: ``NoSuchEntity``; ``DeleteConflict`` while it has inline policies.
        """
        with self._engine.begin() as connection:
            if _locked(connection, account, name).policies:
                text = "Cannot delete entity, must delete policies first."
                raise ApiError("DeleteConflict", text, status=409)
            connection.execute(delete(_ROLES).where(_named(account, name)))

    def update_assume_role_policy(self, account: str, name: str, trust_policy: str) -> None:
        """Replace the trust policy; ``NoSuchEntity``, ``MalformedPolicyDocument``."""
        parse(trust_policy, trust=True)
        with self._engine.begin() as connection:
            _locked(connection, account, name)
            _set(connection, account, name, trust_policy=trust_policy)

    def put_role_policy(self, account: str, name: str, policy: str, document: str) -> None:
        """Add or replace an inline policy.

        Raises:
            ApiError: ``NoSuchEntity``, ``MalformedPolicyDocument``, ``LimitExceeded``.
        """
        parse(document)
        with self._engine.begin() as connection:
            policies = {**_locked(connection, account, name).policies, policy: document}
            if sum(len("".join(text.split())) for text in policies.values()) > (
                MOST_POLICY_CHARACTERS
            ):
                text = f"Maximum policy size of {MOST_POLICY_CHARACTERS} bytes exceeded "
                raise ApiError("LimitExceeded", f"{text}for role {name}", status=409)
            _set(connection, account, name, policies=policies)

    def get_role_policy(self, account: str, name: str, policy: str) -> str:
        """Return an inline policy's document; raises ``ApiError`` ``NoSuchEntity``."""
        policies = self.get_role(account, name).policies
        if policy not in policies:
            raise _no_policy(policy)
        return policies[policy]

    def list_role_policies(self, account: str, name: str) -> list[str]:
        """Return the names of the inline policies, sorted; raises ``ApiError`` ``NoSuchEntity``."""
        return sorted(self.get_role(account, name).policies)

    def delete_role_policy(self, account: str, name: str, policy: str) -> None:
        """Remove an inline policy; raises ``ApiError`` ``NoSuchEntity``."""
        with self._engine.begin() as connection:
            policies = _locked(connection, account, name).policies
            if policy not in policies:
                raise _no_policy(policy)
            del policies[policy]
            _set(connection, account, name, policies=policies)

    def tag_role(self, account: str, name: str, tags: Mapping[str, str]) -> None:
        """Add or replace tags; ``NoSuchEntity``, ``LimitExceeded``, ``InvalidInput``."""
        with self._engine.begin() as connection:
            merged = {**_locked(connection, account, name).tags, **tags}
            _check_tags(merged)
            _set(connection, account, name, tags=merged)

    def untag_role(self, account: str, name: str, keys: Iterable[str]) -> None:
        """Remove tags; one that is not there is no error. Raises ``ApiError`` ``NoSuchEntity``."""
        gone = set(keys)
        with self._engine.begin() as connection:
            tags = _locked(connection, account, name).tags
            kept = {key: value for key, value in tags.items() if key not in gone}
            _set(connection, account, name, tags=kept)


def _named(account: str, name: str) -> ColumnElement[bool]:
    return and_(_ROLES.c.account == account, _ROLES.c.name == name)


def _locked(connection: Connection, account: str, name: str) -> Role:
    # Writing first takes the lock of the row (PostgreSQL) or of the file (SQLite, where a SELECT
    # opens no transaction), so that what is read next is not replaced in between.
    changed = connection.execute(update(_ROLES).where(_named(account, name)).values(name=name))
    if not changed.rowcount:
        raise _no_role(name)
    return _role(connection.execute(select(_ROLES).where(_named(account, name))).one())


def _set(connection: Connection, account: str, name: str, **values: object) -> None:
    connection.execute(update(_ROLES).where(_named(account, name)).values(**values))


def _check_tags(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        text = f"The number of tags has reached the maximum limit of {MOST_TAGS}."
        raise ApiError("LimitExceeded", text, status=409)
    if any(key.lower().startswith("aws:") for key in tags):
        text = "aws: prefixed tag key names are not allowed for external use."
        raise ApiError("InvalidInput", text)


def _no_role(name: str) -> ApiError:
    return ApiError("NoSuchEntity", f"The role with name {name} cannot be found.", status=404)


def _no_policy(policy: str) -> ApiError:
    text = f"The role policy with name {policy} cannot be found."
    return ApiError("NoSuchEntity", text, status=404)


def _role(row: Row[Any]) -> Role:
    fields = dict(row._mapping)
    path, name = fields["path"], fields["name"]
    return Role(arn=f"arn:aws:iam::{fields['account']}:role{path}{name}", **fields)
