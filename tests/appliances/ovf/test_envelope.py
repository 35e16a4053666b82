# SPDX-License-Identifier: Apache-2.0
"""Envelopes: one machine, and disks whose files are beside the description."""

from __future__ import annotations

import pytest
from tests.appliances.recipes import CONTROLLER, disk_item, item, ovf, system

from vmferry.appliances.ovf import parse_ovf
from vmferry.errors import FormatError
from vmferry.model.machine import Product

PARSING = "ClientError: Disk validation failed [OVF file parsing error: "


def refusal(data: bytes) -> FormatError:
    with pytest.raises(FormatError) as caught:
        parse_ovf(data)
    assert caught.value.aws_text.startswith(PARSING)
    return caught.value


def test_a_machine() -> None:
    machine, disks = parse_ovf(
        ovf(
            system(
                item(ResourceType=3, VirtualQuantity=2) + CONTROLLER + disk_item(),
                '<OperatingSystemSection ovf:id="93" vmw:osType="ubuntu64Guest"><Info/>'
                "<Description>Ubuntu Linux</Description></OperatingSystemSection>",
                name="web",
            ),
            files='<File ovf:id="file1" ovf:href="disk%201.vmdk" ovf:size="77"'
            ' ovf:compression="gzip"/>',
        )
    )
    assert (machine.name, machine.cpus) == ("web", 2)
    assert (machine.os_id, machine.os_type) == (93, "ubuntu64Guest")
    assert machine.os_description == "Ubuntu Linux"
    assert machine.disks == ()
    ((disk_id, disk, size),) = disks
    assert (disk_id, disk.href, size) == ("vmdisk1", "disk 1.vmdk", 77)
    assert (disk.capacity, disk.compression, disk.controller) == (1 << 30, "gzip", "scsi")


def test_a_file_as_a_disk_and_a_disk_without_capacity() -> None:
    for resource, disk in (
        ("ovf:/file/file1", ""),
        ("/disk/d", '<Disk ovf:diskId="d" ovf:fileRef'),
    ):
        disks = f'{disk}="file1"/>' if disk else ""
        _, (found,) = parse_ovf(ovf(system(disk_item(resource)), disks=disks))
        assert (found.disk.href, found.disk.capacity, found.size) == ("disk1.vmdk", None, None)


def test_version_two() -> None:
    data = ovf(namespace="http://schemas.dmtf.org/ovf/envelope/2")
    assert parse_ovf(data)[1][0].disk.href == "disk1.vmdk"


def test_vcloud_forgets_the_default_namespace() -> None:
    namespace = "http://schemas.dmtf.org/ovf/envelope/1"
    data = ovf().replace(f'xmlns="{namespace}" '.encode(), b"")
    assert parse_ovf(data)[1][0].disk.href == "disk1.vmdk"


def test_the_default_configuration_counts() -> None:
    options = (
        "<DeploymentOptionSection><Info/><Configuration ovf:id='small'/>"
        "<Configuration ovf:id='large' ovf:default='true'/></DeploymentOptionSection>"
    )
    items = "".join(
        item(ResourceType=3, VirtualQuantity=count).replace(
            "<Item>", f"<Item ovf:configuration='{name}'>"
        )
        for name, count in (("small", 1), ("large", 9))
    )
    assert parse_ovf(ovf(system(items), more=options))[0].cpus == 9
    options = options.replace(" ovf:default='true'", "")
    assert parse_ovf(ovf(system(items), more=options))[0].cpus == 1


def test_one_machine() -> None:
    one = system("", name="a")
    inside = f'<VirtualSystemCollection ovf:id="c"><Info/>{one}</VirtualSystemCollection>'
    assert parse_ovf(ovf(inside))[0].name == "a"
    for systems, count in ((one + system("", name="b"), 2), ("", 0), (inside + one, 2)):
        error = refusal(ovf(systems))
        assert error.message == f"ovf: virtual systems: found {count}, expected one"


@pytest.mark.parametrize(
    "href",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "disks/disk1.vmdk",
        "http://127.0.0.1/x",
        "file:///etc/passwd",
        "%2e%2e%2fpasswd",
        "a%00b",
        "",
        "..",
        "C:disk",
    ],
)
def test_files_outside_the_package(href: str) -> None:
    error = refusal(ovf(files=f'<File ovf:id="file1" ovf:href="{href}"/>'))
    assert error.message.startswith("ovf: href of a file: found ")


@pytest.mark.parametrize(
    ("files", "disks", "message"),
    [
        ("", None, "ovf: file 'file1' of disk 'vmdisk1' is not in the References"),
        (None, "", "ovf: disk 'vmdisk1' is not in the DiskSection"),
        (None, '<Disk ovf:diskId="vmdisk1"/>', "'vmdisk1' has neither a file nor a capacity"),
        (None, '<Disk ovf:diskId="vmdisk1" ovf:capacity="0"/>', "neither a file nor a capacity"),
        (
            None,
            '<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:parentRef="x"/>',
            "is a delta of another disk",
        ),
        (None, '<Disk ovf:diskId="a"/><Disk ovf:diskId="a"/>', "diskId of a Disk: found 'a' twice"),
        ('<File ovf:href="x"/>', None, "ovf: id of a File: found none, expected one of its own"),
        (
            '<File ovf:id="file1" ovf:href="x" ovf:compression="lzma"/>',
            None,
            "ovf: compression of file 'file1': found 'lzma'",
        ),
        (
            '<File ovf:id="file1" ovf:href="x" ovf:size="big"/>',
            None,
            "ovf: size of file 'file1': found 'big'",
        ),
        (
            None,
            '<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:capacity="${disk}"/>',
            "ovf: capacity of disk 'vmdisk1': found '${disk}'",
        ),
    ],
)
def test_disks_that_cannot_be_had(files: str | None, disks: str | None, message: str) -> None:
    given = {"files": files, "disks": disks}
    error = refusal(ovf(**{key: value for key, value in given.items() if value is not None}))
    assert message in error.message


