"""The client port from outside: TCP, TLS and the certificate presented, then /health and /metrics over the same line.

The certificate is taken as it comes, since one that is expired or foreign is what is to be shown; whether to trust it
is judged elsewhere, and nothing secret is sent.
"""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TypeVar

from etcdview.endpoints import Endpoint, parse_endpoint
from etcdview.errors import (
    DeadlineError,
    EtcdviewError,
    RefusedError,
    TlsError,
    UnreachableError,
    UnsupportedError,
)
from etcdview.health.facts import Handshake, HttpHealth, Probe, Problem, WireFacts
from etcdview.health.metrics import MetricFacts, parse_metrics
from etcdview.health.probes.budget import Budget, Clock
from etcdview.kube.reasons import reason
from etcdview.models import TlsFiles
from etcdview.tls.contexts import client_context, presented_chain
from etcdview.tls.line import SILENT, STOPPED, dial

T = TypeVar("T")

_MAX_METRICS_BYTES = 8_000_000


def ask_wire(url: str, context: ContextFn, budget: Budget, now: Clock) -> WireFacts:
    """Connect to one client URL and ask what it serves over HTTP, all within the budget. Raises nothing."""

    def ask(call: Callable[[], T]) -> Probe[T]:
        at, begun = now(), time.monotonic()
        try:
            return Probe(call(), latency_seconds=time.monotonic() - begun, at=at)
        except (EtcdviewError, OSError, http.client.HTTPException, ValueError) as error:
            return Probe(problem=_problem(url, error), latency_seconds=time.monotonic() - begun, at=at)

    endpoint = ask(lambda: parse_endpoint(url))
    if endpoint.value is None:
        return WireFacts(handshake=Probe(problem=endpoint.problem, at=endpoint.at))
    line = _Line(url, endpoint.value, context, budget)
    try:
        handshake = ask(line.shake_hands)
        if not handshake.ok:
            return WireFacts(handshake=handshake)
        health = ask(line.health)
        metrics: Probe[MetricFacts] = ask(line.metrics) if not health.failed else Probe()
        return WireFacts(handshake=handshake, health=health, metrics=metrics)
    finally:
        line.close()


@dataclass(frozen=True, slots=True)
class ContextFn:
    """Makes contexts of the client's files, which are read each time; `server_name` is what the server is called."""

    files: TlsFiles

    def __call__(self) -> ssl.SSLContext:
        return client_context(self.files, verify=False)

    @property
    def server_name(self) -> str:
        return self.files.server_name


def unverified(files: TlsFiles) -> ContextFn:
    """Makes contexts that take whatever certificate the server shows."""
    return ContextFn(files)


class _Line:
    """One TCP connection, with TLS over it for https."""

    def __init__(self, url: str, endpoint: Endpoint, context: ContextFn, budget: Budget) -> None:
        self._url, self._endpoint, self._context, self._budget = url, endpoint, context, budget
        self._http = http.client.HTTPConnection(endpoint.host, endpoint.port)

    def close(self) -> None:
        self._http.close()

    def shake_hands(self) -> Handshake:
        begun = time.monotonic()
        line = dial(self._endpoint, self._left())
        self._http.sock = line
        tcp_seconds = time.monotonic() - begun
        if not self._endpoint.secure:
            return Handshake(self._url, tcp_seconds)
        begun = time.monotonic()
        line.settimeout(self._left())
        name = self._context.server_name or self._endpoint.server_name
        secured = self._context().wrap_socket(line, server_hostname=name)
        self._http.sock = secured
        own, *others = presented_chain(secured) or (b"",)
        return Handshake(
            self._url,
            tcp_seconds,
            tls_seconds=time.monotonic() - begun,
            tls_version=secured.version() or "",
            cipher=(secured.cipher() or ("", "", 0))[0],
            certificate_der=own,
            chain_der=tuple(others),
        )

    def health(self) -> HttpHealth:
        sent_at = time.time()
        status, body, date = self._get("/health")
        try:
            answer = json.loads(body)
        except RecursionError as error:
            raise ValueError("its answer is nested too deep") from error
        if not isinstance(answer, dict) or "health" not in answer:
            raise ValueError("it is not an answer of etcd")
        skew = None if date is None else date + 0.5 - (sent_at + time.time()) / 2
        return HttpHealth(
            healthy=status == 200 and str(answer["health"]).lower() == "true",
            reason=str(answer.get("reason", "")),
            clock_ahead_seconds=skew,
        )

    def metrics(self) -> MetricFacts:
        return parse_metrics(self._get("/metrics")[1].decode("utf-8", "replace"))

    def _get(self, path: str) -> tuple[int, bytes, float | None]:
        if self._http.sock is None:
            raise UnsupportedError(f"{self._url} closed the connection instead of serving {path}.")
        self._http.sock.settimeout(self._left())
        self._http.request("GET", path, headers={"Accept": "*/*"})
        with self._http.getresponse() as answer:
            body = answer.read(_MAX_METRICS_BYTES)
        if answer.status in (404, 415):
            raise UnsupportedError(
                f"{self._url} does not serve {path} (HTTP {answer.status}).",
                "Where --listen-client-http-urls or a gRPC gateway is set, it is served elsewhere.",
            )
        return answer.status, body, _moment(answer.getheader("Date"))

    def _left(self) -> float:
        left = self._budget.left_seconds
        if left <= 0:
            raise TimeoutError("no time is left")
        return left


def _moment(date: str | None) -> float | None:
    """The time that a Date header names, in seconds since 1970; None for what is not one."""
    try:
        return parsedate_to_datetime(date).timestamp() if date else None
    except (ValueError, TypeError, OverflowError, OSError):
        return None


# The most specific first: TimeoutError and ssl.SSLError are OSErrors too.
_ERRORS: tuple[tuple[type[Exception], type[UnreachableError], str, str], ...] = (
    (ConnectionRefusedError, RefusedError, "Nothing listens at {url}", "Start the member, or correct the address."),
    (TimeoutError, DeadlineError, SILENT.format(endpoint="{url}").rstrip("."), STOPPED),
    (ssl.SSLError, TlsError, "TLS with {url} failed", "See `etcdview doctor` for the cause."),
    (OSError, UnreachableError, "{url} cannot be reached", "Check the network between here and the member."),
    (Exception, UnreachableError, "{url} answered, but is not etcd", "Check what listens there."),
)


def _problem(url: str, error: Exception) -> Problem:
    if isinstance(error, EtcdviewError):
        return Problem.of(error)
    kind, what, remedy = next(row[1:] for row in _ERRORS if isinstance(error, row[0]))
    # silence is told in one sentence, whichever step of the handshake or of HTTP it falls into
    why = "" if isinstance(error, TimeoutError) else f" ({reason(error)})"
    return Problem.of(kind(f"{what.format(url=url)}{why}.", remedy))
