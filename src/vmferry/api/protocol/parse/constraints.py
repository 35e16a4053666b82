# SPDX-License-Identifier: Apache-2.0
"""Lengths, ranges, patterns and enumerations that the model states, for IAM and STS.

EC2's model states hardly any, and its actions answer with texts of their own.

Source: aws-behaviour.md 10; the wording is IAM's.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from botocore.model import Shape


def check(shape: Shape, name: str, value: object) -> None:
    """Check ``value`` against what ``shape`` says about it.

    Raises:
        ApiError: ``ValidationError``, with the constraint.
    """
    rules = shape.metadata
    broken = _range(rules, value) if isinstance(value, int) else _length(rules, value)
    if not broken and isinstance(value, str):
        broken = _text(rules, value)
    if broken:
        raise ApiError(
            "ValidationError",
            f"1 validation error detected: Value at '{_wire(name)}' failed to satisfy constraint: "
            f"Member must {broken}",
        )


def _range(rules: dict[str, int], value: int) -> str:
    if value < rules.get("min", value):
        return f"have value greater than or equal to {rules['min']}"
    if value > rules.get("max", value):
        return f"have value less than or equal to {rules['max']}"
    return ""


def _length(rules: dict[str, int], value: object) -> str:
    if not isinstance(value, (str, list, bytes)):
        return ""
    if len(value) < rules.get("min", 0):
        return f"have length greater than or equal to {rules['min']}"
    if len(value) > rules.get("max", len(value)):
        return f"have length less than or equal to {rules['max']}"
    return ""


def _text(rules: dict[str, str], value: str) -> str:
    if "pattern" in rules and not _pattern(rules["pattern"]).fullmatch(value):
        return f"satisfy regular expression pattern: {rules['pattern']}"
    if "enum" in rules and value not in rules["enum"]:
        return f"satisfy enum value set: [{', '.join(rules['enum'])}]"
    return ""


@cache
def _pattern(text: str) -> re.Pattern[str]:
    # Java's \w, which the models mean, is ASCII; its Unicode classes have no name in re, and \w of
    # all scripts takes in no more than the underscore, which these patterns name anyway.
    if "\\p{" not in text:
        return re.compile(text, re.ASCII)
    for name, ours in (("\\p{L}", r"\w"), ("\\p{N}", r"\d"), ("\\p{Z}", r"\s")):
        text = text.replace(name, ours)
    return re.compile(text)


def _wire(name: str) -> str:
    return name[:1].lower() + name[1:]
