"""Connections that the other side resets before TLS begins, as a member that is killed does: none is left open."""

from __future__ import annotations

import gc
import socket
import struct

import pytest

from etcdview.models import TlsFiles
from etcdview.tls.contexts import client_context


def reset() -> socket.socket:
    """A connection that was made, and reset by the other side before anything was said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ours = socket.create_connection(server.getsockname(), timeout=5)
        theirs, _ = server.accept()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()
    return ours


# What pytest makes of a socket that is left open is an error of this test.
def test_a_connection_that_was_reset_is_closed_and_told_as_one() -> None:
    context = client_context(TlsFiles(), verify=False)
    line = reset()

    with pytest.raises(ConnectionResetError, match="closed the connection"):
        context.wrap_socket(line, server_hostname="localhost")
    gc.collect()
