"""nginx and Apache with TLS before servers of ours, as docs/deploy has their configurations."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from etcdview.demo.certificates import SERVER, Authority, Pair
from tests.serving import ROOT

DEPLOY = ROOT / "docs" / "deploy"
ANSWER_SECONDS = 60.0
_APACHE_MODULES = Path("/usr/lib/apache2/modules")  # Debian's
_NGINX = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    {ours}
}}
"""
_APACHE = """
ServerRoot {folder}
DefaultRuntimeDir {folder}
PidFile {folder}/pid
ErrorLog {folder}/error.log
ServerName 127.0.0.1
User www-data
Group www-data
Listen 127.0.0.1:{port}
{modules}
{ours}
"""


@dataclass(frozen=True)
class ReverseProxy:
    """A running one: its port, the CA of its certificate, and where it logs errors."""

    port: int
    ca: Path
    log: Path

    def connection(self, source: str = "127.0.0.1") -> http.client.HTTPSConnection:
        """A connection to it from an address of this machine (127.0.0.0/8)."""
        context = ssl.create_default_context(cafile=self.ca)
        return http.client.HTTPSConnection(
            "127.0.0.1", self.port, timeout=ANSWER_SECONDS, context=context, source_address=(source, 0)
        )


@contextlib.contextmanager
def nginx(own: int, *ports: int, prefix: str = "/etcdview") -> Iterator[ReverseProxy]:
    """nginx listens on a port of its own, before the servers at `ports` (one or two)."""
    program = _program("nginx", "nginx-light")
    with _folder() as (folder, ca, pair):
        changes = {
            " /etcdview": f" {prefix}",
            "listen 443 ssl": f"listen 127.0.0.1:{own} ssl",
            "ops.example.org;": "127.0.0.1;",
            "/etc/nginx/ops.crt": str(pair.cert),
            "/etc/nginx/ops.key": str(pair.key),
            "server 127.0.0.1:8000 ": f"server 127.0.0.1:{ports[0]} ",
        }
        if len(ports) > 1:
            changes["# server 127.0.0.1:8001 "] = f"server 127.0.0.1:{ports[1]} "
        configuration, log = folder / "nginx.conf", folder / "error.log"
        configuration.write_text(_NGINX.format(folder=folder, ours=_adapted("nginx.conf", changes)))
        with _running([program, "-p", folder, "-c", configuration, "-e", log], folder):
            yield ReverseProxy(own, ca, log)


@contextlib.contextmanager
def apache(own: int, port: int) -> Iterator[ReverseProxy]:
    """Apache listens on a port of its own, before the server at `port`."""
    program = _program("apache2", "apache2-bin")
    with _folder() as (folder, ca, pair):
        changes = {
            "*:443": f"127.0.0.1:{own}",
            "ServerName ops.example.org": "ServerName 127.0.0.1",
            "/etc/apache2/ops.crt": str(pair.cert),
            "/etc/apache2/ops.key": str(pair.key),
            "http://127.0.0.1:8000": f"http://127.0.0.1:{port}",
        }
        # Those that the file names, and what Debian's Apache has loaded without being told.
        named = ("ssl", "proxy", "proxy_http", "headers")
        modules = [
            f"LoadModule {name}_module {_APACHE_MODULES}/mod_{name}.so"
            for name in ("mpm_event", "authz_core", "alias", *named)
        ]
        ours = _adapted("apache.conf", changes)
        configuration = folder / "apache.conf"
        configuration.write_text(_APACHE.format(folder=folder, port=own, modules="\n".join(modules), ours=ours))
        with _running([program, "-f", configuration, "-D", "FOREGROUND"], folder):
            yield ReverseProxy(own, ca, folder / "error.log")


def _program(name: str, package: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.fail(f"no {name} on this machine: apt-get install {package}", pytrace=False)
    return found


@contextlib.contextmanager
def _folder() -> Iterator[tuple[Path, Path, Pair]]:
    """A folder that is removed at the end, a CA's certificate in it, and what the CA has signed."""
    with tempfile.TemporaryDirectory(prefix="etcdview-reverse-proxy-") as name:
        folder = Path(name)
        authority = Authority(folder)
        pair = authority.issue(folder, "ops", "127.0.0.1", sans=("127.0.0.1",), usages=SERVER)
        yield folder, authority.files.cert, pair


def _adapted(name: str, changes: Mapping[str, str]) -> str:
    """A file of docs/deploy with ports, paths and names of this machine in place of those of the example."""
    text = (DEPLOY / name).read_text()
    for theirs, ours in changes.items():
        assert theirs in text, f"{name} lacks {theirs!r}"
        text = text.replace(theirs, ours)
    return text


@contextlib.contextmanager
def _running(command: list[str | Path], folder: Path) -> Iterator[None]:
    """A program runs until the block ends. It writes its process ID once it listens."""
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not (folder / "pid").exists():
            log = folder / "error.log"
            assert process.poll() is None, log.read_text() if log.exists() else command
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()
