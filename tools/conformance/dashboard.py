"""A dashboard that nobody here wrote, Kubernetes Web View: one before each server, and its pages are compared.

It is a Python program with its own client (pykube), which reads lists as tables. pip installs it once into the cache.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etcdview.demo.processes import free_ports
from tools.conformance.commands import ListedType
from tools.conformance.compare import Kubectl, Report, compare
from tools.conformance.programs import CACHE, MissingError
from tools.conformance.reasons import Words
from tools.conformance.servers import Lab, Server

VERSION = "21.2.0"
# It is of 2021: newer ones of these do not fit it.
_PACKAGES = (f"kube-web-view=={VERSION}", "jinja2==2.11.3", "markupsafe==2.0.1")
_READY_SECONDS = 120.0
_CLICK_SECONDS = 0.1  # each page asks several times, and etcdview answers a client 50 requests a second
_OBJECTS = 2  # of each type, each as a page and as YAML
_TOOK = re.compile(r"in \d+\.\d+ seconds")


@dataclass(frozen=True, slots=True)
class Dashboard(Kubectl):
    """One before one server, at `url`; a command of it is a path of its pages."""

    url: str

    def run(self, words: Words) -> str:
        """The page, and its status."""
        time.sleep(_CLICK_SECONDS)
        try:
            with urllib.request.urlopen(self.url + words[1], timeout=120) as answer:  # noqa: S310  (our own address)
                status, body = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read().decode()
        return f"{_TOOK.sub('in no time', body)}status {status}\n"


def provide_dashboard() -> Path:
    """Its program, installed if it is missing. Raises MissingError."""
    folder = CACHE / f"kube-web-view-{VERSION}"
    program = folder / "bin" / "kube-web-view"
    if not program.exists():
        print(f"installing kube-web-view {VERSION} ...", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        _made(sys.executable, "-m", "venv", str(folder))
        try:
            _made(str(folder / "bin" / "python"), "-m", "pip", "install", "-q", *_PACKAGES)
        except MissingError:
            shutil.rmtree(folder)
            raise
    return program


def compare_dashboard(lab: Lab, real: Server, ours: Server, types: tuple[ListedType, ...]) -> Report:
    """The list of each type as a page and as a file, and some of its objects as a page and as YAML."""
    with _running(lab, real) as first, _running(lab, ours) as second:
        return compare(first, second, _pages(types))


def _pages(types: tuple[ListedType, ...]) -> list[Words]:
    plurals = [one.plural for one in types]
    found: list[Words] = []
    for one in types:
        if plurals.count(one.plural) > 1:  # it chooses a group by itself
            continue
        root = f"/clusters/c/namespaces/_all/{one.plural}" if one.namespaced else f"/clusters/c/{one.plural}"
        found += [("dashboard", root), ("dashboard", f"{root}?download=tsv")]
        for namespace, name in one.objects[:_OBJECTS]:
            place = f"namespaces/{namespace}/{one.plural}" if one.namespaced else one.plural
            found += [("dashboard", f"/clusters/c/{place}/{name}{view}") for view in ("", "?view=yaml")]
    return found


@contextlib.contextmanager
def _running(lab: Lab, server: Server) -> Iterator[Dashboard]:
    program, (port,) = provide_dashboard(), free_ports(1)
    config = server.kubeconfig(lab.folder / f"{server.name}-dashboard.conf")
    command = [str(program), "--port", str(port), "--kubeconfig-path", str(config), "--kubeconfig-contexts", "c"]
    with (lab.folder / f"{server.name}-dashboard.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    dashboard = Dashboard(program, config, lab.folder, f"http://127.0.0.1:{port}")
    try:
        _wait(dashboard, process)
        yield dashboard
    finally:
        process.terminate()
        process.wait()


def _wait(dashboard: Dashboard, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError):
            if dashboard.run(("dashboard", "/health")).endswith("status 200\n"):
                return
        time.sleep(0.2)
    raise MissingError("kube-web-view does not answer on this machine")


def _made(*command: str) -> None:
    done = subprocess.run(["nice", *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise MissingError(f"{' '.join(command)}: {done.stderr[-2000:]}")
