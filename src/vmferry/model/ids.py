# SPDX-License-Identifier: Apache-2.0
"""Identifiers: 17 hex digits are made; the other forms that AWS has used are accepted.

Source: aws-behaviour.md 1.8.
"""

from __future__ import annotations

import re
import secrets

_FORM = re.compile(r"(?:[0-9a-z]{8}|[0-9a-f]{17}|[0-9a-f]{16}t)")


def new(prefix: str) -> str:
    """Return a fresh identifier such as ``snap-0123456789abcdef0``."""
    return f"{prefix}-{secrets.token_hex(9)[:17]}"


def valid(prefix: str, text: str) -> bool:
    """Say whether ``text`` has the form of an identifier with this prefix."""
    return text.startswith(f"{prefix}-") and _FORM.fullmatch(text[len(prefix) + 1 :]) is not None
