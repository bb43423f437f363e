"""Where browsers find the product: at its own port; or with ETCDVIEW_BEHIND=1 (`make behind`) below a path of an nginx
with TLS, which has the configuration of docs/deploy. There, an address such as /registry means the one below the path.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, PageAssertions

from etcdview.demo.certificates import SERVER, Authority
from etcdview.demo.processes import free_ports
from tests.serving import ROOT, serving

BEHIND = bool(os.environ.get("ETCDVIEW_BEHIND"))
PREFIX = "/ops/etcdview" if BEHIND else ""
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_MAIN = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    {server}
}}
"""


@contextlib.contextmanager
def site(*flags: str) -> Iterator[str]:
    """The address of `etcdview serve` with these flags, without a slash at its end, until the block ends."""
    if not BEHIND:
        with serving(*flags) as port:
            yield f"http://127.0.0.1:{port}"
        return
    own = free_ports(1)[0]
    address = f"https://127.0.0.1:{own}"
    proxied = (f"--public-url={address}", f"--url-prefix={PREFIX}", "--trusted-proxies=127.0.0.1")
    with serving(*flags, *proxied) as port, _nginx(own, port):
        yield address + PREFIX


@contextlib.contextmanager
def addresses_below(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """An address that begins with a slash is below the path: browsers would look for it at the host's root."""
    goto, to_have_url = Page.goto, PageAssertions.to_have_url

    def go(page: Page, url: str, **more: Any) -> Any:
        return goto(page, _below(url), **more)

    def have(expected: PageAssertions, url: Any, **more: Any) -> None:
        to_have_url(expected, _below(url) if isinstance(url, str) else url, **more)

    with patch.context() as patched:
        patched.setattr(Page, "goto", go)
        patched.setattr(PageAssertions, "to_have_url", have)
        yield


def _below(url: str) -> str:
    return PREFIX + url if url.startswith("/") else url


@contextlib.contextmanager
def _nginx(own: int, port: int) -> Iterator[None]:
    """nginx with TLS at a port of its own, before the server at `port`."""
    if NGINX is None:
        pytest.fail("no nginx on this machine: apt-get install nginx-light", pytrace=False)
    with tempfile.TemporaryDirectory(prefix="etcdview-nginx-") as name:
        folder = Path(name)
        pair = Authority(folder).issue(folder, "ops", "127.0.0.1", sans=("127.0.0.1",), usages=SERVER)
        server = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
        for theirs, ours in {
            "/etcdview": PREFIX,
            "listen 443 ssl": f"listen 127.0.0.1:{own} ssl",
            "ops.example.org;": "127.0.0.1;",
            "/etc/nginx/ops.crt": str(pair.cert),
            "/etc/nginx/ops.key": str(pair.key),
            "http://127.0.0.1:8000": f"http://127.0.0.1:{port}",
        }.items():
            assert theirs in server
            server = server.replace(theirs, ours)
        (folder / "nginx.conf").write_text(_MAIN.format(folder=folder, server=server))
        process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf", "-e", folder / "error.log"])
        try:
            _wait_for(folder / "nginx.pid", process)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait_for(pid: Path, process: subprocess.Popen[bytes]) -> None:
    """It writes its process ID once it listens."""
    deadline = time.monotonic() + 30
    while not pid.exists():
        assert process.poll() is None, (pid.parent / "error.log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
