# SPDX-License-Identifier: Apache-2.0
"""Roles, their policies and tags."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.identity.documents import ROLE_POLICY, document, trust

from vmferry.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmferry.identity import Identity

ACCOUNT = "111122223333"


def code(action: Callable[[], object]) -> tuple[str, int, str]:
    """Return code, status and message of a refusal."""
    with pytest.raises(ApiError) as caught:
        action()
    return caught.value.code, caught.value.status, caught.value.message


def test_a_role_is_kept_as_it_was_sent(identity: Identity) -> None:
    made = identity.create_role(
        ACCOUNT, "vmimport", trust(), path="/a/", description="d", tags={"k": "v"}
    )
    assert made == identity.get_role(ACCOUNT, "vmimport")
    assert made.arn == f"arn:aws:iam::{ACCOUNT}:role/a/vmimport"
    assert made.id.startswith("AROA")
    assert (made.trust_policy, made.description, made.tags) == (trust(), "d", {"k": "v"})
    assert made.max_session_s == 3600


def test_a_name_is_taken_without_regard_to_case(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    assert code(lambda: identity.create_role(ACCOUNT, "VMImport", trust())) == (
        "EntityAlreadyExists",
        409,
        "Role with name VMImport already exists.",
    )
    identity.create_role("444455556666", "vmimport", trust())


def test_a_missing_role_is_named(identity: Identity) -> None:
    text = "The role with name vmimport cannot be found."
    for action in (
        lambda: identity.get_role(ACCOUNT, "vmimport"),
        lambda: identity.delete_role(ACCOUNT, "vmimport"),
        lambda: identity.put_role_policy(ACCOUNT, "vmimport", "p", ROLE_POLICY),
        lambda: identity.update_assume_role_policy(ACCOUNT, "vmimport", trust()),
        lambda: identity.tag_role(ACCOUNT, "vmimport", {}),
        lambda: identity.untag_role(ACCOUNT, "vmimport", []),
    ):
        assert code(action) == ("NoSuchEntity", 404, text)


def test_policies_are_put_read_listed_and_removed(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    identity.put_role_policy(ACCOUNT, "vmimport", "b", ROLE_POLICY)
    identity.put_role_policy(ACCOUNT, "vmimport", "a", ROLE_POLICY)
    assert identity.list_role_policies(ACCOUNT, "vmimport") == ["a", "b"]
    assert identity.get_role_policy(ACCOUNT, "vmimport", "a") == ROLE_POLICY
    assert code(lambda: identity.delete_role(ACCOUNT, "vmimport")) == (
        "DeleteConflict",
        409,
        "Cannot delete entity, must delete policies first.",
    )
    for name in ("a", "b"):
        identity.delete_role_policy(ACCOUNT, "vmimport", name)
    gone = ("NoSuchEntity", 404, "The role policy with name a cannot be found.")
    assert code(lambda: identity.get_role_policy(ACCOUNT, "vmimport", "a")) == gone
    assert code(lambda: identity.delete_role_policy(ACCOUNT, "vmimport", "a")) == gone
    identity.delete_role(ACCOUNT, "vmimport")
    assert identity.list_roles(ACCOUNT) == []


def test_a_broken_policy_is_refused_and_nothing_changes(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    for action in (
        lambda: identity.create_role(ACCOUNT, "other", "trust-policy.json"),
        lambda: identity.put_role_policy(ACCOUNT, "vmimport", "p", "role-policy.json"),
        lambda: identity.update_assume_role_policy(ACCOUNT, "vmimport", ROLE_POLICY),
    ):
        assert code(action)[::2] == ("MalformedPolicyDocument", "Syntax errors in policy")
    assert [role.name for role in identity.list_roles(ACCOUNT)] == ["vmimport"]
    assert identity.get_role(ACCOUNT, "vmimport").trust_policy == trust()


def test_policies_together_have_a_limit(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    long = document({"Effect": "Allow", "Action": "s3:*", "Resource": "x" * 9000})
    identity.put_role_policy(ACCOUNT, "vmimport", "a", long)
    assert code(lambda: identity.put_role_policy(ACCOUNT, "vmimport", "b", long)) == (
        "LimitExceeded",
        409,
        "Maximum policy size of 10240 bytes exceeded for role vmimport",
    )
    identity.put_role_policy(ACCOUNT, "vmimport", "a", " " * 5000 + long)


def test_the_trust_policy_is_replaced(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    other = trust(StringEquals={"sts:ExternalId": "other"})
    identity.update_assume_role_policy(ACCOUNT, "vmimport", other)
    assert identity.get_role(ACCOUNT, "vmimport").trust_policy == other


def test_roles_are_listed_below_a_path(identity: Identity) -> None:
    for name, path in (("b", "/x/"), ("a", "/x/y/"), ("c", "/"), ("d", "/%/")):
        identity.create_role(ACCOUNT, name, trust(), path=path)
    assert [role.name for role in identity.list_roles(ACCOUNT)] == ["a", "b", "c", "d"]
    assert [role.name for role in identity.list_roles(ACCOUNT, "/x/")] == ["a", "b"]
    assert [role.name for role in identity.list_roles(ACCOUNT, "/%/")] == ["d"]


def test_tags_are_merged_and_removed(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust(), tags={"a": "1", "b": "2"})
    identity.tag_role(ACCOUNT, "vmimport", {"b": "3", "c": "4"})
    identity.untag_role(ACCOUNT, "vmimport", ["a", "none"])
    assert identity.get_role(ACCOUNT, "vmimport").tags == {"b": "3", "c": "4"}
    many = {f"k{n}": "" for n in range(49)}
    assert code(lambda: identity.tag_role(ACCOUNT, "vmimport", many))[0] == "LimitExceeded"
    reserved = code(lambda: identity.tag_role(ACCOUNT, "vmimport", {"AWS:x": ""}))
    assert reserved[0] == "InvalidInput"


def test_policies_put_at_the_same_time_are_all_kept(identity: Identity) -> None:
    identity.create_role(ACCOUNT, "vmimport", trust())
    small = document({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})
    names = [f"p{number}" for number in range(12)]
    with ThreadPoolExecutor(4) as pool:
        list(
            pool.map(lambda name: identity.put_role_policy(ACCOUNT, "vmimport", name, small), names)
        )
    assert identity.list_role_policies(ACCOUNT, "vmimport") == sorted(names)
