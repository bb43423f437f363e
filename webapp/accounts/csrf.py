"""Requests that another site made the browser send: POSTs without our token, and anything but a plain visit."""

from __future__ import annotations

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import Forbidden

from etcdview.access.origins import same_origin

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OURS = ("same-origin", "none")

_protect = CSRFProtect()


def init_app(app: Flask) -> None:
    """The token is checked by the guard, which knows whether the browser is the one that vouches."""
    app.config |= {
        "WTF_CSRF_CHECK_DEFAULT": False,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "WTF_CSRF_SSL_STRICT": False,  # our Referrer-Policy keeps the referrer away; check_site looks at better headers
    }
    _protect.init_app(app)


def check_site() -> None:
    """Raises Forbidden for what another site made the browser send, except a link that somebody followed.

    Browsers say so in Sec-Fetch-Site (Fetch Metadata); Origin stands in for those that do not.
    """
    site = request.headers.get("Sec-Fetch-Site", "none")
    visit = request.headers.get("Sec-Fetch-Mode") == "navigate" and request.headers.get("Sec-Fetch-Dest") == "document"
    if site not in _OURS and not (visit and request.method in SAFE_METHODS):
        raise Forbidden("The request came from another site.")
    origin = request.headers.get("Origin", "null")  # "null" is what forms send under our Referrer-Policy
    if request.method not in SAFE_METHODS and origin != "null" and not same_origin(origin, request.host):
        raise Forbidden("The request came from another site.")


def check_token() -> None:
    """Raises CSRFError for a form that is not one of ours."""
    if request.method not in SAFE_METHODS:
        _protect.protect()


__all__ = ["SAFE_METHODS", "CSRFError", "check_site", "check_token", "init_app"]
