# SPDX-License-Identifier: Apache-2.0
"""Manifests: the digests of real products, and the file that is not the one they were made of."""

from __future__ import annotations

import hashlib

import pytest
from tests.appliances.recipes import MemorySource

from vmferry.appliances.manifest import Digest, compose_manifest, parse_manifest, verify_digest
from vmferry.errors import FormatError


def test_the_forms_of_products() -> None:
    sha1, sha256, sha512 = (
        hashlib.new(name, b"x").hexdigest() for name in ("sha1", "sha256", "sha512")
    )
    text = (
        f"SHA1(vm.ovf)= {sha1}\nSHA256(disk 1.vmdk)= {sha256.upper()}\r\n\n"
        f"SHA512 (a(b).vmdk) = {sha512}\nSHA-256(./c)={sha256}\n"
    )
    assert parse_manifest(text.encode()) == {
        "vm.ovf": Digest("sha1", sha1),
        "disk 1.vmdk": Digest("sha256", sha256),
        "a(b).vmdk": Digest("sha512", sha512),
        "c": Digest("sha256", sha256),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MD5(vm.ovf)= d41d8cd98f00b204e9800998ecf8427e", "manifest line 1: found 'MD5(vm.ovf)"),
        (
            "\nSHA1(vm.ovf)= abcd",
            "manifest line 2: found 'SHA1(vm.ovf)= abcd', expected SHA1, SHA256",
        ),
        ("SHA1 vm.ovf", "manifest line 1"),
        (
            f"SHA1(a)= {'0' * 40}\nSHA1(a)= {'1' * 40}",
            "manifest line 2: found a second digest of 'a'",
        ),
        ("x" * (1 << 20) + "y", "manifest: found 1048577 bytes, expected at most 1048576"),
    ],
)
def test_lines_that_are_no_digests(text: str, message: str) -> None:
    with pytest.raises(FormatError) as caught:
        parse_manifest(text.encode())
    assert message in caught.value.message
    assert caught.value.aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha512"])
def test_the_right_content_passes(algorithm: str) -> None:
    content = b"disk" * 3_000_000
    seen: list[int] = []
    digest = Digest(algorithm, hashlib.new(algorithm, content).hexdigest())
    verify_digest(MemorySource(content), digest, seen.append)
    assert seen == [4 << 20, 8 << 20, 12_000_000]
    verify_digest(MemorySource(b""), Digest("sha1", hashlib.sha1(b"").hexdigest()))  # noqa: S324


def test_another_content_is_refused() -> None:
    found, wanted = hashlib.sha256(b"b").hexdigest(), hashlib.sha256(b"a").hexdigest()
    with pytest.raises(FormatError) as caught:
        verify_digest(MemorySource(b"b", "disk1.vmdk"), Digest("sha256", wanted))
    assert caught.value.message == (
        f"ova: sha256 of disk1.vmdk: found {found}, expected {wanted} as the manifest says"
    )
    assert caught.value.aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"


def test_what_is_composed_is_parsed() -> None:
    digests = {"vm.ovf": Digest("sha256", "a" * 64), "disk 1.vmdk": Digest("sha1", "b" * 40)}
    text = compose_manifest(digests)
    assert text.splitlines()[0] == b"SHA256(vm.ovf)= " + b"a" * 64
    assert parse_manifest(text) == digests
