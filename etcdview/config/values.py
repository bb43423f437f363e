"""One function per kind of value: text from a flag or variable, or TOML's own type, to what Settings holds.

Each raises ValueError with a sentence about how the value is written, never with the value.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from etcdview.config.address import parse_address
from etcdview.endpoints import is_socket

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(|[kmg]i?b?|b)", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3}
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]+)+")
_RELEASE = re.compile(r"v?(1\.\d+)(?:\.\d.*)?")
MAX_TIMEOUT_SECONDS = 600.0
MAX_COUNT = 1024
MAX_SIZE_BYTES = 1024**5
MAX_LIFETIME_SECONDS = 30 * 24 * 3600.0


def text(value: object) -> str:
    """Words as they are."""
    if not isinstance(value, str):
        raise ValueError("it is a text")
    return value


def source(value: object) -> str:
    """A file, or the live etcd at a revision; empty for the live etcd as it is."""
    found = text(value)
    return "" if found == "live" else found


def texts(value: object) -> tuple[str, ...]:
    """Several words: a list, or one text with commas between them."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ValueError("it is a list of texts, or one text with commas")
    return tuple(part.strip() for part in parts if part.strip())


def truth(value: object) -> bool:
    """Yes or no."""
    if isinstance(value, bool):
        return value
    known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    word = value.lower() if isinstance(value, str) else ""
    if word not in known:
        raise ValueError("it is true or false")
    return known[word]


def count(value: object) -> int:
    """A whole number of at least one."""
    number = int(value) if isinstance(value, str) and re.fullmatch("[0-9]{1,9}", value) else value
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= MAX_COUNT:
        raise ValueError(f"it is a whole number from 1 to {MAX_COUNT}")
    return number


def duration(value: object) -> float:
    """Seconds: a number, or as etcdctl writes it: 5s, 500ms, 1m30s."""
    seconds = _seconds_of(value)
    if not 0 < seconds <= MAX_TIMEOUT_SECONDS:
        raise ValueError("it is a time over 0 s and up to 600 s, such as 5s or 500ms")
    return seconds


def lifetime(value: object) -> float:
    """As duration, from a minute to thirty days."""
    seconds = _seconds_of(value)
    if not 60 <= seconds <= MAX_LIFETIME_SECONDS:
        raise ValueError("it is a time from 1m to 720h, such as 12h")
    return seconds


def networks(value: object) -> tuple[str, ...]:
    """IP addresses or networks (10.0.0.0/8)."""
    found = texts(value)
    for network in found:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            raise ValueError("each is an IP address or a network such as 10.1.0.0/16") from None
    return found


def issuer(value: object) -> str:
    """An http or https URL without query, often with a path (a realm, a tenant); no slash behind it."""
    url = text(value).rstrip("/")
    parts = _split(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("it is a URL that begins with https://")
    return url


def web_address(value: object) -> str:
    """An http or https URL without path and query; no slash behind it."""
    url = issuer(value)
    if _split(url).path:
        raise ValueError("it is a URL without a path: the setting url-prefix takes the path")
    return url


def url_prefix(value: object) -> str:
    """A path such as /etcdview or /ops/etcdview, without a slash behind it; empty for none."""
    path = text(value).rstrip("/")
    if path and (not _PREFIX.fullmatch(path) or any(step in (".", "..") for step in path.split("/"))):
        raise ValueError("it is a path such as /etcdview, of letters, digits, '-', '_', '.' and '~'")
    return path


def _seconds_of(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(max(0, min(value, 2 * MAX_LIFETIME_SECONDS)))  # an integer of TOML may be too large for a float
    return _go_duration(value)


def _split(url: str) -> SplitResult:
    """As urlsplit, with its complaints about hosts and ports in words of ours."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise ValueError("it is written https://host:port, with a port from 1 to 65535") from None
    return parts


def _go_duration(value: object) -> float:
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    if not isinstance(value, str) or not re.fullmatch(f"({_DURATION.pattern})+", value):
        return 0.0
    return sum(float(number) * _SECONDS[unit] for number, unit in _DURATION.findall(value))


def size(value: object) -> int:
    """Bytes: a number, or with a unit: 512MiB, 1G, 800MB. 0 means no limit."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_SIZE_BYTES:
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("it is a size in bytes, such as 512MiB or 1G; 0 for no limit")
    unit = match[2].lower().removesuffix("b")
    base = 1024 if unit.endswith("i") or not match[2].lower().endswith("b") else 1000
    size_bytes = float(match[1]) * base ** _POWERS[unit.removesuffix("i")]
    if not size_bytes <= MAX_SIZE_BYTES:
        raise ValueError("it is a size of up to 1024 TiB, such as 512MiB or 1G; 0 for no limit")
    return int(size_bytes)


def facts(value: object) -> str:
    """Whether facts of values are kept."""
    if value not in ("auto", "on", "off"):
        raise ValueError("it is auto, on or off")
    return str(value)


def address(value: object) -> str:
    """An address to listen on."""
    return str(parse_address(text(value)))


def release(value: object) -> str:
    """A Kubernetes release: 1.36, v1.36.3; the patch is dropped. Empty: to be found out from the objects."""
    match = _RELEASE.fullmatch(text(value).strip())
    if value and match is None:
        raise ValueError("it is a release such as 1.36")
    return match[1] if match else ""


def prefix(value: object) -> str:
    """Where keys begin, as the API server's --etcd-prefix: one slash in front, none behind.

    Several are a list, or one text with commas between them; they stay one text.
    """
    found = texts(value) or ("",)
    return ",".join(dict.fromkeys("/" + part.strip("/") for part in found))


def prefixes(value: object) -> tuple[str, ...]:
    """Several beginnings of keys, as they are."""
    return texts(value)


def endpoints(value: object) -> tuple[str, ...]:
    """URLs or host:port, each with a port, or unix:// and a socket's path.

    The scheme is added later, when the TLS files are known.
    """
    found = texts(value)
    if not found:
        raise ValueError("at least one endpoint is needed, such as https://127.0.0.1:2379")
    for endpoint in found:
        _check_endpoint(endpoint)
    return tuple(endpoint.rstrip("/") for endpoint in found)


def _check_endpoint(endpoint: str) -> None:
    if is_socket(endpoint):
        if not endpoint.partition(":")[2].strip("/"):
            raise ValueError("an endpoint of a socket file is written unix:///path/of/socket")
        return
    parts = _split(endpoint if "://" in endpoint else f"//{endpoint}")
    if parts.scheme not in ("", "http", "https"):
        raise ValueError("an endpoint begins with https://, http:// or unix://")
    if "@" in parts.netloc:
        raise ValueError("an endpoint holds no user; that is the setting user")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("an endpoint is written https://host:port")
    if parts.port is None:
        raise ValueError("an endpoint needs its port, such as https://host:2379")


def show(value: object) -> str:
    """A value as it could be given: lists with commas, switches as true and false."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def show_seconds(seconds: float) -> str:
    """A duration: 5s, 0.5s."""
    return f"{seconds:g}s"


def show_size(size_bytes: int) -> str:
    """A size in the largest binary unit that it is a whole number of."""
    for power, unit in ((3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size_bytes and size_bytes % 1024**power == 0:
            return f"{size_bytes // 1024**power}{unit}"
    return str(size_bytes)
