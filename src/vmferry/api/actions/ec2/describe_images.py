# SPDX-License-Identifier: Apache-2.0
"""DescribeImages. Source: aws-behaviour.md 3.1 (Result AMI), 9.1, appendix B."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vmferry.api.actions import Action, Call
from vmferry.api.actions.ec2._describe import described, tag_list, truth, without_none

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vmferry.model.catalog import BlockDevice, Image


def _created(image: Image) -> str:
    return f"{image.created.isoformat(timespec='milliseconds')}Z"


def _devices(look: Callable[[BlockDevice], str]) -> Callable[[Image], list[str]]:
    return lambda image: [look(device) for device in image.devices]


FILTERS: Final[Mapping[str, Callable[[Image], list[str]]]] = {
    "architecture": lambda image: [image.architecture],
    "block-device-mapping.delete-on-termination": _devices(
        lambda device: truth(device.delete_on_termination)[0]
    ),
    "block-device-mapping.device-name": _devices(lambda device: device.device_name),
    "block-device-mapping.snapshot-id": _devices(lambda device: device.snapshot_id),
    "block-device-mapping.volume-size": _devices(lambda device: str(device.volume_size_gib)),
    "block-device-mapping.volume-type": _devices(lambda device: device.volume_type),
    "block-device-mapping.encrypted": _devices(lambda device: truth(device.encrypted)[0]),
    "creation-date": lambda image: [_created(image)],
    "description": lambda image: [image.description],
    "ena-support": lambda image: truth(image.ena_support),
    "hypervisor": lambda _image: ["xen"],
    "image-id": lambda image: [image.id],
    "image-type": lambda _image: ["machine"],
    "is-public": lambda _image: ["false"],
    "manifest-location": lambda image: [f"{image.owner.account}/{image.name}"],
    "name": lambda image: [image.name],
    "owner-id": lambda image: [image.owner.account],
    "platform": lambda image: ["windows"] if image.platform == "Windows" else [],
    "root-device-name": lambda image: [image.root_device_name],
    "root-device-type": lambda _image: ["ebs"],
    "state": lambda image: [image.state],
    "virtualization-type": lambda image: [image.virtualization_type],
}


def handle(call: Call) -> dict[str, Any]:
    """List the caller's images."""
    wanted = call.params.get("ImageIds")
    if wanted:
        found = [call.services.images.find(call.owner, image_id) for image_id in wanted]
    else:
        found = call.services.images.owned(call.owner)
    for name in ("Owners", "ExecutableUsers"):
        chosen = call.params.get(name)
        if chosen and not {"self", call.owner.account} & set(chosen):
            found = []
    labels = call.services.tags.of([image.id for image in found])
    shown, more = described(
        call,
        found,
        key=lambda image: image.id,
        fields=FILTERS,
        tags=lambda image: labels.get(image.id, {}),
    )
    return {"Images": [_show(image, labels.get(image.id, {})) for image in shown], **more}


def _show(image: Image, labels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ImageId": image.id,
        "ImageLocation": f"{image.owner.account}/{image.name}",
        "State": image.state,
        "OwnerId": image.owner.account,
        "CreationDate": _created(image),
        "Public": False,
        "Architecture": image.architecture,
        "ImageType": "machine",
        "PlatformDetails": image.platform_details,
        "UsageOperation": image.usage_operation,
        "Name": image.name,
        "RootDeviceType": "ebs",
        "RootDeviceName": image.root_device_name,
        "BlockDeviceMappings": [_device(device) for device in image.devices],
        "VirtualizationType": image.virtualization_type,
        "Hypervisor": "xen",
        "EnaSupport": image.ena_support,
        "Tags": tag_list(labels),
        **without_none(
            Platform="windows" if image.platform == "Windows" else None,
            Description=image.description or None,
            BootMode=image.boot_mode or None,
            SriovNetSupport=image.attributes.get("sriov_net_support"),
            TpmSupport=image.attributes.get("tpm_support"),
            ImdsSupport=image.attributes.get("imds_support"),
        ),
    }


def _device(device: BlockDevice) -> dict[str, Any]:
    return {
        "DeviceName": device.device_name,
        "Ebs": {
            "DeleteOnTermination": device.delete_on_termination,
            "SnapshotId": device.snapshot_id,
            "VolumeSize": device.volume_size_gib,
            "VolumeType": device.volume_type,
            "Encrypted": device.encrypted,
        },
    }


ACTION = Action(name="DescribeImages", handle=handle)
