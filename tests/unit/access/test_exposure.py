"""Who may reach etcdview while nobody has to log in: this machine, unless somebody insists."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etcdview.access.exposure import OPEN_TO_ALL, check_exposure, exposure_warnings, may_ask
from etcdview.config import Settings
from etcdview.errors import SettingError

OUTSIDE = [
    Settings(listen="0.0.0.0:8000"),
    Settings(listen="[::]:8000"),
    Settings(listen="10.0.0.1:8000"),
    Settings(listen="etcdview.example.org:80"),
    Settings(public_url="https://etcdview.example.org"),
    Settings(trusted_hosts=("etcdview.example.org",)),
]


@pytest.mark.parametrize("settings", OUTSIDE)
def test_what_others_reach_is_refused_without_a_login(settings: Settings) -> None:
    with pytest.raises(SettingError, match=r"needs a login: everyone who reaches that address"):
        check_exposure(settings)


@pytest.mark.parametrize("settings", OUTSIDE)
def test_it_is_allowed_to_who_insists_and_every_page_says_so(settings: Settings) -> None:
    insisted = replace(settings, insecure_no_login=True)
    check_exposure(insisted)
    assert exposure_warnings(insisted) == (OPEN_TO_ALL,)


@pytest.mark.parametrize("listen", ["127.0.0.1:8000", "[::1]:8000", "localhost:8000"])
def test_this_machines_own_addresses_need_no_login(listen: str) -> None:
    settings = Settings(listen=listen, trusted_hosts=("localhost", "[::1]"))
    check_exposure(settings)
    assert exposure_warnings(settings) == ()


def test_a_login_opens_every_address() -> None:
    check_exposure(Settings(listen="0.0.0.0:8000", users_file="/etc/etcdview/users"))


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1", ""])
def test_without_a_login_this_machine_is_answered(peer: str) -> None:
    assert may_ask(Settings(), peer)


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "somebody"])
def test_without_a_login_nobody_else_is(peer: str) -> None:
    assert not may_ask(Settings(), peer)
    assert may_ask(Settings(insecure_no_login=True), peer)
    assert may_ask(Settings(users_file="/users"), peer)
