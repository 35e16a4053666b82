# SPDX-License-Identifier: Apache-2.0
"""A guest's settings and its initramfs for the fuzzers to begin with."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

from tests.fuzz.disk_recipes import stored

if TYPE_CHECKING:
    from collections.abc import Mapping

_RELEASE: Final = 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian \\"12\\""\n'
_KERNEL: Final = "vmlinuz-6.1.0-1-amd64"


def _guest(files: Mapping[str, str]) -> bytes:
    """Return the input that names ``files``; see ``guests.settings_run``."""
    whole = {"etc/os-release": _RELEASE, f"boot/{_KERNEL}": "kernel", **files}
    return "".join(f"==> {path}\n{content}\n" for path, content in whole.items()).encode()


def settings_files() -> dict[str, bytes]:
    """Return the guests by name: each has the settings of one distribution's style."""
    return {
        "debian": _guest(_DEBIAN),
        "ubuntu": _guest(_UBUNTU),
        "red-hat-6": _guest(_RED_HAT_6),
        "fedora": _guest(_FEDORA),
        "suse": _guest(_SUSE),
        "systemd": _guest(_SYSTEMD),
        "links": _guest({"etc/passwd -> passwd": "", "etc/fstab -> ../boot": ""}),
        "anchor": _guest({"etc/netplan/a.yaml": "a: &a [x]\nb: *a\n"}),
    }


_DEBIAN: Final = {
    "etc/fstab": (
        "UUID=11111111-2222-4333-8444-555555555555 / ext4 errors=remount-ro 0 1\n"
        "/dev/sda1\t/boot\\040x\text4\tsubvol=/@,subvolid=5\n# LABEL=a /b c\n"
    ),
    "etc/network/interfaces": (
        "source /etc/network/interfaces.d/*\nauto lo eth0\niface lo inet loopback\n"
        "iface eth0 inet static\n  address 10.0.0.2/24 \\\n  gateway 10.0.0.1\n"
    ),
    "etc/network/interfaces.d/more": "allow-hotplug eth1\niface eth1 inet dhcp\n",
    "boot/grub/grub.cfg": (
        'if [ -s $prefix/grubenv ]; then\n  load_env\nfi\nset default="${saved_entry}"\n'
        "menuentry 'Debian' --class debian $menuentry_id_option 'gnulinux-simple' {\n"
        f"  linux /boot/{_KERNEL} root=UUID=1 ro quiet\n  initrd /boot/initrd.img\n}}\n"
        "submenu 'More' {\n  menuentry 'Old' { linux /boot/old; }\n}\n"
    ),
    "boot/grub/grubenv": "# GRUB Environment Block\nsaved_entry=gnulinux-simple\n".ljust(1024, "#"),
    "etc/passwd": "root:x:0:0::/root:/bin/sh\nadmin:x:1000:1000:,,,:/home/admin:/bin/bash\n",
    "home/admin/.ssh/authorized_keys": "# none\nssh-ed25519 AAAA admin\n",
}
_UBUNTU: Final = {
    "etc/netplan/50-cloud-init.yaml": (
        "network:\n  version: 2\n  ethernets:\n    ens3:\n"
        "      match: {macaddress: 52:54:00:12:34:56}\n"
        '      addresses: ["10.0.0.2/24", 10.0.0.3/24]\n      dhcp4: no\n      set-name: "ens3"\n'
        "    all:\n      match:\n        name: en*\n      dhcp4: true\n      addresses:\n"
        "        - 10.1.0.1/8:\n            label: a\n  bonds: {}\n"
    ),
    "usr/lib/systemd/systemd": "",
    "etc/systemd/system/multi-user.target.wants/ssh.service": "",
    "etc/ufw/ufw.conf": "ENABLED=yes\n",
}
_RED_HAT_6: Final = {
    "boot/grub/grub.conf": (
        "default=0\ntimeout=5\ntitle Red Hat (2.6.32)\n\troot (hd0,0)\n"
        f"\tkernel /{_KERNEL} ro root=/dev/sda1\n\tinitrd /initramfs.img\n"
    ),
    "etc/sysconfig/network-scripts/ifcfg-eth0": (
        'DEVICE=eth0\nBOOTPROTO=none\nIPADDR0="10.0.0.2"\nPREFIX0=24 # a\n'
        "HWADDR='52:54:00:12:34:56'\n"
    ),
    "etc/init/sshd.conf": "start on runlevel [2345]\n",
    "etc/rc3.d/S55sshd": "",
    "etc/selinux/config": "SELINUX=enforcing\n",
    "etc/udev/rules.d/70-persistent-net.rules": (
        'SUBSYSTEM=="net", ATTR{address}=="52:54:00:12:34:56", NAME="eth0"\n'
    ),
}
_FEDORA: Final = {
    "boot/grub2/grub.cfg": "set default=0\ninsmod blscfg\nblscfg\n",
    "boot/loader/entries/a-6.1.conf": (
        f"title Fedora\nversion 6.1\nlinux /{_KERNEL}\ninitrd /initramfs.img $tuned\n"
        "options $kernelopts root=/dev/sda1\ngrub_class kernel\n"
    ),
    "etc/NetworkManager/system-connections/a.nmconnection": (
        "[connection]\nid=a\ninterface-name=eth0\n"
        "[ipv4]\nmethod=manual\naddress1=10.0.0.2/24,10.0.0.1\n"
        "[ethernet]\nmac-address=52:54:00:12:34:56\n"
    ),
}
_SUSE: Final = {
    "boot/extlinux/extlinux.conf": (
        "DEFAULT a\nLABEL a\n  MENU LABEL ^SUSE\n"
        f"  LINUX ../{_KERNEL}\n  APPEND initrd=/initrd quiet\n"
    ),
    "etc/sysconfig/network/ifcfg-eth0": (
        "BOOTPROTO='static'\nSTARTMODE='auto'\nIPADDR='10.0.0.2/24'\nLLADDR=''\n"
    ),
}
_SYSTEMD: Final = {
    "boot/efi/loader/loader.conf": "default a*\ntimeout 3\n",
    "boot/efi/loader/entries/arch.conf": f"title Arch\nlinux /{_KERNEL}\ninitrd /initramfs.img\n",
    "etc/systemd/network/10-a.network": (
        "[Match]\nName=en*\nMACAddress=52:54:00:12:34:56\n[Network]\nDHCP=no\nAddress=10.0.0.2/24\n"
        "[Address]\nAddress=fd00::2/64\n"
    ),
}


