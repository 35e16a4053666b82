# SPDX-License-Identifier: Apache-2.0
"""The certificate of an OVF package (``.cert``): a signature of the manifest, and who made it.

    SHA256(vm.mf)= <the signature in hex>
    -----BEGIN CERTIFICATE----- …

What a good signature proves is that nobody changed the package after whoever holds the key signed
it. Whether that is somebody to trust, only the operator could say; appliances are mostly signed by
keys of their vendors' own, and the certificates have long expired, so neither is asked for.

Source: DSP0243 (OVF) 1.1.0 and 2.1.1, section 5.1, "OVF Package Structure"; RFC 8017, section 8.2.
"""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Final

from vmferry.appliances.refusal import bad_archive
from vmferry.units import KIB

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

MAX_CERTIFICATE: Final = 64 * KIB
_LINE: Final = re.compile(rb"SHA-?(1|256|512)\s*\(([^)\r\n]+)\)\s*=\s*([0-9A-Fa-f]+)\s")
_HINT: Final = "The package was changed after it was signed; export or download it once more"


def verify_certificate(certificate: bytes, name: str, manifest: bytes) -> None:
    """Check that the certificate's key signed the manifest.

    Args:
        certificate: The ``.cert`` file.
        name: Of the manifest's file.
        manifest: Its content.

    Raises:
        FormatError: The file is not understood, or it signs another manifest.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import InvalidVersion

    match = _LINE.match(certificate)
    if match is None:
        raise bad_archive(
            "certificate", found=repr(certificate[:40]), expected="SHA1, SHA256 or SHA512 (name)="
        )
    signed = match[2].decode("utf-8", "replace")
    if signed != name:
        raise bad_archive("certificate", found=f"a signature of {signed!r}", expected=repr(name))
    try:
        key = _key_of(certificate[match.end() :])
        signature = bytes.fromhex(match[3].decode("ascii"))
    except (InvalidVersion, UnsupportedAlgorithm, ValueError) as error:
        raise bad_archive("certificate", found=str(error)[:200], expected="X.509 in PEM") from error
    if not _is_signed(key, signature, manifest, int(match[1])):
        raise bad_archive(
            f"certificate does not sign {name}",
            expected="the signature of this manifest by the certificate's key",
            hint=_HINT,
        )


def _key_of(certificate: bytes) -> CertificatePublicKeyTypes:
    """Return the key; how the rest is written, such as a serial number of 0, does not matter."""
    from cryptography.utils import CryptographyDeprecationWarning
    from cryptography.x509 import load_pem_x509_certificate

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        return load_pem_x509_certificate(certificate).public_key()


def _is_signed(
    key: CertificatePublicKeyTypes, signature: bytes, manifest: bytes, bits: int
) -> bool:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    # SHA-1 is what OVF 1 asks for; to tell a changed package from a whole one it is enough.
    algorithms: dict[int, hashes.HashAlgorithm] = {
        1: hashes.SHA1(),  # noqa: S303
        256: hashes.SHA256(),
        512: hashes.SHA512(),
    }
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, manifest, padding.PKCS1v15(), algorithms[bits])
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, manifest, ec.ECDSA(algorithms[bits]))
        else:
            kind = type(key).__name__
            raise bad_archive("key of the certificate", found=kind, expected="RSA or ECDSA")
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True
