"""An etcd endpoint as settings write it: `https://10.0.0.1:2379`, `localhost:2379`, `[::1]:2379`, `unix:///kine.sock`.

Without a scheme it is https when TLS files are given, else http, as etcdctl has it. What follows `unix://` (with TLS:
`unixs://`) is the name of a socket file to the last byte: `unix:///run/kine.sock:2379` is the file `kine.sock:2379`,
`unix://localhost:2379` the file of that name in this folder, as in etcd's client/v3/internal/endpoint/endpoint.go.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from etcdview.errors import SettingError

DEFAULT_PORT = 2379
_REMEDY = "Write endpoints as https://host:2379 or unix:///path/of/socket, several of them with commas between."
_SOCKET = ("unix:", "unixs:")


def split_url(url: str) -> SplitResult:
    """The parts of a URL that somebody else wrote: a member, a browser, a command line. All empty if it is invalid."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises, too
    except ValueError:
        return SplitResult("", "", "", "", "")
    return parts


def host_of(url: str) -> str:
    """The host of a URL, in lower case and without brackets; "" if it has none or is invalid."""
    return split_url(url).hostname or ""


def port_of(url: str) -> int | None:
    """The port that a URL names; None if it names none or is invalid."""
    return split_url(url).port


def is_socket(text: str) -> bool:
    """Whether an endpoint is a socket file, by its scheme."""
    return text.strip().lower().startswith(_SOCKET)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one etcd member (or a proxy before it) answers clients: a host and port, or the `path` of a socket file.

    `host` is what a certificate is compared with; of an IPv6 address it holds the zone too (fe80::1%eth0).
    """

    scheme: str
    host: str
    port: int
    path: str = ""

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme in ("https", "unixs")

    @property
    def server_name(self) -> str:
        """The host as certificates name it: a zone belongs to this machine, and is in no certificate."""
        return self.host.partition("%")[0]

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 address in brackets; the path of a socket file."""
        if self.path:
            return self.path
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def spelt(self, *, secure: bool) -> str:
        """The same place as it is written with TLS, or without."""
        plain = "unix" if self.path else "http"
        return f"{plain}s://{self.address}" if secure else f"{plain}://{self.address}"

    @property
    def is_ip(self) -> bool:
        """Whether the host is an IP address, which needs no resolving and matches IP names of certificates only."""
        return is_address(self.host)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}"


def parse_endpoint(text: str, *, tls: bool = False) -> Endpoint:
    """One endpoint; `tls` says which scheme it has where none is written. Raises SettingError."""
    text = text.strip()
    if is_socket(text):
        return _socket(text)
    if "://" not in text:
        text = f"{'https' if tls else 'http'}://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise SettingError(f"The endpoint {text!r} has an invalid host or port.", _REMEDY) from error
    if parts.scheme not in ("http", "https"):
        raise SettingError(f"The endpoint {text!r} has the scheme {parts.scheme!r}, not http, https or unix.", _REMEDY)
    if not parts.hostname or parts.username is not None:
        raise SettingError(f"The endpoint {text!r} names no host.", _REMEDY)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingError(f"The endpoint {text!r} has something after its port.", _REMEDY)
    return Endpoint(parts.scheme, _with_zone(parts.hostname), port)


def _with_zone(host: str) -> str:
    """An IPv6 zone as systems write it, behind a bare %; in URLs it is %25 (RFC 6874)."""
    return host.replace("%25", "%", 1) if ":" in host else host


def _socket(text: str) -> Endpoint:
    scheme, _, path = text.partition(":")
    path = path.removeprefix("//")
    if not path or path.endswith("/") or "\0" in path:
        raise SettingError(f"The endpoint {text!r} names no socket file.", _REMEDY)
    return Endpoint(scheme.lower(), "localhost", 0, path)


def is_address(host: str) -> bool:
    """Whether a host is an IP address, of version 4 or 6."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_endpoint(text: str) -> bool:
    """Whether an address that a member advertises can be tried from here: it may be anything.

    A socket file cannot: it is on the member's machine, and often relative to the folder that etcd runs in.
    """
    try:
        return not parse_endpoint(text).path
    except SettingError:
        return False


def parse_endpoints(texts: Iterable[str], *, tls: bool = False) -> tuple[Endpoint, ...]:
    """All endpoints in order, each once; a text may hold several with commas between. Raises SettingError."""
    pieces = [piece for text in texts for piece in text.split(",") if piece.strip()]
    endpoints = tuple(dict.fromkeys(parse_endpoint(piece, tls=tls) for piece in pieces))
    if not endpoints:
        raise SettingError("No endpoint is given.", _REMEDY)
    return endpoints
