# SPDX-License-Identifier: Apache-2.0
"""RegisterImage: make an image from imported snapshots.

The defaults are AWS's, odd as they are: ``i386`` and ``paravirtual`` (aws-behaviour.md 9.1),
which is why the guide's flow names architecture and virtualization type.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2 import _checks
from vmferry.database.engine import now
from vmferry.errors import ApiError
from vmferry.model import ids
from vmferry.model.catalog import BlockDevice, Image
from vmferry.units import GIB

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = re.compile(r"[A-Za-z0-9()\[\] ./\-'@_]{3,128}")
CHOICES: Final = {
    "Architecture": ("i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"),
    "BootMode": ("legacy-bios", "uefi", "uefi-preferred"),
    "ImdsSupport": ("v2.0",),
    "SriovNetSupport": ("simple",),
    "TpmSupport": ("v2.0",),
    "VirtualizationType": ("hvm", "paravirtual"),
}
VOLUME_TYPES: Final = ("gp2", "gp3", "io1", "io2", "sc1", "st1", "standard")
UEFI_DATA_LENGTH: Final = 64_000


def handle(call: Call) -> dict[str, Any]:
    """Check the parameters and record the image."""
    params = call.params
    _check_parameters(params)
    devices = _devices(call, params.get("BlockDeviceMappings", []))
    root = str(params.get("RootDeviceName", "")) or (devices[0].device_name if devices else "")
    if not any(device.device_name == root for device in devices):
        raise ApiError(
            "MissingParameter",
            "The request must contain the parameter ebs",
            hint=f"No block device mapping with a snapshot is the root device '{root}'",
        )
    labels = _checks.task_tags(call, "image")
    _checks.check_dry_run(call)
    image = Image(
        id=ids.new("ami"),
        owner=call.owner,
        name=params["Name"],
        description=params.get("Description", ""),
        architecture=params.get("Architecture", "i386"),
        boot_mode=params.get("BootMode", ""),
        platform="Linux",
        root_device_name=root,
        created=now(),
        devices=tuple(devices),
        virtualization_type=params.get("VirtualizationType", "paravirtual"),
        ena_support=params.get("EnaSupport", False),
        attributes=_attributes(params),
    )
    call.services.images.register(image)
    call.services.tags.put(call.owner, image.id, labels)
    return {"ImageId": image.id}


def _check_parameters(params: dict[str, Any]) -> None:
    if not NAME.fullmatch(params["Name"]):
        raise ApiError(
            "InvalidAMIName.Malformed",
            f"AMI name '{params['Name']}' is invalid, "
            "expected 3 to 128 letters, digits, spaces or ( ) [ ] . / - ' @ _",
        )
    for name, choices in CHOICES.items():
        if name in params:
            _check_choice(f"{name[:1].lower()}{name[1:]}", params[name], choices)
    if len(params.get("UefiData", "")) > UEFI_DATA_LENGTH:
        raise ApiError(
            "InvalidParameterValue", f"UefiData has more than {UEFI_DATA_LENGTH} characters"
        )


def _check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise ApiError(
            "InvalidParameterValue",
            f"Value ({value}) for parameter {name} is invalid. "
            f"Valid value(s): {', '.join(choices)}",
        )


def _attributes(params: dict[str, Any]) -> dict[str, str]:
    names = {
        "sriov_net_support": "SriovNetSupport",
        "tpm_support": "TpmSupport",
        "imds_support": "ImdsSupport",
        "uefi_data": "UefiData",
    }
    return {ours: str(params[theirs]) for ours, theirs in names.items() if params.get(theirs)}


def _devices(call: Call, mappings: Sequence[dict[str, Any]]) -> list[BlockDevice]:
    out: list[BlockDevice] = []
    for mapping in mappings:
        ebs = mapping.get("Ebs")
        if not ebs or "NoDevice" in mapping:
            continue  # an instance store volume, or one that is named to be left out
        name = str(mapping.get("DeviceName", ""))
        if not name or any(device.device_name == name for device in out):
            raise ApiError(
                "InvalidBlockDeviceMapping",
                f"The device '{name}' is named {'twice' if name else 'nowhere'}",
            )
        if not ebs.get("SnapshotId"):
            raise ApiError(
                "InvalidBlockDeviceMapping",
                f"The device '{name}' has no snapshot, expected Ebs.SnapshotId",
            )
        out.append(_device(call, name, ebs))
    return out


def _device(call: Call, name: str, ebs: dict[str, Any]) -> BlockDevice:
    snapshot = call.services.snapshots.find(call.owner, ebs["SnapshotId"])
    if "Encrypted" in ebs:
        raise ApiError(
            "InvalidBlockDeviceMapping",
            f"The device '{name}' has a snapshot and an encryption state, expected one of them",
        )
    _check_choice("volumeType", ebs.get("VolumeType", "gp2"), VOLUME_TYPES)
    least = max(1, -(-snapshot.size // GIB))
    size = int(ebs.get("VolumeSize", least))
    if size < least:
        raise ApiError(
            "InvalidBlockDeviceMapping",
            f"Volume of size {size}GB is smaller than snapshot '{snapshot.id}', "
            f"expect size >= {least}GB",
        )
    return BlockDevice(
        device_name=name,
        snapshot_id=snapshot.id,
        volume_size_gib=size,
        volume_type=ebs.get("VolumeType", "gp2"),
        delete_on_termination=bool(ebs.get("DeleteOnTermination", True)),
        encrypted=snapshot.encrypted,
    )


ACTION = Action(name="RegisterImage", handle=handle)
