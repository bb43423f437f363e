"""`etcdview shell` and `etcdview kubeconfig`, as a user runs them."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from etcdview.access.exposure import check_exposure
from etcdview.cli.main import run
from etcdview.config import Settings
from etcdview.errors import SettingError
from etcdview.pages.tools.kubeconfig import KubeServer, kubeconfig, server_url
from tests.conftest import TESTDATA

DUMP = str(TESTDATA / "cluster-shop" / "registry.jsonl.gz")
# What a client does: read the file, trust its certificate, send its token
CLIENT = """
import os, re, ssl, stat, base64, urllib.request
path = os.environ["KUBECONFIG"]
text = open(path).read()
server, token, ca = (re.search(name + ": (.*)", text)[1] for name in ("server", "token", "certificate-authority-data"))
context = ssl.create_default_context(cadata=base64.b64decode(ca).decode())
request = urllib.request.Request(server + "/api/v1/namespaces/shop/pods", headers={"Authorization": "Bearer " + token})
items = urllib.request.urlopen(request, context=context).read().count(b'"uid"')
try:
    urllib.request.urlopen(server + "/api/v1/pods", context=context)
    anonymous = 200
except urllib.error.HTTPError as error:
    anonymous = error.code
print(oct(stat.S_IMODE(os.stat(path).st_mode)), items > 20, anonymous, path)
"""


def etcdview(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "etcdview", *words]
    known = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDVIEW_", "ETCDCTL_"))}
    return subprocess.run(command, env=known | environ, capture_output=True, text=True, timeout=120, check=False)


def test_a_shell_has_a_server_of_its_own_that_is_gone_at_its_end(tmp_path: Path) -> None:
    script = tmp_path / "client.py"
    script.write_text(CLIENT)

    done = etcdview("shell", DUMP, "-c", f"{sys.executable} {script}; exit 7", SHELL="/bin/sh")

    assert done.returncode == 7, done.stderr
    mode, found, anonymous, path = done.stdout.split()
    assert (mode, found, anonymous) == ("0o600", "True", "401")
    assert not Path(path).parent.exists()


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    done = etcdview("shell", str(tmp_path / "nothing.db"), "-c", "true", SHELL="/bin/sh")

    assert done.returncode == 3
    assert "nothing.db cannot be read" in done.stderr


@pytest.mark.parametrize(
    "settings",
    [
        Settings(show_secrets=True),
        Settings(show_secrets=True, from_file="backup.db", listen="0.0.0.0:8000", insecure_no_login=True),
        Settings(show_secrets=True, from_file="backup.db", public_url="https://e.example.org", users_file="users.json"),
    ],
)
def test_secrets_are_shown_of_a_file_to_this_machine_alone(settings: Settings) -> None:
    with pytest.raises(SettingError, match="--show-secrets is for a file"):
        check_exposure(settings)


def test_a_kubeconfig_has_the_server_its_certificate_and_contexts_in_the_past(
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = "https://etcdview.example.org/kube"

    assert run(["kubeconfig", "--server", server, "--token", "T", "--at", "1201"]) == 0

    told = capsys.readouterr().out
    assert f"server: {server}\n" in told
    assert f"server: {server}/at/1201\n" in told
    assert "token: T\n" in told


def test_the_certificate_is_in_it() -> None:
    text = kubeconfig(KubeServer("https://x/kube", b"-----BEGIN CERTIFICATE-----", ""))

    assert base64.b64encode(b"-----BEGIN CERTIFICATE-----").decode() in text
    assert json.dumps("token") not in text


@pytest.mark.parametrize(
    "words",
    [("--server", "nope"), ("--ca", "/nonexistent"), ("--ca", "/etc/hostname"), ("--at", "../x"), ("--at", "0")],
)
def test_a_wrong_option_is_a_usage_error(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["kubeconfig", *words]) == 2
    assert "etcdview: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "http://127.0.0.1:8000/kube"),
        (Settings(listen="0.0.0.0:9000", tls_cert="c"), "https://127.0.0.1:9000/kube"),
        (Settings(listen="[::1]:9000"), "http://[::1]:9000/kube"),
        (Settings(public_url="https://e.example.org/"), "https://e.example.org/kube"),
    ],
)
def test_the_server_is_where_the_settings_say(settings: Settings, url: str) -> None:
    assert server_url(settings) == url
