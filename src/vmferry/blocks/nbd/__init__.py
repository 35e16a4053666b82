# SPDX-License-Identifier: Apache-2.0
"""NBD: serve a disk on a Unix socket to QEMU, libguestfs and any other client of the protocol.

    server ─▶ a thread per connection: options (handshake, haggling) ─▶ transmission (commands)

A device takes writes; any other disk is read-only. Nothing that a client sends is believed.

Source: The NBD protocol, https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
"""

from vmferry.blocks.nbd.server import Server, serve

__all__ = ["Server", "serve"]