def initramfs_files() -> dict[str, bytes]:
    """Return initramfs by name; what is compressed is so without a compressor."""
    conf = ("conf/initramfs.conf", b"MODULES=most\n")
    module = ("usr/lib/modules/6.1/kernel/drivers/block/virtio_blk.ko.xz", b"x" * 9)
    plain = _cpio(conf, module)
    return {
        "plain": plain,
        "microcode-and-gzip": _cpio(("kernel/x86/a.bin", b"1" * 30)) + bytes(512) + _gzip(plain),
        "lz4": lz4_literals(plain),
        "lz4-match": b"\x02\x21\x4c\x18" + struct.pack("<I", 9) + b"\x1f0\1\0\xff\xff\0\x10a",
        "zstd": b"\x28\xb5\x2f\xfd\0\x58" + _zstd(plain),
        "other": b"hsqs" + bytes(60),
        "nothing": bytes(64),
        "cut": plain[:150],
    }


def _cpio(*files: tuple[str, bytes]) -> bytes:
    out = b""
    for name, content in (*files, ("TRAILER!!!", b"")):
        fields = [0, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + b"".join(b"%08x" % field for field in fields)
        entry = head + name.encode() + b"\0"
        out += entry + bytes(-len(entry) % 4) + content + bytes(-len(content) % 4)
    return out


def _gzip(data: bytes) -> bytes:
    tail = struct.pack("<II", zlib.crc32(data), len(data))
    return b"\x1f\x8b\x08\0\0\0\0\0\0\3" + stored(data) + tail


def lz4_literals(data: bytes) -> bytes:
    """Return a legacy frame of one block that is literals alone."""
    length = len(data) - 15
    block = b"\xf0" + b"\xff" * (length // 255) + bytes([length % 255]) + data
    return b"\x02\x21\x4c\x18" + struct.pack("<I", len(block)) + block


def _zstd(data: bytes) -> bytes:
    """Return the last block of a frame, as it is (RFC 8878)."""
    return struct.pack("<I", len(data) << 3 | 1)[:3] + data
