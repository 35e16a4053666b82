# SPDX-License-Identifier: Apache-2.0
"""The unique id of a disk that we write: equal disks have the same one, others do not.

VirtualBox refuses to open two disks of one id, so it cannot be a constant; a random one would give
another file each time that a task which was killed writes it again.
"""

from __future__ import annotations

import uuid
from hashlib import sha256
from typing import Final

_NAMESPACE: Final = uuid.UUID("5d0c35f4-7a4f-4b0e-9f57-6b3cf1c0a1de")


def identity(*parts: bytes) -> bytes:
    """Return the 16 bytes that stand for ``parts``, as an UUID of version 5."""
    digest = sha256()
    for part in parts:
        digest.update(sha256(part).digest())
    return uuid.uuid5(_NAMESPACE, digest.hexdigest()).bytes
