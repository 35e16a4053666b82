# SPDX-License-Identifier: Apache-2.0
"""IAM's actions, and what several of them answer: a role, a page of a list.

Source: IAM API reference 2010-05-08; aws-behaviour.md 10.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from vmferry.model.identity import Role

Item = TypeVar("Item")

PAGE: Final = 100
"""Entries of a page when the caller names no number."""


def document(text: str) -> str:
    """Return a policy as IAM answers it: percent-encoded, RFC 3986."""
    return quote(text, safe="-_.~")


def role_members(role: Role) -> dict[str, Any]:
    """Return the members of the model's ``Role``, without its tags, which lists leave out."""
    members = {
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": document(role.trust_policy),
        "MaxSessionDuration": role.max_session_s,
    }
    return {**members, "Description": role.description} if role.description else members


def tag_members(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags as the model's list, sorted by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


def tags_of(members: Iterable[dict[str, str]]) -> dict[str, str]:
    """Return the model's list of tags by key."""
    return {tag["Key"]: tag["Value"] for tag in members}


def page(
    items: list[Item], name: Callable[[Item], str], params: dict[str, Any]
) -> tuple[list[Item], dict[str, Any]]:
    """Return the page that ``Marker`` and ``MaxItems`` ask for, and the members that go with it.

    Args:
        items: All of them, sorted by ``name``.
        name: What the marker of an item is.
        params: Of the call.
    """
    size = params.get("MaxItems", PAGE)
    rest = [item for item in items if name(item) > params.get("Marker", "")]
    if len(rest) <= size:
        return rest, {"IsTruncated": False}
    shown = rest[:size]
    return shown, {"IsTruncated": True, "Marker": name(shown[-1])}
