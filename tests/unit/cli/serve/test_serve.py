"""`etcdview serve`: where it may listen, what it says of its settings, and that it takes no port from another."""

from __future__ import annotations

import socket

import pytest

from etcdview.cli.main import run
from etcdview.cli.serve.listening import listener
from etcdview.config import Address
from etcdview.errors import SettingError


def test_the_command_ends_as_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--listen", "0.0.0.0:8000", "--endpoints", "http://127.0.0.1:1"]) == 2
    assert "login" in capsys.readouterr().err


def test_print_config_shows_each_setting_with_its_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ETCDCTL_ENDPOINTS", "https://a:2379")
    monkeypatch.setenv("ETCDCTL_PASSWORD", "hunter2")
    assert run(["serve", "--print-config", "--threads", "8", "--user", "root"]) == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["endpoints"] == ["https://a:2379", "variable", "ETCDCTL_ENDPOINTS"]
    assert rows["threads"] == ["8", "flag", "--threads"]
    assert rows["password"] == ["********", "variable", "ETCDCTL_PASSWORD"]
    assert rows["listen"] == ["127.0.0.1:8000", "default"]


def test_a_taken_port_is_one_clear_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingError, match=f"Port {port} is taken: another program listens on 127.0.0.1:{port}"):
            listener(Address("127.0.0.1", port))


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_that_is_not_this_machines_is_one_clear_sentence(host: str) -> None:
    with pytest.raises(SettingError, match=f"Cannot listen on {host}:0: "):
        listener(Address(host, 0))
