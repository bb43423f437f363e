"""Hosts, origins and addresses as browsers and proxies send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etcdview.access.origins import hop_address, is_host, local_path, same_origin
from tests.unit.test_endpoints import UNREADABLE


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "etcd_view.example.org", "a.b.", "10.0.0.1:80", "[::1]", "[fd00::7]:443"]
)
def test_a_name_or_an_address_with_or_without_a_port_is_a_host(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "..",
        "a..b",
        ".a",
        "-a",
        "a b",
        "a/b",
        "a@b",
        "a:b",
        "a:",
        "[::1",
        "[x]",
        "[127.0.0.1",
        "é",
        "a" * 64,
        "a." * 200,
    ],
)
def test_anything_else_is_not_a_host(host: str) -> None:
    assert not is_host(host)


@pytest.mark.parametrize(
    ("hop", "address"),
    [
        ("10.0.0.7", "10.0.0.7"),
        (" 10.0.0.7:51234 ", "10.0.0.7"),
        ("fd00::7", "fd00::7"),
        ("[fd00::7]", "fd00::7"),
        ("[fd00::7]:51234", "fd00::7"),
        ("unknown", ""),
        ("10.0.0.7:x", ""),
        ("[10.0.0", ""),
        ("[fd00::7]x", ""),
        ("_hidden", ""),
        ("", ""),
    ],
)
def test_a_hop_may_have_a_port_and_brackets(hop: str, address: str) -> None:
    assert hop_address(hop) == address


def test_an_origin_is_that_of_the_host_only_with_its_port() -> None:
    assert same_origin("http://a:8000", "a:8000")
    assert not same_origin("http://a", "a:8000")
    assert not same_origin("", "")


@pytest.mark.parametrize("url", UNREADABLE)
def test_an_origin_that_cannot_be_read_is_another_one(url: str) -> None:
    assert not same_origin(url, "localhost")


@pytest.mark.parametrize("target", ["/", "/object?key=/a", "/a:b"])
def test_a_path_of_ours_is_kept(target: str) -> None:
    assert local_path(target) == target


@pytest.mark.parametrize(
    "target", [None, "", "x", "//evil", "/\\evil", "/a\\b", "http://evil", "javascript:1", "/\nx", *UNREADABLE]
)
def test_any_other_target_is_the_overview(target: str | None) -> None:
    assert local_path(target) == "/"


@given(st.text())
def test_nothing_that_is_sent_raises(text: str) -> None:
    assert local_path(text).startswith("/")
    assert is_host(text) in (True, False)
    assert same_origin(text, "localhost") in (True, False)
    assert isinstance(hop_address(text), str)
