"""The listening socket, made before any server: what is wrong with the address is said at once.

Or systemd has made it, and hands it over (sd_listen_fds(3)).
"""

from __future__ import annotations

import errno
import os
import socket

from etcdview.config import Address
from etcdview.errors import SettingError

BACKLOG = 512
_FIRST_FD = 3  # SD_LISTEN_FDS_START
_ONE_SOCKET = "Give etcdview.socket one ListenStream=, such as 127.0.0.1:8000."


def handed_over() -> socket.socket | None:
    """The socket that systemd listens on for this process, None without one. Raises SettingError if it is unusable."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.pop("LISTEN_FDS", "")
    for name in ("LISTEN_PID", "LISTEN_FDNAMES"):
        os.environ.pop(name, None)
    if count != "1":
        raise SettingError(f"systemd hands over {count or 'no'} sockets, and etcdview serves one.", _ONE_SOCKET)
    sock = socket.socket(fileno=_FIRST_FD)
    listens = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or not listens:
        raise SettingError("The socket that systemd hands over does not listen for TCP.", _ONE_SOCKET)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def address_of(sock: socket.socket) -> str:
    """Where a socket listens, as the setting `listen` writes it."""
    host, port = sock.getsockname()[:2]
    return str(Address(host, port))


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
