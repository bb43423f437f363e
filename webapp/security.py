"""What every answer carries so that a browser keeps to the rules, and which hosts are answered at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.sansio.utils import host_is_trusted

from etcdview.access.exposure import LOOPBACK_HOSTS, check_exposure, encrypted, may_ask
from etcdview.config import Settings, parse_address

# Nothing but our own script, style, image and address; nothing inline. A view that needs more adds to a copy.
CSP: dict[str, tuple[str, ...]] = {
    "default-src": ("'none'",),
    "script-src": ("'self'",),
    "style-src": ("'self'",),
    "img-src": ("'self'",),
    "connect-src": ("'self'",),
    "form-action": ("'self'",),
    "base-uri": ("'none'",),
    "frame-ancestors": ("'none'",),
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {' '.join(sources)}" for name, sources in CSP.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_EVERY_ADDRESS = ("0.0.0.0", "[::]")  # no name for a host  # noqa: S104  # nosec B104
MAX_BODY_BYTES = 2 * 1024 * 1024


def init_app(app: Flask, settings: Settings) -> None:
    """Check where each request comes from and its Host, and set the headers of each answer. Raises SettingError."""
    check_exposure(settings)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    trusted = trusted_hosts(settings)

    @app.before_request
    def check_peer() -> None:
        if not may_ask(settings, request.remote_addr or ""):
            raise Forbidden("Without a login etcdview answers this machine alone; see the setting insecure-no-login.")

    @app.before_request
    def check_host() -> None:
        if not host_is_trusted(request.headers.get("Host"), trusted):
            raise BadRequest("This host name is not one that etcdview answers to; see the setting trusted-hosts.")

    app.after_request(_set_headers)
    if encrypted(settings):
        app.after_request(_stay_encrypted)


def trusted_hosts(settings: Settings) -> list[str]:
    """The hosts that requests may name: this machine, where it listens, the public URL, and those of the setting."""
    listening = parse_address(settings.listen).host
    public = urlsplit(settings.public_url).hostname or ""
    own = (f"[{name}]" if ":" in name else name for name in (listening, public))
    return [*LOOPBACK_HOSTS, *settings.trusted_hosts, *(name for name in own if name and name not in _EVERY_ADDRESS)]


def _stay_encrypted(response: Response) -> Response:
    """HSTS; not for this machine's own names, on whose other ports there may be plain HTTP."""
    if not host_is_trusted(request.host, LOOPBACK_HOSTS):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def _set_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in ("static", "assets.htmx") or response.status_code not in (200, 304):
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Authorization"))
    return response
