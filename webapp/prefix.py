"""Pages below a path of a host that others share: https://ops.example.org/etcdview/.

The pages know their addresses from the root, such as /registry. What a browser gets has the prefix before them: in
templates, where each address is written, and in the headers that name an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, Response, has_request_context, request
from jinja2.ext import Extension

from etcdview.access.origins import in_networks
from etcdview.config import Settings
from etcdview.config.values import url_prefix
from etcdview.errors import SettingError

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_ADDRESS = re.compile(r'(?<=[\s"}])((?:href|src|action|formaction|hx-get|hx-post)=")(?:(?=/)|\{\{(.*?)\}\})', re.DOTALL)
_PLAIN = {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store"}
UNKNOWN = (
    "etcdview is mounted below a prefix (SCRIPT_NAME) that it does not know: its links would lead elsewhere.\n"
    "Set url-prefix to it.\n"
)
_HEADERS = ("Location", "HX-Redirect", "HX-Replace-Url")


class UnderPrefix:
    """Takes the prefix of the settings, or the one that a trusted proxy sends, off the path and into SCRIPT_NAME.

    A proxy may leave the prefix in the path or strip it: both arrive. What else set SCRIPT_NAME is left as it is.
    """

    def __init__(self, app: WSGIApplication, prefix: str, proxies: tuple[IPv4Network | IPv6Network, ...]) -> None:
        self._app = app
        self._prefix = prefix
        self._proxies = proxies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the app does, one level down."""
        prefix = self._prefix or self._forwarded(environ)
        if prefix:
            path = environ.get("PATH_INFO", "")
            environ["SCRIPT_NAME"] = prefix
            if path == prefix or path.startswith(f"{prefix}/"):
                environ["PATH_INFO"] = path.removeprefix(prefix) or "/"
        return self._app(environ, start_response)

    def _forwarded(self, environ: WSGIEnvironment) -> str:
        sent = environ.get("HTTP_X_FORWARDED_PREFIX", "")
        if not sent or not in_networks(environ.get("REMOTE_ADDR", ""), self._proxies):
            return ""
        try:
            return url_prefix(sent)
        except ValueError:
            return ""


class _AtRoot:
    """Answers 500 below a prefix that the settings do not know (SCRIPT_NAME): links would lead elsewhere."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        prefix = environ.get("SCRIPT_NAME", "").strip("/")
        return (Response(UNKNOWN, 500, _PLAIN) if prefix else self._app)(environ, start_response)


class PrefixedAddresses(Extension):
    """Writes the prefix before each address of a template: href="/x" and href="{{ page.href }}" alike."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The template's text as it is compiled."""
        return _ADDRESS.sub(lambda at: at[1] + (f"{{{{ ({at[2]})|below }}}}" if at[2] else "{{ root() }}"), source)


def under(settings: Settings, app: WSGIApplication) -> WSGIApplication:
    """`app` below the prefix of the settings or of a trusted proxy, or at the root alone where there can be none."""
    if not _may_be(settings):
        return _AtRoot(app)
    return UnderPrefix(app, settings.url_prefix, tuple(ip_network(proxy) for proxy in settings.trusted_proxies))


def init_app(app: Flask) -> None:
    """Put all addresses below the prefix of the settings, of a proxy, or of the past (see past.py)."""
    app.jinja_env.globals["root"] = root
    app.jinja_env.filters["below"] = below
    app.jinja_env.add_extension(PrefixedAddresses)
    app.after_request(_headers_below)


def check_prefix(app: Flask, prefix: str) -> None:
    """Raises SettingError for a prefix that begins as etcdview's own addresses do: they could not be told apart."""
    own = {rule.rule.split("/")[1] for rule in app.url_map.iter_rules()}
    if prefix and prefix.split("/")[1] in own:
        raise SettingError(
            f"The prefix {prefix} begins as an address of etcdview's own does.", "Choose another, such as /etcdview."
        )


def root() -> str:
    """The prefix of the request that is being answered; empty without one."""
    return quote(request.script_root) if has_request_context() else ""


def below(address: object) -> object:
    """An address of ours below the prefix; another site's, and a relative one, as it is."""
    prefix = root()
    text = str(address)
    if not prefix or not text.startswith("/") or text.startswith(("//", f"{prefix}/")):
        return address
    return prefix + text


def _may_be(settings: Settings) -> bool:
    return bool(settings.url_prefix or settings.trusted_proxies)


def _headers_below(response: Response) -> Response:
    for name in _HEADERS:
        if name in response.headers:
            response.headers[name] = str(below(response.headers[name]))
    waits, mark, address = response.headers.get("Refresh", "").partition("url=")
    if mark:
        response.headers["Refresh"] = f"{waits}{mark}{below(address)}"
    address, mark, rel = response.headers.get("Link", "").removeprefix("<").partition(">")
    if mark:
        response.headers["Link"] = f"<{below(address)}{mark}{rel}"
    return response
