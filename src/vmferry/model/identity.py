# SPDX-License-Identifier: Apache-2.0
"""Who calls, and the roles that the service may use on a caller's behalf."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """The identity behind an access key.

    Attributes:
        account: Twelve digits.
        arn: ``arn:aws:iam::123456789012:root`` for the account's own key.
        user_id: What GetCallerIdentity answers.
        canonical_id: 64 hex digits, the S3 owner id.
    """

    account: str
    arn: str
    user_id: str
    canonical_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An access key and its secret."""

    id: str
    secret: str = field(repr=False)
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An IAM role with its inline policies (JSON texts as they were sent)."""

    id: str
    account: str
    name: str
    path: str
    arn: str
    trust_policy: str
    description: str
    max_session_s: int
    created: datetime
    policies: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
