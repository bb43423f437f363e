"""An etcd endpoint as settings write it: `https://10.0.0.1:2379`, `localhost:2379`, `[::1]:2379`.

Without a scheme it is https when TLS files are given, else http, as etcdctl has it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from etcdview.errors import SettingError

DEFAULT_PORT = 2379
_REMEDY = "Write endpoints as https://host:2379, several of them with commas between."


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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where one etcd member (or a proxy before it) answers clients."""

    scheme: str
    host: str
    port: int

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken there."""
        return self.scheme == "https"

    @property
    def address(self) -> str:
        """`host:port`, an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def is_ip(self) -> bool:
        """Whether the host is an IP address, which needs no resolving and matches IP names of certificates only."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        return f"{self.scheme}://{self.address}"


def parse_endpoint(text: str, *, tls: bool = False) -> Endpoint:
    """One endpoint; `tls` says which scheme it has where none is written. Raises SettingError."""
    text = text.strip()
    if "://" not in text:
        text = f"{'https' if tls else 'http'}://{text}"
    try:
        parts = urlsplit(text)
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise SettingError(f"The endpoint {text!r} cannot be read: {error}.", _REMEDY) from error
    if parts.scheme not in ("http", "https"):
        raise SettingError(f"The endpoint {text!r} has the scheme {parts.scheme!r}, not http or https.", _REMEDY)
    if not parts.hostname or parts.username is not None:
        raise SettingError(f"The endpoint {text!r} names no host.", _REMEDY)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingError(f"The endpoint {text!r} has something after its port.", _REMEDY)
    return Endpoint(parts.scheme, parts.hostname, port)


def is_endpoint(text: str) -> bool:
    """Whether parse_endpoint can read it: members may advertise anything, such as a socket file."""
    try:
        parse_endpoint(text)
    except SettingError:
        return False
    return True


def parse_endpoints(texts: Iterable[str], *, tls: bool = False) -> tuple[Endpoint, ...]:
    """All endpoints in order, each once; a text may hold several with commas between. Raises SettingError."""
    pieces = [piece for text in texts for piece in text.split(",") if piece.strip()]
    endpoints = tuple(dict.fromkeys(parse_endpoint(piece, tls=tls) for piece in pieces))
    if not endpoints:
        raise SettingError("No endpoint is given.", _REMEDY)
    return endpoints
