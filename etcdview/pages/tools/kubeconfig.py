"""A kubeconfig for etcdview's Kubernetes API: the server, its certificate, a token, and contexts in the past."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from etcdview.codec import to_yaml
from etcdview.config import Settings, parse_address
from etcdview.errors import SettingError
from etcdview.models import revision_written
from etcdview.tables import parse_time

PATH = "/kube"
NAME = "etcdview"
_ANY = ("0.0.0.0", "::")  # noqa: S104  (what is listened on, not what is reached)  # nosec B104


@dataclass(frozen=True, slots=True)
class KubeServer:
    """What a client needs: `url` with /kube, `ca` in PEM where it would not trust the server, `token`; "" for none."""

    url: str
    ca: bytes = b""
    token: str = ""


def server_url(settings: Settings) -> str:
    """Where clients reach etcdview by these settings."""
    path = settings.url_prefix + PATH
    if settings.public_url:
        return settings.public_url.rstrip("/") + path
    address = parse_address(settings.listen)
    host = "127.0.0.1" if address.host in _ANY else address.host
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls_cert else 'http'}://{shown}:{address.port}{path}"


def is_moment(text: str) -> bool:
    """Whether an address below /kube/at may name it: a revision, or a time."""
    return bool(revision_written(text)) or parse_time(text) is not None


def read_ca(path: str) -> bytes:
    """The certificates of a file. Raises SettingError."""
    try:
        found = Path(path).read_bytes()
    except OSError as error:
        raise SettingError(f"The certificate file {path} cannot be read: {error.strerror}.", "Check --ca.") from error
    if b"-----BEGIN CERTIFICATE-----" not in found:
        raise SettingError(f"{path} has no certificate in PEM.", "Give the CA that signed etcdview's certificate.")
    return found


def kubeconfig(server: KubeServer, moments: Sequence[str] = ()) -> str:
    """The file's text: a context for the present, and one for each of the moments (revisions or times)."""
    urls = {NAME: server.url} | {f"{NAME}-at-{moment}": f"{server.url}/at/{quote(moment)}" for moment in moments}
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": name, "cluster": _cluster(server, url)} for name, url in urls.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": NAME}} for name in urls],
        "current-context": NAME,
        "users": [{"name": NAME, "user": {"token": server.token} if server.token else {}}],
    }
    return to_yaml(config)


def _cluster(server: KubeServer, url: str) -> dict[str, str]:
    ca = {"certificate-authority-data": base64.b64encode(server.ca).decode()} if server.ca else {}
    return {"server": url} | ca
