"""One TCP connection to an endpoint, plain or with TLS over it, every step of it ended by one deadline."""

from __future__ import annotations

import contextlib
import errno
import queue
import socket
import ssl
import threading
import time

from etcdview import background
from etcdview.endpoints import Endpoint
from etcdview.errors import DeadlineError, RefusedError, ResolveError, UnreachableError
from etcdview.models import TlsFiles
from etcdview.tls.contexts import client_context

# One sentence for silence, whichever step of a handshake or of a call it falls into.
SILENT = "{endpoint} accepts the connection but does not answer."
STOPPED = "Is the process stopped or overloaded? Look at it on its machine: crictl ps, systemctl status etcd, top."
_FIREWALL = "Is the machine up? Is a firewall in between? Port 2379 must be open to this machine."


class Line:
    """A connection that can be made anew; errors of TCP are raised as ours, those of ssl as they are."""

    def __init__(self, endpoint: Endpoint, deadline: float) -> None:
        self.endpoint = endpoint
        self.deadline = deadline
        self.socket: socket.socket | None = None

    @property
    def left_seconds(self) -> float:
        """What is left until the deadline, never nothing at all."""
        return max(0.01, self.deadline - time.monotonic())

    def close(self) -> None:
        """Hang up."""
        if self.socket is not None:
            with contextlib.suppress(OSError):
                self.socket.close()
            self.socket = None

    def connect(self) -> socket.socket:
        """Connect over TCP, anew where there was a connection. Raises UnreachableError."""
        self.close()
        self.socket = dial(self.endpoint, self.left_seconds)
        return self.socket

    def shake_hands(self, files: TlsFiles, *, verify: bool = True) -> ssl.SSLSocket:
        """Speak TLS on the connection. Raises ssl.SSLError as it is, DeadlineError for silence."""
        plain = self.socket or self.connect()
        context = client_context(files, verify=verify)
        context.set_alpn_protocols(["h2", "http/1.1"])
        name = files.server_name or self.endpoint.server_name
        plain.settimeout(self.left_seconds)
        try:
            secured = context.wrap_socket(plain, server_hostname=name)
        except TimeoutError as error:
            raise self.silent() from error
        self.socket = secured
        return secured

    def ask(self, request: bytes) -> bytes:
        """Send bytes and give the first bytes of the answer; empty when it hung up. Raises OSError as it is."""
        line = self.socket or self.connect()
        line.settimeout(self.left_seconds)
        try:
            line.sendall(request)
        except (ssl.SSLError, ConnectionError):
            # it has hung up; what it said before that is still to be read, and tells more
            return line.recv(4096)
        return line.recv(4096)

    def silent(self) -> DeadlineError:
        """The error for a process that takes connections and says nothing."""
        return DeadlineError(SILENT.format(endpoint=self.endpoint), STOPPED, endpoint=str(self.endpoint))


def dial(endpoint: Endpoint, timeout_seconds: float) -> socket.socket:
    """Connect over TCP, resolving included, or to the socket file, within the time. Raises UnreachableError."""
    if endpoint.path:
        return _dial_socket(endpoint, timeout_seconds)
    deadline = time.monotonic() + timeout_seconds
    addresses = (endpoint.host,) if endpoint.is_ip else resolve(endpoint, timeout_seconds)
    for number, address in enumerate(addresses):
        share = (deadline - time.monotonic()) / (len(addresses) - number)  # so that each address gets its turn
        try:
            return socket.create_connection((address, endpoint.port), max(0.01, share))
        except OSError as error:
            failed = error
    raise _tcp_error(endpoint, failed) from failed


def _dial_socket(endpoint: Endpoint, timeout_seconds: float) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.settimeout(timeout_seconds)
    try:
        line.connect(endpoint.path)
    except OSError as error:
        line.close()
        raise _socket_error(endpoint, error) from error
    return line


def resolve(endpoint: Endpoint, timeout_seconds: float) -> tuple[str, ...]:
    """The addresses of the endpoint's host. Raises ResolveError, and DeadlineError when no name server answers."""
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            answer.put(error if isinstance(error, OSError) else OSError("it is not a host name"))
        else:
            answer.put([str(row[4][0]) for row in found])

    # getaddrinfo knows no deadline; the thread ends when the resolver gives up
    background.start(threading.Thread(target=ask, name="etcdview-resolve", daemon=True))
    try:
        got = answer.get(timeout=timeout_seconds)
    except queue.Empty as error:
        raise DeadlineError(
            f"No name server answers for {endpoint.host}.",
            "Check /etc/resolv.conf, or give an IP address.",
            endpoint=str(endpoint),
        ) from error
    if isinstance(got, OSError):
        raise ResolveError(
            f"The host name {endpoint.host} does not resolve ({got.strerror or got}).",
            "Check its spelling and /etc/resolv.conf, or give an IP address.",
            endpoint=str(endpoint),
        ) from got
    return tuple(dict.fromkeys(got))


def _socket_error(endpoint: Endpoint, error: OSError) -> UnreachableError:
    where = str(endpoint)
    if isinstance(error, ConnectionRefusedError):
        return RefusedError(
            f"Nothing listens at {where}: the file is there, and no process behind it.",
            "Is the server running? The file stays behind when it was killed.",
            endpoint=where,
        )
    if isinstance(error, FileNotFoundError):
        return RefusedError(
            f"There is no socket file {endpoint.path}.",
            "Is the server running, and is the path right? What follows unix:// is the whole name of the file, with "
            "the :2379 that some have in it.",
            endpoint=where,
        )
    if isinstance(error, PermissionError):
        return UnreachableError(
            f"{endpoint.path} may not be opened by this user ({error.strerror}).",
            "Run etcdview as the user that owns the socket file, mostly root.",
            endpoint=where,
        )
    if isinstance(error, TimeoutError | BlockingIOError):
        return DeadlineError(f"{where} does not accept the connection.", STOPPED, endpoint=where)
    return UnreachableError(f"{where} cannot be reached ({error.strerror or error}).", STOPPED, endpoint=where)


def _tcp_error(endpoint: Endpoint, error: OSError) -> UnreachableError:
    """Ours for what connect says; TimeoutError and ConnectionRefusedError are OSErrors too."""
    where = str(endpoint)
    if isinstance(error, ConnectionRefusedError):
        return RefusedError(
            f"Nothing listens at {where}.",
            "Is etcd running there, and is the port right? etcd's clients use 2379, its peers 2380.",
            endpoint=where,
        )
    if isinstance(error, TimeoutError):
        return DeadlineError(f"{where} does not accept the connection.", _FIREWALL, endpoint=where)
    if isinstance(error, socket.gaierror):
        return ResolveError(
            f"The host name {endpoint.host} does not resolve ({error.strerror}).",
            "Check its spelling, or give an IP address.",
            endpoint=where,
        )
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return UnreachableError(f"There is no route to {where} ({error.strerror}).", _FIREWALL, endpoint=where)
    return UnreachableError(f"{where} cannot be reached ({error.strerror or error}).", _FIREWALL, endpoint=where)
