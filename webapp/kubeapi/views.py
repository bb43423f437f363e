"""The addresses of the Kubernetes API: all of them are one view, and etcdview.kubeapi knows which means what.

It is imported with the first call: no page waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import TooManyRequests

from etcdview.cluster.window import Window
from etcdview.config.settings import WATCHES
from etcdview.errors import EtcdviewError
from webapp.accounts.auditing import recorder
from webapp.accounts.guard import viewer
from webapp.accounts.state import current_accounts
from webapp.hangup import hung_up
from webapp.runtime import current_cluster, now

if TYPE_CHECKING:
    from etcdview.kubeapi.exchange import KubeAnswer

PREFIX = "/kube"
METHODS = ("GET", "POST")
_GZIP_FROM_BYTES = 128 << 10  # as the API server
_watches = threading.BoundedSemaphore(WATCHES)
bp = Blueprint("kube", __name__, url_prefix=PREFIX)


def is_kube(path: str) -> bool:
    """Whether an address is one of the Kubernetes API."""
    return path == PREFIX or path.startswith(PREFIX + "/")


@bp.route("/", defaults={"path": ""}, methods=METHODS)
@bp.route("/<path:path>", methods=METHODS)
def kube_api(path: str) -> Response:
    """The Kubernetes API: discovery, objects, lists, tables and watches."""
    from etcdview.kubeapi.answering import answer
    from etcdview.kubeapi.exchange import KubeRequest

    settings = current_accounts().settings
    if not settings.kube_api:
        return status_response(404, "The Kubernetes API is off: start etcdview with --kube-api.")
    asked = KubeRequest(
        method=request.method,
        path=tuple(path.split("/")) if path else (),
        args={name: values[0] for name, values in request.args.lists()},
        accept=request.headers.get("Accept", ""),
        body=request.get_data() if request.method == "POST" else b"",
        host=request.host,
        now=now,
        revealed=_revealed(settings.login or bool(settings.audit_log)),
        gone=hung_up(),
    )
    found = answer(_window(), asked)
    return _response(found) if not found.streams else _watch(found)


def _watch(found: KubeAnswer) -> Response:
    """Each open watch takes a thread: there are as many more of these (cli.serve)."""
    if not _watches.acquire(blocking=False):
        raise TooManyRequests(f"{WATCHES} watches are open: wait until one ends.", retry_after=5)
    response = _response(found)
    response.call_on_close(_watches.release)
    return response


def status_response(code: int, message: str) -> Response:
    """A Status for what went wrong before the Kubernetes API was reached."""
    from etcdview.kubeapi.answering import error_answer
    from etcdview.kubeapi.statuses import READ_ONLY, StatusError, facts_of

    return _response(error_answer(StatusError(facts_of(code), READ_ONLY if code == 405 else message)))


def error_response(error: EtcdviewError) -> Response:
    """The same for an error of ours."""
    from etcdview.kubeapi.answering import error_answer

    return _response(error_answer(error))


def _window() -> Window:
    """Secrets are masked but for one's own file with --show-secrets, and tokens of users who may reveal them."""
    who, cluster = viewer(), current_cluster()
    reveals = cluster.shows_secrets or (who.method == "token" and who.may("reveal"))
    return Window(cluster, who, reveals=reveals)


def _revealed(audited: bool) -> Any:
    if not audited:
        return lambda key, revision: None
    record = recorder()
    return lambda key, revision: record(action="reveal", key=key, revision=revision, result="done", detail="kube API")


def _response(found: KubeAnswer) -> Response:
    response = Response(found.body, found.code, content_type=found.content_type)
    for text in found.warnings:
        response.headers.add("Warning", _warning(text))
    if found.retry_seconds:
        response.headers["Retry-After"] = str(found.retry_seconds)
    if not found.streams and request.accept_encodings.quality("gzip") > 0:
        _compress(response, found.body)
    return response


def _warning(text: str) -> str:
    plain = text.encode("ascii", "backslashreplace").decode().replace("\\", "\\\\").replace('"', '\\"')
    printable = "".join(c if c.isprintable() else " " for c in plain)
    return f'299 - "{printable[:500]}"'


def _compress(response: Response, body: bytes | Iterator[bytes]) -> None:
    if isinstance(body, bytes) and len(body) < _GZIP_FROM_BYTES:
        return
    response.response = _gzipped(iter([body]) if isinstance(body, bytes) else body)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Content-Length", None)
    response.vary.add("Accept-Encoding")


def _gzipped(pieces: Iterator[bytes]) -> Iterator[bytes]:
    import zlib

    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()
