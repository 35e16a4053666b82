# SPDX-License-Identifier: Apache-2.0
"""The guest as an OVA: descriptor, manifest, and a streamOptimized VMDK written by qemu-img.

An independent program writes the disk, so the guest is input that vmferry did not make itself.

Source: DMTF DSP0243, Open Virtualization Format Specification, 2.1.1, sections 5 and 6: the OVF
is the first member, the manifest follows it; ustar.
"""

from __future__ import annotations

import hashlib
import tarfile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from tools.make_guest.progress import Progress
    from tools.make_guest.recipe import Recipe

CIM_OS_DEBIAN_64: Final = 96
"""CIM_OperatingSystem.OsType, Debian 64-Bit."""

OVF: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<Envelope xmlns="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:ovf="http://schemas.dmtf.org/ovf/envelope/1"
    xmlns:rasd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_ResourceAllocationSettingData"
    xmlns:vssd="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_VirtualSystemSettingData">
  <References>
    <File ovf:id="file1" ovf:href="{vmdk}" ovf:size="{vmdk_size}"/>
  </References>
  <DiskSection>
    <Info>Virtual disks</Info>
    <Disk ovf:diskId="disk1" ovf:fileRef="file1" ovf:capacity="{capacity}"
        ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized"/>
  </DiskSection>
  <NetworkSection>
    <Info>Networks</Info>
    <Network ovf:name="VM Network"><Description>The only network</Description></Network>
  </NetworkSection>
  <VirtualSystem ovf:id="{name}">
    <Info>A virtual machine</Info>
    <Name>{name}</Name>
    <OperatingSystemSection ovf:id="{os_type}">
      <Info>The guest operating system</Info>
      <Description>Debian GNU/Linux (64-bit)</Description>
    </OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware</Info>
      <System>
        <vssd:ElementName>Virtual Hardware Family</vssd:ElementName>
        <vssd:InstanceID>0</vssd:InstanceID>
        <vssd:VirtualSystemIdentifier>{name}</vssd:VirtualSystemIdentifier>
        <vssd:VirtualSystemType>vmx-10</vssd:VirtualSystemType>
      </System>
      <Item>
        <rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits>
        <rasd:ElementName>1 virtual CPU</rasd:ElementName>
        <rasd:InstanceID>1</rasd:InstanceID>
        <rasd:ResourceType>3</rasd:ResourceType>
        <rasd:VirtualQuantity>1</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits>
        <rasd:ElementName>1024 MiB of memory</rasd:ElementName>
        <rasd:InstanceID>2</rasd:InstanceID>
        <rasd:ResourceType>4</rasd:ResourceType>
        <rasd:VirtualQuantity>1024</rasd:VirtualQuantity>
      </Item>
      <Item>
        <rasd:Address>0</rasd:Address>
        <rasd:ElementName>SCSI controller 0</rasd:ElementName>
        <rasd:InstanceID>3</rasd:InstanceID>
        <rasd:ResourceSubType>lsilogic</rasd:ResourceSubType>
        <rasd:ResourceType>6</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>0</rasd:AddressOnParent>
        <rasd:ElementName>Hard disk 1</rasd:ElementName>
        <rasd:HostResource>ovf:/disk/disk1</rasd:HostResource>
        <rasd:InstanceID>4</rasd:InstanceID>
        <rasd:Parent>3</rasd:Parent>
        <rasd:ResourceType>17</rasd:ResourceType>
      </Item>
      <Item>
        <rasd:AddressOnParent>7</rasd:AddressOnParent>
        <rasd:AutomaticAllocation>true</rasd:AutomaticAllocation>
        <rasd:Connection>VM Network</rasd:Connection>
        <rasd:ElementName>Network adapter 1</rasd:ElementName>
        <rasd:InstanceID>5</rasd:InstanceID>
        <rasd:ResourceSubType>E1000</rasd:ResourceSubType>
        <rasd:ResourceType>10</rasd:ResourceType>
      </Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>
"""


def make_ova(recipe: Recipe, disk: Path, work: Path, progress: Progress) -> Path:
    """Pack the raw ``disk`` as an OVA in ``work`` and return its path.

    Raises:
        StepError: qemu-img is missing or failed.
    """
    name = f"debian-{recipe.release}"
    vmdk, ovf, manifest = (work / f"{name}{end}" for end in ("-disk1.vmdk", ".ovf", ".mf"))
    options = "subformat=streamOptimized,adapter_type=lsilogic"
    progress.run(
        "Write the streamOptimized VMDK",
        ["qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, str(disk), str(vmdk)],
        work / "qemu-img.log",
    )
    text = OVF.format(
        name=name,
        vmdk=vmdk.name,
        vmdk_size=vmdk.stat().st_size,
        capacity=recipe.size,
        os_type=CIM_OS_DEBIAN_64,
    )
    ovf.write_text(text, encoding="utf-8")
    progress.say("Write the manifest and the OVA")
    manifest.write_text("".join(f"SHA256({file.name})= {_sha256(file)}\n" for file in (ovf, vmdk)))
    ova = work / "guest.ova"
    with tarfile.open(ova, "x", format=tarfile.USTAR_FORMAT) as tar:
        for file in (ovf, manifest, vmdk):
            tar.add(file, file.name, filter=_anonymous)
    return ova


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """The appliance says nothing about who made it."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o644
    return member
