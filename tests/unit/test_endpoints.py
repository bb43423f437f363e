"""Endpoints as people write them."""

from __future__ import annotations

import pytest

from etcdview.endpoints import Endpoint, host_of, is_endpoint, parse_endpoint, parse_endpoints, port_of, split_url
from etcdview.errors import SettingError


@pytest.mark.parametrize(
    ("text", "tls", "expected"),
    [
        ("https://10.0.0.1:2379", False, Endpoint("https", "10.0.0.1", 2379)),
        ("http://localhost:12379/", False, Endpoint("http", "localhost", 12379)),
        ("localhost:2379", False, Endpoint("http", "localhost", 2379)),
        ("localhost:2379", True, Endpoint("https", "localhost", 2379)),
        ("http://localhost", True, Endpoint("http", "localhost", 2379)),
        ("[::1]:2379", True, Endpoint("https", "::1", 2379)),
        ("https://[fd00::7]", False, Endpoint("https", "fd00::7", 2379)),
        ("https://[fe80::1%eth0]:2379", False, Endpoint("https", "fe80::1%eth0", 2379)),
        ("[fe80::1%25eth0]:2379", True, Endpoint("https", "fe80::1%eth0", 2379)),
        ("http://[FE80::1%Eth0.5]:2379", False, Endpoint("http", "fe80::1%Eth0.5", 2379)),
        ("unix:///var/lib/kine.sock", False, Endpoint("unix", "localhost", 0, "/var/lib/kine.sock")),
        ("unix:///run/k0s/kine.sock:2379", True, Endpoint("unix", "localhost", 0, "/run/k0s/kine.sock:2379")),
        ("unix://kine.sock:12379", False, Endpoint("unix", "localhost", 0, "kine.sock:12379")),
        ("unix://localhost:2379", False, Endpoint("unix", "localhost", 0, "localhost:2379")),
        ("unix:/run/etcd.sock", False, Endpoint("unix", "localhost", 0, "/run/etcd.sock")),
        ("UNIXS:///run/Etcd.Sock", False, Endpoint("unixs", "localhost", 0, "/run/Etcd.Sock")),
        ("unix:///run/a b?c#d%2", False, Endpoint("unix", "localhost", 0, "/run/a b?c#d%2")),
        ("  etcd-0.etcd.svc:2379 ", False, Endpoint("http", "etcd-0.etcd.svc", 2379)),
    ],
)
def test_an_endpoint_is_read_as_etcdctl_reads_it(text: str, tls: bool, expected: Endpoint) -> None:
    assert parse_endpoint(text, tls=tls) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ftp://host:2379",
        "https://",
        "https://host:port",
        "https://host:99999",
        "https://host:2379/v3",
        "https://user:pw@host:2379",
        "https://[::1",
        "https://host:2379?x=1",
        "unix://",
        "unix:///",
        "unix:///run/",
        "unix:///a\0b",
        "https://[fe80::1%eth0:2379",
    ],
)
def test_what_is_no_endpoint_is_a_wrong_setting(text: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_endpoint(text)

    assert "https://host:2379" in caught.value.remedy


def test_a_list_may_have_commas_and_keeps_each_once_in_order() -> None:
    endpoints = parse_endpoints(["a:1,b:2", "a:1", " c:3 ,"])

    assert [str(e) for e in endpoints] == ["http://a:1", "http://b:2", "http://c:3"]


def test_an_empty_list_is_a_wrong_setting() -> None:
    with pytest.raises(SettingError, match="No endpoint"):
        parse_endpoints(["", " , "])


@pytest.mark.parametrize(
    ("endpoint", "address", "text", "is_ip"),
    [
        (Endpoint("https", "::1", 2379), "[::1]:2379", "https://[::1]:2379", True),
        (Endpoint("http", "10.0.0.1", 1), "10.0.0.1:1", "http://10.0.0.1:1", True),
        (Endpoint("http", "etcd", 1), "etcd:1", "http://etcd:1", False),
        (Endpoint("https", "fe80::1%eth0", 1), "[fe80::1%eth0]:1", "https://[fe80::1%eth0]:1", True),
        (Endpoint("unix", "localhost", 0, "/k.sock:1"), "/k.sock:1", "unix:///k.sock:1", False),
        (Endpoint("unixs", "localhost", 0, "k:1"), "k:1", "unixs://k:1", False),
    ],
)
def test_an_endpoint_writes_itself(endpoint: Endpoint, address: str, text: str, is_ip: bool) -> None:
    assert (endpoint.address, str(endpoint), endpoint.is_ip) == (address, text, is_ip)
    assert parse_endpoint(text) == endpoint


def test_a_certificate_is_compared_with_the_address_without_its_zone() -> None:
    assert parse_endpoint("https://[fe80::1%eth0]:2379").server_name == "fe80::1"
    assert parse_endpoint("https://etcd:2379").server_name == "etcd"


def test_a_member_is_not_asked_at_a_socket_file_that_it_advertises() -> None:
    assert is_endpoint("https://[fe80::1%eth0]:2379")
    assert not is_endpoint("unix://localhost:2379")
    assert not is_endpoint("ftp://a:1")


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://Node-4:2380", "node-4", 2380),
        ("https://[fd00::7]:2379", "fd00::7", 2379),
        ("unix:///run/etcd.sock", "", None),
        ("", "", None),
    ],
)
def test_a_url_of_somebody_else_gives_its_host_and_port(url: str, host: str, port: int | None) -> None:
    assert (host_of(url), port_of(url)) == (host, port)


UNREADABLE = (
    "http://[node-4]:2380",
    "http://[",
    "//[",
    "https://[::1:2379",
    "http://[127.0.0.1]:2379",
    "http://a:99999",
    "http://a:" + "9" * 5000,
    "http://a:b",
)


@pytest.mark.parametrize("url", UNREADABLE)
def test_an_unreadable_url_has_no_host_and_no_port_and_raises_nothing(url: str) -> None:
    assert (host_of(url), port_of(url), split_url(url).netloc) == ("", None, "")
