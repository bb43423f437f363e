"""The listening socket, made before any server: what is wrong with the address is said at once."""

from __future__ import annotations

import errno
import socket

from etcdview.config import Address
from etcdview.errors import SettingError

BACKLOG = 512


def listener(address: Address) -> socket.socket:
    """A listening socket. Raises SettingError that says why the address cannot be had."""
    sock = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted connections inherit it: head and body of a short answer go out at once, not 40 ms apart.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.bind((address.host, address.port))
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise _no_address(address, error) from error
    return sock


def _no_address(address: Address, error: OSError) -> SettingError:
    if error.errno == errno.EADDRINUSE:
        return SettingError(
            f"Port {address.port} is taken: another program listens on {address}.",
            "Stop it, or choose another port with --listen.",
        )
    return SettingError(f"Cannot listen on {address}: {error.strerror or error}.", "Choose another --listen.")
