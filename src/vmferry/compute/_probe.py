# SPDX-License-Identifier: Apache-2.0
"""The probe's boot sector: walks from real mode to timer interrupts in long mode, and says so.

A real kernel would do, but none that every user may read is on every host (Ubuntu's are readable by
root only), and one needs seconds under emulation where this needs 0.3. SeaBIOS alone proves
nothing: it stays where a broken KVM still works. Seen on a host whose ``/dev/kvm`` only emulates:
QEMU aborted at ``-cpu host`` (MSR 0x10a refused), and with that model mended this sector reached
long mode and died at its first SSE instruction ("KVM internal error. Suberror: 1"), where a kernel
hung.

Each stage that is reached writes its letter to port 0xe9 (``-debugcon``); the end is 0x31 to
port 0xf4, which ``isa-debug-exit`` turns into the status ``0x31 << 1 | 1``. Memory that it uses:

    Hex     What
    0x1000  PML4, page directory pointers, page directory: the first 2 MiB, mapped to themselves
    0x4000  interrupt descriptor table; gate 0x20, the timer's, is at 0x4200
    0x7c00  this sector, and its stack below it

Sources: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 3A, 10.8.5 (IA-32e
mode) and 6.14 (its interrupts); Intel 8259A and 8254 data sheets; QEMU, "isa-debug-exit".
"""

from __future__ import annotations

from typing import Final

from vmferry.units import SECTOR

STAGES: Final = {
    "R": "real mode",
    "P": "protected mode",
    "L": "long mode",
    "S": "SSE instructions",
    "T": "timer interrupts",
}
"""The letters in the order in which they are written."""

PASSED: Final = 0x31 << 1 | 1
"""QEMU's exit status when the last stage was reached."""

LISTING: Final = (
    ("", ".code16"),
    ("", "start:"),
    ("fa", "cli"),
    ("fc", "cld"),
    ("31c0", "xorw %ax, %ax"),
    ("8ed8", "movw %ax, %ds"),
    ("8ec0", "movw %ax, %es"),
    ("8ed0", "movw %ax, %ss"),
    ("bc007c", "movw $0x7c00, %sp"),
    ("bf0010", "movw $0x1000, %di"),
    ("b90018", "movw $0x1800, %cx"),
    ("f3ab", "rep stosw"),
    ("c70600100320", "movw $0x2003, 0x1000"),
    ("c70600200330", "movw $0x3003, 0x2000"),
    ("c70600308300", "movw $0x0083, 0x3000"),
    ("b052", "movb $'R', %al"),
    ("e6e9", "outb %al, $0xe9"),
    ("e492", "inb $0x92, %al"),
    ("0c02", "orb $2, %al"),
    ("e692", "outb %al, $0x92"),
    ("0f01162a7d", "lgdtw gdt_pointer"),
    ("0f20c0", "movl %cr0, %eax"),
    ("0c01", "orb $1, %al"),
    ("0f22c0", "movl %eax, %cr0"),
    ("ea437c0800", "ljmpw $0x08, $protected"),
    ("", ".code32"),
    ("", "protected:"),
    ("b810000000", "movl $0x10, %eax"),
    ("8ed8", "movl %eax, %ds"),
    ("8ec0", "movl %eax, %es"),
    ("8ed0", "movl %eax, %ss"),
    ("b050", "movb $'P', %al"),
    ("e6e9", "outb %al, $0xe9"),
    ("0f20e0", "movl %cr4, %eax"),
    ("0d20060000", "orl $0x620, %eax"),
    ("0f22e0", "movl %eax, %cr4"),
    ("b800100000", "movl $0x1000, %eax"),
    ("0f22d8", "movl %eax, %cr3"),
    ("b9800000c0", "movl $0xc0000080, %ecx"),
    ("0f32", "rdmsr"),
    ("80cc01", "orb $1, %ah"),
    ("0f30", "wrmsr"),
    ("0f20c0", "movl %cr0, %eax"),
    ("0d00000080", "orl $0x80000000, %eax"),
    ("0f22c0", "movl %eax, %cr0"),
    ("ea837c00001800", "ljmpl $0x18, $long"),
    ("", ".code64"),
    ("", "long:"),
    ("b04c", "movb $'L', %al"),
    ("e6e9", "outb %al, $0xe9"),
    ("660fefc0", "pxor %xmm0, %xmm0"),
    ("f30f7f042500500000", "movdqu %xmm0, 0x5000"),
    ("b053", "movb $'S', %al"),
    ("e6e9", "outb %al, $0xe9"),
    ("b8027d0000", "movl $tick, %eax"),
    ("6689042500420000", "movw %ax, 0x4200"),
    ("c70425024200001800008e", "movl $0x8e000018, 0x4202"),
    ("c704250642000000000000", "movl $0, 0x4206"),
    ("c704250a42000000000000", "movl $0, 0x420a"),
    ("0f011c25307d0000", "lidt idt_pointer"),
    ("b011", "movb $0x11, %al"),
    ("e620", "outb %al, $0x20"),
    ("b020", "movb $0x20, %al"),
    ("e621", "outb %al, $0x21"),
    ("b004", "movb $0x04, %al"),
    ("e621", "outb %al, $0x21"),
    ("b001", "movb $0x01, %al"),
    ("e621", "outb %al, $0x21"),
    ("b0fe", "movb $0xfe, %al"),
    ("e621", "outb %al, $0x21"),
    ("b034", "movb $0x34, %al"),
    ("e643", "outb %al, $0x43"),
    ("b09c", "movb $0x9c, %al"),
    ("e640", "outb %al, $0x40"),
    ("b02e", "movb $0x2e, %al"),
    ("e640", "outb %al, $0x40"),
    ("bb0a000000", "movl $10, %ebx"),
    ("fb", "sti"),
    ("", "wait:"),
    ("f4", "hlt"),
    ("85db", "testl %ebx, %ebx"),
    ("75fb", "jnz wait"),
    ("b054", "movb $'T', %al"),
    ("e6e9", "outb %al, $0xe9"),
    ("b031", "movb $0x31, %al"),
    ("e6f4", "outb %al, $0xf4"),
    ("f4", "hlt"),
    ("", "tick:"),
    ("ffcb", "decl %ebx"),
    ("b020", "movb $0x20, %al"),
    ("e620", "outb %al, $0x20"),
    ("48cf", "iretq"),
    ("", "gdt:"),
    ("0000000000000000", ".quad 0"),
    ("ffff0000009acf00", ".quad 0x00cf9a000000ffff"),
    ("ffff00000092cf00", ".quad 0x00cf92000000ffff"),
    ("ffff0000009aaf00", ".quad 0x00af9a000000ffff"),
    ("", "gdt_pointer:"),
    ("1f00", ".word 0x1f"),
    ("0a7d0000", ".long gdt"),
    ("", "idt_pointer:"),
    ("0f02", ".word 0x20f"),
    ("0040000000000000", ".quad 0x4000"),
)
"""Machine code in hexadecimal, and what GNU as makes it of; loaded at 0x7c00."""


def sector() -> bytes:
    """Return a disk of one sector, which a BIOS boots."""
    code = bytes.fromhex("".join(code for code, _ in LISTING))
    return code.ljust(SECTOR - 2, b"\0") + b"\x55\xaa"
