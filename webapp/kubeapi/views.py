"""The addresses of the Kubernetes API: all of them are one view, and etcdview.kubeapi knows which means what.

It is imported with the first call: no page waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, request
from werkzeug.exceptions import TooManyRequests

from etcdview.cluster.places import Places
from etcdview.cluster.window import Window
from etcdview.config.settings import WATCHES
from etcdview.errors import BusyError, EtcdviewError
from webapp.accounts.auditing import recorder
from webapp.accounts.guard import viewer
from webapp.accounts.limits import asker
from webapp.accounts.state import current_accounts
from webapp.hangup import hung_up
from webapp.runtime import current_cluster, now

if TYPE_CHECKING:
    from etcdview.kubeapi.exchange import KubeAnswer

PREFIX = "/kube"
METHODS = ("GET", "POST")
_GZIP_FROM_BYTES = 128 << 10  # as the API server
_SMALL_BYTES = 256 << 10  # what a client that does not read leaves in the system's hands
_IMPERSONATE = "impersonate-"
_watches = threading.BoundedSemaphore(WATCHES)
# A long list holds some 30 MiB while it is read. Clients begin with one of each type: those wait in turn.
_lists = Places(4, waiting=28, each=2)
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
    turn = _Turn(asker() if settings.login else "")
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
        begin=turn.take,
        end=turn.give_back,
        impersonated=_impersonated(),
    )
    with turn:
        found = answer(_window(), asked)
        response = _response(found) if not found.streams else _watch(found)
        if not isinstance(found.body, bytes) or len(found.body) > _SMALL_BYTES:
            turn.keep_until_sent(response)
    return response


class _Turn:
    """A request's place among those that read very many values, once it has taken one."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._lock = threading.Lock()  # guards the next: an answer may end in two ways at once
        self._taken = False
        self._kept = False

    def take(self) -> None:
        """Raises BusyError while others read."""
        if not _lists.take(self._who):
            raise BusyError("Other requests are reading long lists at this moment.", "Try again in a few seconds.")
        with self._lock:
            self._taken = True

    def give_back(self) -> None:
        """It may be called twice."""
        with self._lock:
            taken, self._taken = self._taken, False
        if taken:
            _lists.give_back(self._who)

    def keep_until_sent(self, response: Response) -> None:
        """The answer is made while it is sent, or takes room until it is."""
        self._kept = True
        response.call_on_close(self.give_back)

    def __enter__(self) -> _Turn:
        return self

    def __exit__(self, *error: object) -> None:
        if not self._kept:
            self.give_back()


def _watch(found: KubeAnswer) -> Response:
    """Each open watch takes a thread: there are as many more of these (cli.serve)."""
    if not _watches.acquire(blocking=False):
        raise TooManyRequests(f"{WATCHES} watches are open: wait until one ends.", retry_after=5)
    response = _response(found)
    response.call_on_close(_watches.release)
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold events back until they fill a buffer
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


def _impersonated() -> str:
    """Whom the client wants to be: Impersonate-User, or what else it says of them."""
    said = [value or name for name, value in request.headers.items() if name.lower().startswith(_IMPERSONATE)]
    return (request.headers.get("Impersonate-User") or next(iter(said), ""))[:100]


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
