# SPDX-License-Identifier: Apache-2.0
"""Descriptions as the products write them, made here from what their sources and manuals say.

Each has two disks that the document lists in another order than the machine boots them.
"""

# ruff: noqa: E501
from __future__ import annotations

from typing import Final

CIM: Final = "http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/CIM_"
NAMES: Final = (
    f'xmlns:rasd="{CIM}ResourceAllocationSettingData" xmlns:vssd="{CIM}VirtualSystemSettingData"'
    ' xmlns:vmw="http://www.vmware.com/schema/ovf"'
)
OVF: Final = "http://schemas.dmtf.org/ovf/envelope/1"
HEAD: Final = (
    f'<?xml version="1.0" encoding="UTF-8"?>\n<Envelope xmlns="{OVF}" xmlns:ovf="{OVF}" {NAMES}'
)


def vcenter(
    config: str = '<vmw:Config ovf:required="false" vmw:key="firmware" vmw:value="efi"/>',
) -> str:
    """VMware's vCenter and ovftool: an nvram file, a CD, PVSCSI before SATA, cores, sizes in MiB."""
    return f"""{HEAD} vmw:buildId="build-20051473">
  <References>
    <File ovf:id="file1" ovf:href="web-1.vmdk" ovf:size="11"/>
    <File ovf:id="file2" ovf:href="web-2.vmdk" ovf:size="22"/>
    <File ovf:id="file3" ovf:href="web-3.nvram" ovf:size="270840"/>
  </References>
  <DiskSection>
    <Info>List of the virtual disks</Info>
    <Disk ovf:capacityAllocationUnits="byte * 2^20" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized" ovf:diskId="vmdisk2" ovf:capacity="512" ovf:fileRef="file2"/>
    <Disk ovf:capacityAllocationUnits="byte * 2^20" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized" ovf:diskId="vmdisk1" ovf:capacity="16384" ovf:fileRef="file1" ovf:populatedSize="2147483648"/>
  </DiskSection>
  <NetworkSection><Info>nets</Info><Network ovf:name="VM Network"><Description/></Network></NetworkSection>
  <VirtualSystem ovf:id="web">
    <Info>A Virtual system</Info><Name>web</Name>
    <OperatingSystemSection ovf:id="101" vmw:osType="rhel9_64Guest"><Info/><Description>Red Hat Enterprise Linux 9 (64-bit)</Description></OperatingSystemSection>
    <VirtualHardwareSection>
      <Info>Virtual hardware requirements</Info>
      <System><vssd:ElementName>Virtual Hardware Family</vssd:ElementName><vssd:InstanceID>0</vssd:InstanceID><vssd:VirtualSystemType>vmx-19</vssd:VirtualSystemType></System>
      <Item><rasd:AllocationUnits>hertz * 10^6</rasd:AllocationUnits><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity><vmw:CoresPerSocket ovf:required="false">2</vmw:CoresPerSocket></Item>
      <Item><rasd:AllocationUnits>byte * 2^20</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>8192</rasd:VirtualQuantity></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>VirtualSCSI</rasd:ResourceSubType><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceSubType>vmware.sata.ahci</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></Item>
      <Item ovf:required="false"><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:InstanceID>5</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceSubType>vmware.cdrom.remotepassthrough</rasd:ResourceSubType><rasd:ResourceType>15</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk2</rasd:HostResource><rasd:InstanceID>6</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>7</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>7</rasd:AddressOnParent><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>VM Network</rasd:Connection><rasd:InstanceID>8</rasd:InstanceID><rasd:ResourceSubType>VmxNet3</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
      {config}
      <vmw:ExtraConfig ovf:required="false" vmw:key="nvram" vmw:value="ovf:/file/file3"/>
    </VirtualHardwareSection>
    <ProductSection ovf:required="false"><Info/><Property ovf:key="ip" ovf:type="string"/></ProductSection>
    <ProductSection><Info/><Product>Web shop</Product><Vendor>Example</Vendor><FullVersion>2.1.7</FullVersion></ProductSection>
  </VirtualSystem>
</Envelope>"""


