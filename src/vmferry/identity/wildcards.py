# SPDX-License-Identifier: Apache-2.0
"""``*`` and ``?`` of policies.

A policy comes from a caller, so matching must not take more than pattern times text: a regular
expression of thirty ``*`` would.
"""

from __future__ import annotations


def matches(pattern: str, text: str) -> bool:
    """Say whether all of ``text`` is what ``pattern`` describes."""
    at, star, mark, here = 0, -1, 0, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark, at = at, here, at + 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            # Let the last star take one more character and try again behind it.
            mark, at, here = mark + 1, star + 1, mark + 1
        else:
            return False
    return not pattern[at:].strip("*")


def matches_arn(pattern: str, arn: str) -> bool:
    """Say whether each of an ARN's six parts is what ``pattern`` says of it."""
    parts, names = pattern.split(":", 5), arn.split(":", 5)
    return len(parts) == len(names) and all(map(matches, parts, names))
