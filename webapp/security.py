"""What every answer carries so that a browser keeps to the rules, and which hosts are answered at all."""

from __future__ import annotations

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest
from werkzeug.sansio.utils import host_is_trusted

from etcdview.config import Settings

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
LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "[::1]")
MAX_BODY_BYTES = 2 * 1024 * 1024


def init_app(app: Flask, settings: Settings) -> None:
    """Check the Host of each request, and set the headers of each answer."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    trusted = [*LOOPBACK_HOSTS, *settings.trusted_hosts]

    @app.before_request
    def check_host() -> None:
        if not host_is_trusted(request.headers.get("Host"), trusted):
            raise BadRequest("This host name is not one that etcdview answers to; see the setting trusted-hosts.")

    app.after_request(_set_headers)


def _set_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint not in ("static", "assets.htmx"):
        response.headers["Cache-Control"] = "no-store"
    return response
