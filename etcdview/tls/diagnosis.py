"""Why an endpoint does not answer: files, name, TCP, TLS and client certificate looked at one after the other.

Done with sockets and ssl alone, since grpc says little more than "unavailable"; the first step that fails is the cause.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from etcdview.endpoints import Endpoint
from etcdview.errors import EtcdviewError
from etcdview.models import TlsFiles
from etcdview.tls import files as tls_files
from etcdview.tls import refusals
from etcdview.tls.line import Line, resolve

STEPS = ("files", "resolve", "connect", "tls", "client certificate")


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a diagnosis: `what` was found, and the remedy where it is not `ok`; `error` is then the cause."""

    name: str
    ok: bool
    what: str
    remedy: str = ""
    seconds: float = 0.0
    error: EtcdviewError | None = None


def diagnose(
    endpoint: Endpoint, files: TlsFiles, timeout_seconds: float, now: datetime | None = None
) -> tuple[Step, ...]:
    """The steps in order, as far as the first that fails; all of STEPS when there is nothing wrong. Raises nothing."""
    examination = _Examination(endpoint, files, time.monotonic() + timeout_seconds, now or datetime.now(UTC))
    try:
        return tuple(_until_failure(examination.plan()))
    finally:
        examination.line.close()


def cause(steps: tuple[Step, ...]) -> EtcdviewError | None:
    """The error of the step that failed, None where none did."""
    return next((step.error for step in steps if step.error is not None), None)


def run_step(name: str, do: Callable[[], str]) -> Step:
    """Do one step, which gives a sentence or raises an EtcdviewError."""
    begun = time.monotonic()
    try:
        what = do()
    except EtcdviewError as error:
        return Step(name, False, error.what, error.remedy, time.monotonic() - begun, error)
    return Step(name, True, what, seconds=time.monotonic() - begun)


def _until_failure(plan: Iterator[tuple[str, Callable[[], str]]]) -> Iterator[Step]:
    for name, do in plan:
        step = run_step(name, do)
        yield step
        if not step.ok:
            return


class _Examination:
    """One endpoint under examination, until `deadline` (monotonic)."""

    def __init__(self, endpoint: Endpoint, files: TlsFiles, deadline: float, now: datetime) -> None:
        self.endpoint = endpoint
        self.files = files
        self.now = now
        self.line = Line(endpoint, deadline)
        self.alert: ssl.SSLError | None = None

    def plan(self) -> Iterator[tuple[str, Callable[[], str]]]:
        yield from zip(
            STEPS, (self.check_files, self.resolve, self.connect, self.shake_hands, self.be_let_in), strict=True
        )

    def check_files(self) -> str:
        if not self.endpoint.secure:
            return "No TLS, so no files: development only."
        tls_files.load(self.files, self.now)
        if not self.files.cert:
            return "No client certificate is given." if not self.files.cacert else f"{self.files.cacert} is a CA."
        return f"{self.files.cert} is valid, and {self.files.key} is its key."

    def resolve(self) -> str:
        if self.endpoint.path:
            return "A socket file needs no resolving."
        if self.endpoint.is_ip:
            return f"{self.endpoint.host} is an address."
        addresses = resolve(self.endpoint, self.line.left_seconds)
        return f"{self.endpoint.host} is {', '.join(addresses)}."

    def connect(self) -> str:
        self.line.connect()
        return f"{self.endpoint.address} accepts connections."

    def shake_hands(self) -> str:
        if not self.endpoint.secure:
            return refusals.speak_plainly(self.line)
        greeting = refusals.greet(self.line, self.files, self.now)
        self.alert = greeting.alert
        return greeting.what

    def be_let_in(self) -> str:
        if not self.endpoint.secure:
            return "Not needed without TLS."
        return refusals.be_let_in(self.line, self.files, self.alert)
