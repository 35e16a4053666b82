# SPDX-License-Identifier: Apache-2.0
"""Accounts and access keys.

Source: aws-behaviour.md 10; IAM User Guide, Unique identifiers (``AKIA``, ``AROA``).
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from vmferry.database import tables
from vmferry.database.engine import now
from vmferry.model.identity import AccessKey, Principal

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Row, Select

_BASE32: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


class Accounts:
    """The accounts and access keys of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, AccessKey] = {}

    def first_start(self) -> AccessKey:
        """Return the oldest access key; make an account and its key where there is none yet."""
        with self._engine.begin() as connection:
            oldest = connection.execute(_keys().order_by(tables.access_keys.c.created)).first()
            if oldest is not None:
                return _access_key(oldest)
            account = connection.execute(select(tables.accounts.c.id)).scalar()
            key = _new_key(connection, account or _new_account(connection))
            return _access_key(connection.execute(_keys(key)).one())

    def access_key(self, identifier: str) -> AccessKey | None:
        """Return the key of that id, or ``None``; a key once found is kept in memory."""
        if identifier not in self._known:
            with self._engine.connect() as connection:
                row = connection.execute(_keys(identifier)).first()
            if row is None:
                return None
            self._known[identifier] = _access_key(row)
        return self._known[identifier]

    def canonical_id(self, account: str) -> str:
        """Return the account's S3 owner id, ``""`` for an account that does not exist."""
        query = select(tables.accounts.c.canonical_id).where(tables.accounts.c.id == account)
        with self._engine.connect() as connection:
            return str(connection.execute(query).scalar() or "")


def unique_id(prefix: str, length: int) -> str:
    """Return an id as IAM writes them: ``prefix``, then base 32, ``length`` characters in all."""
    return prefix + "".join(secrets.choice(_BASE32) for _ in range(length - len(prefix)))


def _new_account(connection: Connection) -> str:
    account = str(secrets.randbelow(9 * 10**11) + 10**11)
    connection.execute(
        insert(tables.accounts).values(
            id=account, canonical_id=secrets.token_hex(32), created=now()
        )
    )
    return account


def _new_key(connection: Connection, account: str) -> str:
    key = unique_id("AKIA", 20)
    connection.execute(
        insert(tables.access_keys).values(
            id=key, account=account, secret=secrets.token_urlsafe(30), created=now()
        )
    )
    return key


def _keys(identifier: str | None = None) -> Select[str, str, str, str]:
    keys, accounts = tables.access_keys.c, tables.accounts.c
    query = select(keys.id, keys.secret, accounts.id, accounts.canonical_id)
    query = query.join_from(tables.access_keys, tables.accounts, keys.account == accounts.id)
    return query if identifier is None else query.where(keys.id == identifier)


def _access_key(row: Row[str, str, str, str]) -> AccessKey:
    identifier, secret, account, canonical_id = row
    principal = Principal(
        account=account,
        arn=f"arn:aws:iam::{account}:root",
        user_id=account,
        canonical_id=canonical_id,
    )
    return AccessKey(id=identifier, secret=secret, principal=principal)
