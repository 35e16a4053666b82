# SPDX-License-Identifier: Apache-2.0
"""grub.cfg as Debian, CentOS, Fedora and RHEL have it."""

from __future__ import annotations

import pytest
from tests.guest.bootloaders.boots import Files, default_of, disk_of, entries_of

from vmferry.guest.bootloaders.grub2 import LOADER
from vmferry.model.guest import BootEntry

BLOCK = "# GRUB Environment Block\n"
HEADER = """set pager=1
if [ -s $prefix/grubenv ]; then
  load_env
fi
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
"""
CENTOS = (
    HEADER
    + """
menuentry 'CentOS Linux (3.10.0-1160) 7 (Core)' --class centos $menuentry_id_option 'gnulinux-a' {
\tset root='hd0,msdos1'
\tlinux16 /vmlinuz-3.10.0-1160 root=/dev/mapper/centos-root ro crashkernel=auto
\tinitrd16 /initramfs-3.10.0-1160.img
}
menuentry 'CentOS Linux (0-rescue-x) 7 (Core)' --class centos $menuentry_id_option 'gnulinux-b' {
\tlinux16 /vmlinuz-0-rescue-x root=/dev/mapper/centos-root ro
\tinitrd16 /initramfs-0-rescue-x.img
}
"""
)
IMAGES: Files = {
    "boot/vmlinuz-3.10.0-1160": "x",
    "boot/initramfs-3.10.0-1160.img": "x",
    "boot/vmlinuz-0-rescue-x": "x",
}


def test_a_boot_of_its_own() -> None:
    entries = entries_of(LOADER, {"boot/grub2/grub.cfg": CENTOS, **IMAGES})
    assert entries[0] == BootEntry(
        loader="grub2",
        title="CentOS Linux (3.10.0-1160) 7 (Core)",
        kernel="/boot/vmlinuz-3.10.0-1160",
        initramfs="/boot/initramfs-3.10.0-1160.img",
        options="root=/dev/mapper/centos-root ro crashkernel=auto",
        default=True,
        source="/boot/grub2/grub.cfg",
    )
    assert entries[1].initramfs == "/initramfs-0-rescue-x.img"


@pytest.mark.parametrize(
    ("saved", "number"),
    [
        ("CentOS Linux (0-rescue-x) 7 (Core)", 1),
        ("gnulinux-b", 1),
        ("1", 1),
        ("0", 0),
        ("gone", 0),
        ("1>0", 0),
        ("", 0),
    ],
)
def test_saved_entries(saved: str, number: int) -> None:
    block = f"{BLOCK}saved_entry={saved}\n".ljust(1024, "#")
    files = {"boot/grub2/grub.cfg": CENTOS, "boot/grub2/grubenv": block}
    entries = entries_of(LOADER, {**files, **IMAGES})
    assert [entry.default for entry in entries] == [number == 0, number == 1]


def test_the_environment_of_debian() -> None:
    files: Files = {"boot/grub/grub.cfg": CENTOS, "boot/grub/grubenv": f"{BLOCK}saved_entry=1\n"}
    assert [entry.default for entry in entries_of(LOADER, files)] == [False, True]


SUBMENU = """set default="%s"
menuentry 'Ubuntu' --id simple { linux /boot/vmlinuz-2 }
submenu 'Advanced options' --id advanced {
  menuentry 'Linux 2' --id two { linux /boot/vmlinuz-2 }
  menuentry 'Linux 1' --id one { linux /boot/vmlinuz-1 }
}
"""


@pytest.mark.parametrize(
    ("default", "title"),
    [("1>1", "Linux 1"), ("advanced>one", "Linux 1"), ("1", "Linux 2"), ("0", "Ubuntu")],
)
def test_submenus(default: str, title: str) -> None:
    entry = default_of(entries_of(LOADER, {"boot/grub/grub.cfg": SUBMENU % default}))
    assert entry is not None
    assert entry.title == title


FEDORA = (
    HEADER
    + 'insmod blscfg\nif [ -z "${kernelopts}" ]; then\n  set kernelopts="root=b "\nfi\nblscfg\n'
)


def _bls(release: str) -> str:
    return (
        f"title Fedora ({release})\nversion {release}\nlinux /vmlinuz-{release}\n"
        f"initrd /initramfs-{release}.img $tuned_initrd\noptions $kernelopts rhgb\n"
        f"id fedora-{release}\ngrub_users $grub_users\n"
    )


def _fedora(environment: str) -> Files:
    return {
        "boot/grub2/grub.cfg": FEDORA,
        "boot/grub2/grubenv": BLOCK + environment,
        "boot/loader/entries/f-6.8.5.conf": _bls("6.8.5"),
        "boot/loader/entries/f-6.8.10.conf": _bls("6.8.10"),
        "boot/vmlinuz-6.8.5": "x",
        "boot/initramfs-6.8.5.img": "x",
    }


def test_entries_of_the_specification() -> None:
    entries = entries_of(LOADER, _fedora("saved_entry=f-6.8.5\nkernelopts=root=a ro\n"))
    assert [entry.title for entry in entries] == ["Fedora (6.8.10)", "Fedora (6.8.5)"]
    assert entries[1] == BootEntry(
        loader="bls",
        title="Fedora (6.8.5)",
        kernel="/boot/vmlinuz-6.8.5",
        initramfs="/boot/initramfs-6.8.5.img",
        options="root=a ro rhgb",
        default=True,
        source="/boot/loader/entries/f-6.8.5.conf",
    )


@pytest.mark.parametrize(
    ("environment", "title"),
    [("", "Fedora (6.8.10)"), ("saved_entry=1\n", "Fedora (6.8.5)"), ("saved_entry=gone\n", None)],
)
def test_defaults_of_the_specification(environment: str, title: str | None) -> None:
    entries = entries_of(LOADER, _fedora(environment))
    entry = default_of(entries)
    assert (entry.title if entry else None) == title
    assert entries[0].options == "root=b rhgb"


def test_a_menu_on_the_system_partition() -> None:
    stub = "search --set=dev --fs-uuid 1\nset prefix=($dev)/grub2\nconfigfile $prefix/grub.cfg\n"
    esp: Files = {
        "EFI/centos/grub.cfg": CENTOS,
        "EFI/centos/grubenv": f"{BLOCK}saved_entry=1\n",
        "EFI/debian/grub.cfg": stub,
    }
    entries = entries_of(LOADER, IMAGES, esp)
    assert {entry.source for entry in entries} == {"/efi/EFI/centos/grub.cfg"}
    assert [entry.default for entry in entries] == [False, True]


def test_one_default_of_two_menus() -> None:
    files: Files = {"boot/grub2/grub.cfg": CENTOS, "boot/grub/grub.cfg": SUBMENU % "1"}
    entries = entries_of(LOADER, files)
    assert [entry.default for entry in entries] == [True, False, False, False, False]


def test_huge_menus() -> None:
    disk = disk_of({"boot/grub/grub.cfg": " " * (1 << 20)})
    assert list(LOADER.read(disk)) == []
    assert "expected at most 524288" in disk.settings.damage[0]
    disk = disk_of({"boot/grub/grub.cfg": "menuentry a { }\n" * 200})
    assert list(LOADER.read(disk)) == []
    assert disk.settings.damage == ["/boot/grub/grub.cfg: found more entries than 100"]
