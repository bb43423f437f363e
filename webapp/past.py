"""Addresses of the past: /at/REVISION/... are the pages as of a revision, /deleted/... those of deleted keys.

/in/FILE/... are the pages of another snapshot of the folder that is open; /at and /deleted may follow it. Any page
takes ?at=REVISION, or ?at=TIME, and leads there; where several etcds are one registry, the address may have the
revision of each: /at/1200.35/. The beginning of the path becomes part of SCRIPT_NAME, as a prefix does, so that
every link of such a page stays there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote_plus

from flask import Flask, Response, current_app, g, redirect, request
from werkzeug.exceptions import MethodNotAllowed

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.past import PastClusters
from etcdview.pages.parts.moments import moment_named
from etcdview.pages.parts.positions import position_text, read_position

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_BEGIN = re.compile(
    r"(?P<file>/in/(?P<name>[^/]+))?(?P<past>/(?:at/(?P<revision>[1-9][0-9]{0,18}(?:\.[0-9]{1,19}){0,19})(?:/deleted)?|deleted))?(?=/|$)"
)
_NOTHING = cast("re.Match[str]", _BEGIN.match(""))
_ENVIRON = "etcdview.past"
_KEY = "etcdview-past"
_READS = ("GET", "HEAD", "OPTIONS")
_OWN = ("accounts.", "assets.", "static")  # pages and files that are of no revision


class UnderRevision:
    """Takes /at/REVISION and /deleted off the path and into SCRIPT_NAME."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the app does, one level down."""
        path = environ.get("PATH_INFO", "")
        match = _BEGIN.match(path)
        if match and match[0]:
            environ[_ENVIRON] = match[0].encode("latin-1").decode("utf-8", "replace")
            environ["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + match[0]
            environ["PATH_INFO"] = path[match.end() :] or "/"
        return self._app(environ, start_response)


def init_app(app: Flask, cluster: Cluster) -> None:
    """Know the past of `cluster`. The guard comes before: who may not see a page does not open its past."""
    app.extensions[_KEY] = PastClusters(cluster)
    app.before_request(_look_back)
    app.jinja_env.globals["past"] = current_past
    app.jinja_env.globals["in_file"] = in_file


def past_cluster() -> Cluster | None:
    """The cluster as this request's address wants it; None for the present."""
    return cast("Cluster | None", g.get("past"))


def current_past() -> str:
    """The address of this page in the present; "" where it is of the present."""
    begin = _begin()
    if not begin["past"] or past_cluster() is None:
        return ""
    return _this_page(begin["name"] or "")


def in_file(name: str) -> str:
    """The address of this page in another snapshot of the folder that is open; "" for the newest."""
    return _this_page(name)


def _begin() -> re.Match[str]:
    """What stands before the address of a page of the present, in its parts."""
    found = _BEGIN.match(request.environ.get(_ENVIRON, ""))
    return found or _NOTHING


def _this_page(file: str) -> str:
    begin = _begin()[0]
    before = f"/in/{quote(file, safe='')}" if file else ""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    root = quote(request.root_path.removesuffix(begin))
    return f"{root}{before}/{quote(request.path.lstrip('/'))}{query}"  # // would be a host


def _look_back() -> Response | None:
    begin = request.environ.get(_ENVIRON, "")
    parts = _begin()
    if (request.endpoint or "").startswith(_OWN):
        return None
    root, request.root_path = request.root_path, request.root_path.removesuffix(begin)  # links of an error page
    if request.method in _READS and "at" in request.args:
        return _led(parts["name"] or "", "/deleted" if (parts["past"] or "").endswith("deleted") else "")
    if not begin:
        return None
    if request.method not in _READS:
        raise MethodNotAllowed(_READS, "The past cannot be changed.")
    pasts: PastClusters = current_app.extensions[_KEY]
    deleted = (parts["past"] or "").endswith("deleted")
    revision = read_position(parts["revision"]) if parts["revision"] else 0
    g.past = pasts.get(revision, deleted=deleted, file=parts["name"] or "")
    request.root_path = root
    return None


def _led(name: str, deleted: str) -> Response:
    """To the address of the page at the revision that ?at= names, in that file of the folder, "" for the newest."""
    pasts: PastClusters = current_app.extensions[_KEY]
    cluster = pasts.get(0, file=name) if name else pasts.cluster
    revision = position_text(moment_named(cluster, request.args["at"], request.args))
    file = f"/in/{quote(name, safe='')}" if name else ""
    parts = request.query_string.decode("latin-1").split("&")
    kept = "&".join(part for part in parts if unquote_plus(part.partition("=")[0]) != "at")  # %61t is the same name
    address = f"{file}/at/{revision}{deleted}{quote(request.path)}{'?' if kept else ''}{kept}"
    return cast(Response, redirect(address, 303))