def virtualbox() -> str:
    """VirtualBox, OVF 1.0: relative resources, captions, its own copy of the settings."""
    return f"""{HEAD} xmlns:vbox="http://www.virtualbox.org/ovf/machine" ovf:version="1.0" xml:lang="en-US">
  <References><File ovf:id="file1" ovf:href="box-disk001.vmdk"/><File ovf:id="file2" ovf:href="box-disk002.vmdk"/></References>
  <DiskSection><Info/>
    <Disk ovf:capacity="21474836480" ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:format="http://www.vmware.com/interfaces/specifications/vmdk.html#streamOptimized" vbox:uuid="7113a5c1-375f-4882-87f1-b489f78388a1"/>
    <Disk ovf:capacity="1073741824" ovf:diskId="vmdisk2" ovf:fileRef="file2"/>
  </DiskSection>
  <NetworkSection><Info/><Network ovf:name="NAT"/></NetworkSection>
  <VirtualSystem ovf:id="box"><Info/>
    <OperatingSystemSection ovf:id="94"><Info/><Description>Ubuntu_64</Description><vbox:OSType ovf:required="false">Ubuntu_64</vbox:OSType></OperatingSystemSection>
    <VirtualHardwareSection><Info/>
      <System><vssd:VirtualSystemType>virtualbox-2.2</vssd:VirtualSystemType></System>
      <Item><rasd:Caption>2 virtual CPU</rasd:Caption><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>2048</rasd:VirtualQuantity></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceSubType>PIIX4</rasd:ResourceSubType><rasd:ResourceType>5</rasd:ResourceType></Item>
      <Item><rasd:Address>0</rasd:Address><rasd:InstanceID>4</rasd:InstanceID><rasd:ResourceSubType>AHCI</rasd:ResourceSubType><rasd:ResourceType>20</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>/disk/vmdisk2</rasd:HostResource><rasd:InstanceID>5</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>/disk/vmdisk1</rasd:HostResource><rasd:InstanceID>6</rasd:InstanceID><rasd:Parent>4</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AutomaticAllocation>true</rasd:AutomaticAllocation><rasd:Connection>NAT</rasd:Connection><rasd:InstanceID>7</rasd:InstanceID><rasd:ResourceSubType>E1000</rasd:ResourceSubType><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
    <vbox:Machine ovf:required="false" version="1.15-linux" name="box"><ovf:Info/><Hardware><CPU count="2"/><Firmware type="EFI"/></Hardware></vbox:Machine>
  </VirtualSystem>
</Envelope>"""


def xencenter() -> str:
    """XenCenter: dynamic VHDs as storage extents without parents, GUIDs, its own namespace."""
    first, second = "2b8d9a53-0e4b-4d5c-9d8e-b1c5a1b0f001", "a7b3c7a2-7a3d-4c0c-8a45-b1c5a1b0f002"
    return f"""{HEAD} xmlns:xenovf="http://schemas.citrix.com/ovf/envelope/1" ovf:version="1.0.0">
  <ovf:References>
    <ovf:File ovf:id="{second}" ovf:href="data.vhd" ovf:size="22"/><ovf:File ovf:id="{first}" ovf:href="system.vhd" ovf:size="11"/>
  </ovf:References>
  <ovf:DiskSection><ovf:Info/>
    <ovf:Disk ovf:diskId="{second}" ovf:fileRef="{second}" ovf:capacity="5368709120" ovf:populatedSize="0" ovf:format="http://www.microsoft.com/technet/virtualserver/downloads/vhdspec.mspx" ovf:isBootable="false"/>
    <ovf:Disk ovf:diskId="{first}" ovf:fileRef="{first}" ovf:capacity="25769803776" ovf:isBootable="true"/>
  </ovf:DiskSection>
  <ovf:NetworkSection><ovf:Info/><ovf:Network ovf:name="n1"><ovf:Description>Pool-wide network</ovf:Description></ovf:Network></ovf:NetworkSection>
  <ovf:VirtualSystem ovf:id="e0a5e4b1-0000-4000-8000-000000000001"><ovf:Info/><ovf:Name>win2019</ovf:Name>
    <ovf:OperatingSystemSection ovf:id="112"><ovf:Info/><ovf:Description>Microsoft Windows Server 2019</ovf:Description></ovf:OperatingSystemSection>
    <ovf:VirtualHardwareSection ovf:transport=""><ovf:Info/>
      <ovf:System><vssd:ElementName>win2019</vssd:ElementName><vssd:InstanceID>h</vssd:InstanceID><vssd:VirtualSystemType>hvm-3.0-unknown</vssd:VirtualSystemType></ovf:System>
      <ovf:Item><rasd:AllocationUnits>count</rasd:AllocationUnits><rasd:InstanceID>p</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></ovf:Item>
      <ovf:Item><rasd:AllocationUnits>MB</rasd:AllocationUnits><rasd:InstanceID>m</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>4096</rasd:VirtualQuantity></ovf:Item>
      <ovf:Item><rasd:Address>C6:9A:0B:11:22:33</rasd:Address><rasd:Connection>n1</rasd:Connection><rasd:InstanceID>n</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></ovf:Item>
      <ovf:Item><rasd:Connection>device=1</rasd:Connection><rasd:HostResource>ovf:/disk/{second}</rasd:HostResource><rasd:InstanceID>{second}</rasd:InstanceID><rasd:ResourceType>19</rasd:ResourceType></ovf:Item>
      <ovf:Item><rasd:Connection>device=0</rasd:Connection><rasd:HostResource>ovf:/disk/{first}</rasd:HostResource><rasd:InstanceID>{first}</rasd:InstanceID><rasd:ResourceType>19</rasd:ResourceType></ovf:Item>
      <ovf:Item><rasd:Connection>device=3</rasd:Connection><rasd:InstanceID>cd</rasd:InstanceID><rasd:ResourceType>16</rasd:ResourceType></ovf:Item>
      <xenovf:VirtualSystemOtherConfigurationData ovf:required="false" Name="HVM_boot_policy"><xenovf:Value>BIOS order</xenovf:Value></xenovf:VirtualSystemOtherConfigurationData>
      <xenovf:VirtualSystemOtherConfigurationData ovf:required="false" Name="HVM_boot_params"><xenovf:Value>firmware=uefi;order=dc;</xenovf:Value></xenovf:VirtualSystemOtherConfigurationData>
    </ovf:VirtualHardwareSection>
  </ovf:VirtualSystem>
</Envelope>"""


