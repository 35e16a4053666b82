# SPDX-License-Identifier: Apache-2.0
"""Appliances and their parts for the fuzzers to begin with."""

from __future__ import annotations

import base64
import datetime
import hashlib
import struct
import zlib
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from tests.appliances import recipes as appliances
from tests.formats import recipes as vmdk
from tests.fuzz.disk_recipes import stored

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes


def _ovf(**changes: str) -> bytes:
    return appliances.ovf(**changes)


def ovf_files() -> dict[str, bytes]:
    """Return the files by name."""
    item = appliances.item
    hardware = "".join(
        [
            item(InstanceID=1, ResourceType=3, VirtualQuantity=2),
            item(InstanceID=2, ResourceType=4, VirtualQuantity=1, AllocationUnits="byte * 2^30"),
            appliances.CONTROLLER,
            item(InstanceID=4, ResourceType=20, ResourceSubType="vmware.sata.ahci"),
            item(InstanceID=5, ResourceType=10, Address="00:50:56:AA:BB:CC"),
            appliances.disk_item(),
            appliances.disk_item("/disk/second", 4, 1),
            appliances.disk_item("ovf:/file/file3", 3, 1),
            '<vmw:Config ovf:key="firmware" vmw:value="efi"/>',
        ]
    )
    files = (
        '<File ovf:id="file1" ovf:href="disk1.vmdk" ovf:size="4096"/>'
        '<File ovf:id="file2" ovf:href="disk%202.vmdk" ovf:compression="gzip"/>'
        '<File ovf:id="file3" ovf:href="disk3.vmdk" ovf:compression="identity"/>'
    )
    disks = (
        '<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="20"'
        ' ovf:capacityAllocationUnits="byte * 2^30"/>'
        '<Disk ovf:diskId="second" ovf:fileRef="file2" ovf:capacity="1024"/>'
    )
    more = (
        '<OperatingSystemSection ovf:id="96"><Info/><Description>Debian</Description>'
        "</OperatingSystemSection><Name>server</Name>"
    )
    options = (
        '<DeploymentOptionSection><Info/><Configuration ovf:id="small" ovf:default="true"/>'
        '<Configuration ovf:id="large"/></DeploymentOptionSection>'
    )
    several = appliances.system("", name="a") + appliances.system("", name="b")
    virtualbox = (
        '<vbox:Machine xmlns:vbox="v"><Hardware><Firmware type="EFI"/></Hardware></vbox:Machine>'
    )
    return {
        "plain": _ovf(),
        "full": _ovf(
            systems=appliances.system(hardware, more), files=files, disks=disks, more=options
        ),
        "version-2": _ovf(namespace="http://schemas.dmtf.org/ovf/envelope/2"),
        "virtualbox": _ovf(
            systems=appliances.system(hardware, virtualbox), files=files, disks=disks
        ),
        "collection": _ovf(systems=f"<VirtualSystemCollection>{several}</VirtualSystemCollection>"),
        "entity": _ovf(head='<!DOCTYPE Envelope [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
        "chunked": _ovf(files='<File ovf:id="file1" ovf:href="a" ovf:chunkSize="7"/>'),
        "outside": _ovf(files='<File ovf:id="file1" ovf:href="../../etc/passwd"/>'),
        "utf-16": _ovf().decode().replace("UTF-8", "UTF-16").encode("utf-16"),
    }


def manifest_files() -> dict[str, bytes]:
    """Return the files by name."""
    digests = {name: hashlib.new(name, b"").hexdigest() for name in ("sha1", "sha256", "sha512")}
    lines = [f"{name.upper()}(vm.ovf)= {value}" for name, value in digests.items()]
    return {
        **{name: f"{line}\n".encode() for name, line in zip(digests, lines, strict=True)},
        "spaces": f"SHA-256 ( vm.ovf ) = {digests['sha256'].upper()}\r\n\r\n".encode(),
        "twice": f"{lines[0]}\n{lines[1]}\n".encode(),
        "nonsense": b"MD5(a)= 00\n",
        **_certificates(),
    }


def _certificates() -> dict[str, bytes]:
    """Return certificates of an empty manifest: made without chance, so by keys that are no secret.

    Two Mersenne primes are an RSA key; Ed25519, which signs the certificates, needs no chance.
    """
    first, second, exponent = (1 << 521) - 1, (1 << 607) - 1, 65537
    inverse = pow(exponent, -1, (first - 1) * (second - 1))
    public = rsa.RSAPublicNumbers(exponent, first * second)
    pairs = inverse % (first - 1), inverse % (second - 1), pow(second, -1, first)
    key = rsa.RSAPrivateNumbers(first, second, inverse, *pairs, public).private_key()
    curve = ec.derive_private_key(7, ec.SECP256R1())
    signer = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    signature = key.sign(b"", padding.PKCS1v15(), hashes.SHA256())
    line = f"SHA256(vm.mf)= {signature.hex()}\n".encode()
    ders = {
        "rsa": _certificate(key.public_key(), signer),
        "ec": _certificate(curve.public_key(), signer),
        "ed25519": _certificate(signer.public_key(), signer),
    }
    return ders | {"signed": line + as_pem(ders["rsa"])}


def _certificate(key: CertificatePublicKeyTypes, signer: ed25519.Ed25519PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "vendor")])
    start = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key, 1, start, start.replace(year=2021))
    return builder.sign(signer, None).public_bytes(Encoding.DER)


def as_pem(der: bytes) -> bytes:
    """Return a certificate as text."""
    text = base64.encodebytes(der)
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"


def gzip_files() -> dict[str, bytes]:
    """Return the files by name."""

    def member(data: bytes, head: bytes = b"\0" + bytes(6), stream: bytes = b"") -> bytes:
        tail = struct.pack("<II", zlib.crc32(data), len(data))
        return b"\x1f\x8b\x08" + head + (stream or stored(data)) + tail

    named = b"\x08" + bytes(6) + b"disk.vmdk\0"
    return {
        "stored": member(b"KDMV" * 100),
        "two-members": member(b"one") + member(b"two", named) + bytes(8),
        "nothing": member(b"", stream=b"\x03\0"),
        "letters": member(b"abc", stream=b"\x4b\x4c\x4a\x06\0"),
        "cut": member(b"KDMV")[:-3],
        "wrong-sum": member(b"KDMV")[:-8] + bytes(8),
    }


def ova_files() -> dict[str, bytes]:
    """Return the files by name."""
    # The archive's own form (tarfile), not that of any tar program, decides the bytes.
    disk = vmdk.descriptor("monolithicFlat", 8)
    members = [("vm.ovf", _ovf()), ("disk1.vmdk", disk)]
    listed = [*members[:1], ("vm.mf", appliances.manifest(members)), *members[1:]]
    wrong = [("vm.mf", appliances.manifest([("vm.ovf", b"")])), *members]
    chunks = [members[0], ("disk1.vmdk.000000000", disk)]
    long_name = [members[0], ("d" * 150 + ".vmdk", disk)]
    link = bytearray(appliances.ova(members))
    link[156:157] = b"2"
    return {
        "plain": appliances.ova(members),
        "manifest": appliances.ova(listed),
        "wrong-manifest": appliances.ova(wrong),
        "chunks": appliances.ova(chunks),
        "gnu": appliances.ova(long_name, 1),
        "pax": appliances.ova(long_name, 2),
        "link": bytes(link),
        "empty": appliances.ova([]),
        "gzip": b"\x1f\x8b\x08".ljust(1024, b"\0"),
    }
