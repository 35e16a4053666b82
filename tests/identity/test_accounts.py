# SPDX-License-Identifier: Apache-2.0
"""Accounts and access keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmferry.database import connect
from vmferry.identity import Identity
from vmferry.identity.accounts import unique_id

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_start_makes_an_account_and_its_key(identity: Identity) -> None:
    key = identity.first_start()
    assert re.fullmatch(r"AKIA[A-Z2-7]{16}", key.id)
    assert len(key.secret) == 40
    assert re.fullmatch(r"[1-9][0-9]{11}", key.principal.account)
    assert key.principal.arn == f"arn:aws:iam::{key.principal.account}:root"
    assert key.principal.user_id == key.principal.account
    assert re.fullmatch(r"[0-9a-f]{64}", key.principal.canonical_id)


def test_another_start_gives_the_same_key(identity: Identity) -> None:
    assert identity.first_start() == identity.first_start()


def test_a_key_is_found_after_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/records.db"
    first, second = connect(url), connect(url)
    key = Identity(first).first_start()
    later = Identity(second)
    assert later.access_key(key.id) == key
    assert later.first_start() == key
    first.dispose()
    second.dispose()


def test_a_found_key_is_kept_in_memory(identity: Identity) -> None:
    key = identity.first_start()
    assert identity.access_key(key.id) is identity.access_key(key.id)


def test_an_unknown_key_is_none(identity: Identity) -> None:
    assert identity.access_key("AKIAIOSFODNN7EXAMPLE") is None


def test_the_secret_is_not_shown(identity: Identity) -> None:
    key = identity.first_start()
    assert key.secret not in repr(key)


def test_unique_ids_have_their_length() -> None:
    assert re.fullmatch(r"AROA[A-Z2-7]{17}", unique_id("AROA", 21))
