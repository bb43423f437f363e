"""What every answer carries so that a browser keeps to the rules, and which hosts are answered at all."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest
from werkzeug.sansio.utils import host_is_trusted

from etcdview.accounts.exposure import encrypted
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
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
MAX_BODY_BYTES = 2 * 1024 * 1024


def init_app(app: Flask, settings: Settings) -> None:
    """Check the Host of each request, and set the headers of each answer."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    trusted = trusted_hosts(settings)

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
    if request.endpoint not in ("static", "assets.htmx"):
        response.headers["Cache-Control"] = "no-store"
        response.vary.update(("Cookie", "Authorization"))
    return response
