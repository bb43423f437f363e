"""`etcdview serve` as a process of its own, asked over HTTP, and weighed."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from etcdview.demo.processes import free_ports

START_SECONDS = 600.0
_ANSWER_SECONDS = 120.0
_KEPT_SECONDS = 20.0  # etcdview shuts a connection after 30
_BETWEEN_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and how long it took from the request to the last byte."""

    status: int
    body: bytes
    seconds: float

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Client:
    """One browser: one connection, which is kept for as long as a server keeps one that is not used."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_SECONDS)
        self._used = 0.0  # when it was last

    def get(self, path: str, **headers: str) -> Answer:
        """GET. Raises OSError where nobody listens."""
        began = time.perf_counter()
        if began - self._used > _KEPT_SECONDS:
            self._connection.close()  # the next request opens another
        try:
            self._connection.request("GET", path, headers={name.replace("_", "-"): v for name, v in headers.items()})
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise ConnectionError(str(error)) from error
        self._used = time.perf_counter()
        return Answer(answer.status, body, self._used - began)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Served:
    """A running `etcdview serve`; leaving it ends it. `began` is when it was started (perf_counter)."""

    def __init__(self, url: str, *options: str) -> None:
        (self.port,) = free_ports(1)
        program = Path(sys.executable).with_name("etcdview")
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            [str(program), "serve", "--endpoints", url, "--listen", f"127.0.0.1:{self.port}", *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.client = Client(self.port)

    def __enter__(self) -> Served:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(30)

    def first_page(self) -> float:
        """Seconds from the start of the process to the first page."""
        self._until(lambda: self.client.get("/").status == 200)
        return time.perf_counter() - self.began

    def ready(self, count: int) -> float:
        """Seconds from the start of the process to an index of all `count` keys."""
        self._until(lambda: self._complete(count))
        return time.perf_counter() - self.began

    def facts_ready(self) -> float:
        """Seconds from the start of the process to the facts of all values."""
        self._until(lambda: self.client.get("/api/v1/resources").json()["factsComplete"])
        return time.perf_counter() - self.began

    def processes(self) -> list[int]:
        """The process and all below it."""
        return _family(self._process.pid)

    def memory_bytes(self) -> int:
        """Resident memory of the process and all below it."""
        return sum(status_bytes(pid, "VmRSS") for pid in self.processes())

    def _complete(self, count: int) -> bool:
        answer = self.client.get("/api/v1/resources")
        if answer.status != 200:
            return False
        found = answer.json()
        return bool(found["complete"]) and sum(row["count"] for row in found["resources"]) >= count

    def _until(self, done: Any) -> None:
        latest = time.perf_counter() + START_SECONDS
        while True:
            try:
                if done():
                    return
            except ConnectionError:
                if self._process.poll() is not None:
                    raise
            if time.perf_counter() > latest:
                raise TimeoutError(f"etcdview was not there within {START_SECONDS:.0f} s")
            time.sleep(_BETWEEN_SECONDS)


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def status_bytes(pid: int, field: str) -> int:
    """A size that Linux tells of a process: VmRSS, or VmHWM for the most that it was; 0 once it has ended."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    return 0
