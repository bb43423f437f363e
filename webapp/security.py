"""What every answer carries so that a browser keeps to the rules, and which hosts are answered at all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request
from werkzeug.exceptions import BadRequest, Forbidden
from werkzeug.sansio.utils import host_is_trusted

from etcdview.access.exposure import LOOPBACK_HOSTS, check_exposure, encrypted, may_ask
from etcdview.access.origins import is_host, trusted_hosts
from etcdview.config import Settings
from webapp import prefix
from webapp.past import UnderRevision

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

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
_ABSOLUTE = re.compile(r"[^/?#]+://([^/?#]*)")
MAX_BODY_BYTES = 2 * 1024 * 1024


def init_app(app: Flask, settings: Settings) -> None:
    """Check where each request comes from and its Host, and set the headers of each answer. Raises SettingError."""
    check_exposure(settings)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.wsgi_app = prefix.under(settings, _HostsOnly(UnderRevision(app.wsgi_app)))  # type: ignore[method-assign,assignment]  # as Flask has it
    trusted = trusted_hosts(settings)

    @app.before_request
    def check_peer() -> None:
        if not may_ask(settings, request.remote_addr or ""):
            raise Forbidden("Without a login etcdview answers only this machine; see the setting insecure-no-login.")

    @app.before_request
    def check_host() -> None:
        if not host_is_trusted(request.headers.get("Host"), trusted):
            raise BadRequest("etcdview does not accept this host name; see the setting trusted-hosts.")

    app.after_request(_set_headers)
    if encrypted(settings):
        app.after_request(_stay_encrypted)


def _refusal(text: str, status: int) -> Response:
    answer = Response(text, status, HEADERS, mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-store"
    return answer


class _HostsOnly:
    """Answers 400 where Host is not the name of a host: such a name breaks Flask's addresses, those of errors too.

    And where the address of the request names another host, which a proxy may have looked at instead.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST")
        if host is not None and not is_host(host):
            return _refusal("Bad request: invalid Host header.\n", 400)(environ, start_response)
        named = _ABSOLUTE.match(environ.get("RAW_URI", ""))  # as it was sent
        if named and named[1].lower() != (host or "").lower():
            return _refusal("Bad request: the address names another host.\n", 400)(environ, start_response)
        return self._app(environ, start_response)


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
