"""Hosts, origins and addresses as browsers send them: anything may stand there, and nothing here raises. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address

from etcdview.access.exposure import LOOPBACK_HOSTS
from etcdview.config import Settings, parse_address
from etcdview.endpoints import host_of, split_url

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?(?::\d{{1,5}})?")
_IPV6 = re.compile(r"\[([0-9A-Fa-f:.]{2,45})\](?::\d{1,5})?")
_PORT = re.compile(r":\d{1,5}")
_MAX_HOST = 260
_EVERY_ADDRESS = ("0.0.0.0", "[::]")  # not a name of a host  # noqa: S104  # nosec B104


def is_host(text: str) -> bool:
    """Whether a Host header holds a host name or address, with or without a port."""
    if len(text) > _MAX_HOST:
        return False
    bracketed = _IPV6.fullmatch(text)
    return is_address(bracketed[1]) if bracketed else _NAME.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether this is an IP address, and nothing else."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def in_networks(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether this is an IP address in one of the networks."""
    return is_address(address) and any(ip_address(address) in network for network in networks)


def hop_address(text: str) -> str:
    """The address of one hop in X-Forwarded-For: ADDRESS, ADDRESS:PORT, [v6] or [v6]:PORT; "" for anything else."""
    text = text.strip()
    inside, bracket, port = text.removeprefix("[").partition("]")
    if text.startswith("[") and bracket:
        return inside if is_address(inside) and (not port or _PORT.fullmatch(port)) else ""
    host, _, port = text.rpartition(":")
    if "." in host and ":" not in host and _PORT.fullmatch(f":{port}"):
        text = host
    return text if is_address(text) else ""


def same_origin(origin: str, host: str) -> bool:
    """Whether the header Origin names the host that the request is for."""
    return bool(origin) and split_url(origin).netloc == host


def local_path(target: str | None) -> str:
    """Where to go on after a login: a path of ours, and nothing that a browser could take for another site."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"


def trusted_hosts(settings: Settings) -> list[str]:
    """The hosts that requests may name: this machine, where it listens, the public URL, and those of the setting."""
    listening = parse_address(settings.listen).host
    own = (f"[{name}]" if ":" in name else name for name in (listening, host_of(settings.public_url)))
    return [*LOOPBACK_HOSTS, *settings.trusted_hosts, *(name for name in own if name and name not in _EVERY_ADDRESS)]