def test_resources_and_sections_that_are_none() -> None:
    assert (
        "HostResource of a disk: found 'x.vmdk'"
        in refusal(ovf(system(disk_item("x.vmdk")))).message
    )
    error = refusal(ovf('<VirtualSystem ovf:id="a"><Info/></VirtualSystem>'))
    assert error.message == "ovf: VirtualSystem has no VirtualHardwareSection"
    error = refusal(ovf(more="<DiskSection/>"))
    assert error.message == "ovf: sections DiskSection: found 2, expected one"


def test_chunks_are_refused_by_aws_s_name() -> None:
    chunked = '<File ovf:id="file1" ovf:href="a" ovf:chunkSize="100"/>'
    assert refusal(ovf(files=chunked)).aws_text == (
        PARSING + "OVA with chunked disk files is not supported]"
    )


def test_a_file_in_the_package_s_own_folder() -> None:
    files = '<File ovf:id="file1" ovf:href="./gr%C3%B6%C3%9Fe%20%231.vmdk"/>'
    assert parse_ovf(ovf(files=files))[1][0].disk.href == "größe #1.vmdk"


def test_an_empty_disk_has_no_file() -> None:
    disks = (
        '<Disk ovf:diskId="vmdisk1" ovf:capacity="5" ovf:capacityAllocationUnits="byte * 2^30"/>'
    )
    _, ((name, disk, size),) = parse_ovf(ovf(disks=disks))
    assert (name, disk.href, disk.capacity, size) == ("vmdisk1", "", 5 << 30, None)


def test_an_estimate_of_the_data() -> None:
    disks = '<Disk ovf:diskId="vmdisk1" ovf:fileRef="file1" ovf:populatedSize="77"/>'
    assert parse_ovf(ovf(disks=disks))[1][0].disk.populated == 77


def test_the_product() -> None:
    empty = "<ProductSection><Info/><Property ovf:key='ip'/></ProductSection>"
    section = (
        "<ProductSection><Info/><Product> Shop </Product><Vendor>A &amp; B</Vendor>"
        "<Version>1.2</Version><FullVersion>1.2.3</FullVersion>"
        "<ProductUrl>http://a</ProductUrl><VendorUrl>http://b</VendorUrl></ProductSection>"
    )
    product = parse_ovf(ovf(system("", empty + section)))[0].product
    assert product == Product(
        name="Shop",
        vendor="A & B",
        version="1.2",
        full_version="1.2.3",
        url="http://a",
        vendor_url="http://b",
    )
    assert parse_ovf(ovf(system("", empty)))[0].product is None


TWO = {
    "files": '<File ovf:id="f" ovf:href="a"/><File ovf:id="g" ovf:href="b"/>',
    "disks": '<Disk ovf:diskId="a" ovf:fileRef="f"/><Disk ovf:diskId="b" ovf:fileRef="g"{}/>',
}
BOOT_ORDER = (
    '<BootOrderSection ovf:type="cdrom" ovf:instanceId="dovf:/disk/a"><Info/></BootOrderSection>'
    '<BootOrderSection ovf:type="disk" ovf:instanceId="dovf:/disk/b"><Info/></BootOrderSection>'
)


@pytest.mark.parametrize(
    ("attribute", "more", "order"),
    [
        ("", "", ["a", "b"]),
        (' ovf:boot="true"', "", ["b", "a"]),
        (' ovf:isBootable="true"', "", ["b", "a"]),
        ("", BOOT_ORDER, ["b", "a"]),
    ],
)
def test_the_disk_that_is_booted_comes_first(attribute: str, more: str, order: list[str]) -> None:
    items = CONTROLLER + disk_item("ovf:/disk/a", at=0) + disk_item("ovf:/disk/b", at=1)
    data = ovf(system(items, more), files=TWO["files"], disks=TWO["disks"].format(attribute))
    assert [disk.href for _, disk, _ in parse_ovf(data)[1]] == order


@pytest.mark.parametrize(("number", "os_id"), [("93", 93), ("x", 0), ("-1", 0), ("9" * 6, 0)])
def test_the_number_of_the_system(number: str, os_id: int) -> None:
    section = f'<OperatingSystemSection ovf:id="{number}"><Info/></OperatingSystemSection>'
    assert parse_ovf(ovf(system("", section)))[0].os_id == os_id


def test_more_disks_than_a_machine_can_have() -> None:
    many = "".join(disk_item(at=number) for number in range(513))
    assert (
        refusal(ovf(system(CONTROLLER + many))).message
        == "ovf: disks: found 513, expected up to 512"
    )
