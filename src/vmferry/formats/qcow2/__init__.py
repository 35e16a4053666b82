# SPDX-License-Identifier: Apache-2.0
"""qcow2: the disk of QEMU, versions 2 and 3, as one file that needs no other. Read only.

AWS takes none, but users of KVM have little else. Every image that names another file, that is
encrypted, or that has a feature which we do not know is refused.

Source: QEMU ``docs/interop/qcow2.txt``.
"""

from __future__ import annotations

from vmferry.formats import DiskFormat
from vmferry.formats.qcow2.features import check_features
from vmferry.formats.qcow2.header import probe
from vmferry.formats.qcow2.reader import Qcow2Reader

FORMAT = DiskFormat(
    name="qcow2",
    probe=probe,
    safety=(check_features,),
    read=Qcow2Reader,
    writers={},
)
