# SPDX-License-Identifier: Apache-2.0
"""Certificates as openssl makes them: good ones pass, and no other package passes with them."""

from __future__ import annotations

import random
import subprocess
from typing import TYPE_CHECKING, Final

import pytest
from tests.appliances.recipes import MemorySource, manifest, ova, ovf

from vmferry.appliances import open_appliance
from vmferry.appliances.certificate import verify_certificate
from vmferry.errors import FormatError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.oracle

FILES: Final = [("vm.ovf", ovf()), ("disk1.vmdk", b"disk")]
MANIFEST: Final = manifest(FILES)
KEYS: Final = {
    "rsa": ["-newkey", "rsa:2048"],
    "ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
    "ed25519": ["-newkey", "ed25519"],
}


def openssl(folder: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def sign(folder: Path, key: str, bits: str, signed: str = "vm.mf", serial: str = "1") -> bytes:
    """Make a certificate file with openssl, as the standard describes it."""
    subject = ["-subj", "/CN=vendor", "-days", "1", "-nodes", "-keyout", "key.pem"]
    openssl(folder, "req", "-x509", *KEYS[key], *subject, "-set_serial", serial, "-out", "cert.pem")
    (folder / "vm.mf").write_bytes(MANIFEST)
    if key == "ed25519":
        (folder / "signature").write_bytes(bytes(64))
    else:
        digest = ["-sign", "key.pem", "-out", "signature", "vm.mf"]
        openssl(folder, "dgst", f"-sha{bits}", *digest)
    line = f"SHA{bits}({signed})= {(folder / 'signature').read_bytes().hex()}\n"
    return line.encode() + (folder / "cert.pem").read_bytes()


@pytest.mark.parametrize(("key", "bits"), [("rsa", "1"), ("rsa", "512"), ("ec", "256")])
def test_a_good_signature_passes_and_a_changed_manifest_does_not(
    key: str, bits: str, tmp_path: Path
) -> None:
    certificate = sign(tmp_path, key, bits)
    members = [FILES[0], ("vm.mf", MANIFEST), ("vm.cert", certificate), FILES[1]]
    assert open_appliance(MemorySource(ova(members))).machine.disks[0].href == "disk1.vmdk"
    verify_certificate(certificate, "vm.mf", MANIFEST)
    with pytest.raises(FormatError) as caught:
        verify_certificate(certificate, "vm.mf", MANIFEST + b"\n")
    assert caught.value.message == (
        "ova: certificate does not sign vm.mf, "
        "expected the signature of this manifest by the certificate's key"
    )
    assert caught.value.aws_text == "ClientError: Disk validation failed [Unsupported OVA format]"


@pytest.mark.parametrize("serial", ["0", "-5"])
def test_a_serial_number_that_none_should_have(serial: str, tmp_path: Path) -> None:
    verify_certificate(sign(tmp_path, "rsa", "256", serial=serial), "vm.mf", MANIFEST)


def test_another_s_key_does_not_sign(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first, second = sign(tmp_path, "rsa", "256"), sign(tmp_path / "other", "rsa", "256")
    mixed = first.partition(b"\n")[0] + b"\n" + second.partition(b"\n")[2]
    with pytest.raises(FormatError, match=r"^ova: certificate does not sign vm\.mf"):
        verify_certificate(mixed, "vm.mf", MANIFEST)


def test_a_signature_of_another_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"found a signature of 'a\.mf', expected 'vm\.mf'$"):
        verify_certificate(sign(tmp_path, "rsa", "256", "a.mf"), "vm.mf", MANIFEST)


def test_keys_that_are_not_used_for_it(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"key of the certificate: found Ed25519PublicKey, exp"):
        verify_certificate(sign(tmp_path, "ed25519", "256"), "vm.mf", MANIFEST)


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        (b"", "certificate: found b'', expected SHA1, SHA256 or SHA512 (name)="),
        (b"MD5(vm.mf)= 00\n", "certificate: found b'MD5(vm.mf)= 00"),
        (b"SHA1(vm.mf)= 00\n", "certificate: found "),
        (b"SHA1(vm.mf)= 000\n", "certificate: found "),
        (b"x" * 70_000, "certificate at byte 3584: found 70000 bytes, expected at most 65536"),
    ],
)
def test_what_is_no_certificate(certificate: bytes, message: str) -> None:
    members = [FILES[0], ("vm.mf", MANIFEST), ("vm.cert", certificate), FILES[1]]
    with pytest.raises(FormatError) as caught:
        open_appliance(MemorySource(ova(members)))
    assert caught.value.message.startswith(f"ova: {message}")


def test_a_certificate_without_a_manifest() -> None:
    with pytest.raises(FormatError) as caught:
        open_appliance(MemorySource(ova([*FILES, ("vm.cert", b"")])))
    assert (
        caught.value.message == "ova: 'vm.cert' signs a manifest: found none, expected a .mf file"
    )


def test_any_damage_is_refused(tmp_path: Path) -> None:
    good = sign(tmp_path, "rsa", "256")
    chance = random.Random(4)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(3):
            data[chance.randrange(len(data))] = chance.randrange(256)
        try:
            verify_certificate(bytes(data), "vm.mf", MANIFEST)
        except FormatError:
            continue
        # What the signature does not cover, such as the certificate's own signature, may change.
        assert data[: good.index(b"\n")].lower() == good[: good.index(b"\n")].lower()
