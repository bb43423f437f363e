"""`etcdview serve`: where it may listen, what it says of its settings, and that it takes no port from another."""

from __future__ import annotations

import socket

import pytest

from etcdview.cli.main import run
from etcdview.cli.serve import check_exposure
from etcdview.cli.serving import listener
from etcdview.config import Address, Settings
from etcdview.errors import SettingError

OUTSIDE = ["0.0.0.0:8000", "[::]:8000", "10.0.0.1:8000", "etcdview.example.org:80"]


@pytest.mark.parametrize("listen", OUTSIDE)
def test_an_address_that_others_reach_is_refused_without_a_login(listen: str) -> None:
    with pytest.raises(SettingError, match=r"needs a login: everyone who reaches that address"):
        check_exposure(Settings(listen=listen))


@pytest.mark.parametrize("listen", OUTSIDE)
def test_it_is_allowed_to_who_insists_and_said_again(listen: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_exposure(Settings(listen=listen, insecure_no_login=True))
    assert "without a login, everyone who reaches" in capsys.readouterr().err


@pytest.mark.parametrize("listen", ["127.0.0.1:8000", "[::1]:8000", "localhost:8000"])
def test_this_machines_own_addresses_need_no_login(listen: str, capsys: pytest.CaptureFixture[str]) -> None:
    check_exposure(Settings(listen=listen))
    assert capsys.readouterr().err == ""


def test_a_login_opens_every_address() -> None:
    check_exposure(Settings(listen=OUTSIDE[0], users_file="/etc/etcdview/users"))


def test_the_command_ends_as_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["serve", "--listen", OUTSIDE[0], "--endpoints", "http://127.0.0.1:1"]) == 2
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