def ovirt() -> str:
    """The engine of oVirt: a namespace with a slash, GUIDs for names, qcow2, a disk that is booted."""
    first, second = "0f1e2d3c-0000-4000-8000-000000000001", "0f1e2d3c-0000-4000-8000-000000000002"
    space = f"{OVF}/"
    nobody = "00000000-0000-0000-0000-000000000000"
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ovf:Envelope xmlns:ovf="{space}" xmlns="{space}" xmlns:ovirt="http://www.ovirt.org/ovf" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" {NAMES} ovf:version="4.5.0.0">
  <References><File ovf:href="i-{second}" ovf:id="i-{second}" ovf:size="22"/><File ovf:href="i-{first}" ovf:id="i-{first}" ovf:size="11"/><Nic ovf:id="nic"/></References>
  <NetworkSection><Info>List of networks</Info><Network ovf:name="ovirtmgmt"/></NetworkSection>
  <DiskSection><Info>List of Virtual Disks</Info>
    <Disk ovf:diskId="{second}" ovf:capacity="1" ovf:capacityAllocationUnits="byte * 2^30" ovf:populatedSize="22" ovf:parentRef="" ovf:fileRef="i-{second}" ovf:format="http://www.gnome.org/~markmc/qcow-image-format.html" ovf:volume-format="COW" ovf:volume-type="Sparse" ovf:disk-interface="VirtIO" ovf:boot="false"/>
    <Disk ovf:diskId="{first}" ovf:capacity="10" ovf:capacityAllocationUnits="byte * 2^30" ovf:populatedSize="11" ovf:parentRef="" ovf:fileRef="i-{first}" ovf:volume-format="COW" ovf:disk-interface="VirtIO_SCSI" ovf:boot="true"/>
  </DiskSection>
  <VirtualSystem ovf:id="d6b2c6a4-0000-4000-8000-000000000009">
    <Name>node</Name><Description/><BiosType>3</BiosType><VmType>1</VmType>
    <OperatingSystemSection ovf:id="80" ovirt:id="33" ovf:required="false"><Info>Guest Operating System</Info><Description>rhel_9x64</Description></OperatingSystemSection>
    <VirtualHardwareSection><Info>4 CPU, 4096 Memory</Info>
      <System><vssd:VirtualSystemType>ENGINE 4.5.0.0</vssd:VirtualSystemType></System>
      <Item><rasd:Caption>4 virtual cpu</rasd:Caption><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:num_of_sockets>2</rasd:num_of_sockets><rasd:cpu_per_socket>2</rasd:cpu_per_socket><rasd:threads_per_cpu>1</rasd:threads_per_cpu><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
      <Item><rasd:Caption>4096 MB of memory</rasd:Caption><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:AllocationUnits>MegaBytes</rasd:AllocationUnits><rasd:VirtualQuantity>4096</rasd:VirtualQuantity></Item>
      <Item><rasd:Caption>data</rasd:Caption><rasd:InstanceID>{second}</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType><rasd:HostResource>ovf:/disk/{second}</rasd:HostResource><rasd:Parent>{nobody}</rasd:Parent><Type>disk</Type></Item>
      <Item><rasd:Caption>system</rasd:Caption><rasd:InstanceID>{first}</rasd:InstanceID><rasd:ResourceType>17</rasd:ResourceType><rasd:HostResource>ovf:/disk/{first}</rasd:HostResource><rasd:Parent>{nobody}</rasd:Parent><BootOrder>1</BootOrder></Item>
      <Item><rasd:Caption>Ethernet adapter on ovirtmgmt</rasd:Caption><rasd:InstanceID>9</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType><rasd:ResourceSubType>3</rasd:ResourceSubType><rasd:Connection>ovirtmgmt</rasd:Connection><rasd:MACAddress>56:6f:12:34:56:78</rasd:MACAddress></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</ovf:Envelope>"""


def nutanix() -> str:
    """Prism Central: an OVA of VMDK or QCOW2 files, by its guide; disks on SCSI, no network name."""
    return f"""{HEAD}>
  <References><File ovf:id="f-1" ovf:href="vm%20one-disk-1.qcow2"/><File ovf:id="f-0" ovf:href="vm%20one-disk-0.qcow2"/></References>
  <DiskSection><Info/>
    <Disk ovf:diskId="d-1" ovf:fileRef="f-1" ovf:capacity="2147483648" ovf:capacityAllocationUnits="bytes"/>
    <Disk ovf:diskId="d-0" ovf:fileRef="f-0" ovf:capacity="40" ovf:capacityAllocationUnits="GigaBytes"/>
  </DiskSection>
  <VirtualSystem ovf:id="vm one"><Info/>
    <OperatingSystemSection ovf:id="1"><Info/></OperatingSystemSection>
    <VirtualHardwareSection><Info/>
      <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>2</rasd:VirtualQuantity></Item>
      <Item><rasd:AllocationUnits>byte * 2^30</rasd:AllocationUnits><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>4</rasd:VirtualQuantity></Item>
      <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>6</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d-1</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf:/disk/d-0</rasd:HostResource><rasd:InstanceID>5</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:Address>50-6B-8D-11-22-33</rasd:Address><rasd:InstanceID>6</rasd:InstanceID><rasd:ResourceType>10</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"""


def proxmox() -> str:
    """Scripts for Proxmox, which has no export: files as resources, gzip, no sections to spare."""
    return f"""{HEAD}>
  <References>
    <File ovf:id="b" ovf:href="vm-100-disk-1.raw.gz" ovf:compression="gzip"/><File ovf:id="a" ovf:href="vm-100-disk-0.raw.gz" ovf:compression="gzip"/>
  </References>
  <VirtualSystem ovf:id="100"><Info/><Name>vm-100</Name>
    <VirtualHardwareSection><Info/>
      <Item><rasd:InstanceID>1</rasd:InstanceID><rasd:ResourceType>3</rasd:ResourceType><rasd:VirtualQuantity>1</rasd:VirtualQuantity></Item>
      <Item><rasd:InstanceID>2</rasd:InstanceID><rasd:ResourceType>4</rasd:ResourceType><rasd:VirtualQuantity>512</rasd:VirtualQuantity></Item>
      <Item><rasd:InstanceID>3</rasd:InstanceID><rasd:ResourceType>20</rasd:ResourceType><rasd:ResourceSubType>nvme</rasd:ResourceSubType></Item>
      <Item><rasd:AddressOnParent>1</rasd:AddressOnParent><rasd:HostResource>ovf://file/b</rasd:HostResource><rasd:InstanceID>4</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
      <Item><rasd:AddressOnParent>0</rasd:AddressOnParent><rasd:HostResource>ovf://file/a</rasd:HostResource><rasd:InstanceID>5</rasd:InstanceID><rasd:Parent>3</rasd:Parent><rasd:ResourceType>17</rasd:ResourceType></Item>
    </VirtualHardwareSection>
  </VirtualSystem>
</Envelope>"""
