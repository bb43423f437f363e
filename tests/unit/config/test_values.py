"""How each kind of value is written, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from etcdview.config import Address, parse_address, values
from etcdview.config.overrides import overrides

GOOD = [
    (values.duration, "5s", 5.0),
    (values.duration, "500ms", 0.5),
    (values.duration, "1m30s", 90.0),
    (values.duration, "2.5", 2.5),
    (values.duration, 3, 3.0),
    (values.size, "512MiB", 512 * 1024**2),
    (values.size, "1G", 1024**3),
    (values.size, "1GB", 10**9),
    (values.size, "0", 0),
    (values.size, 4096, 4096),
    (values.size, "1048576GiB", 1024**5),
    (values.size, "0" * 5_000 + "7", 7),
    (values.count, "4", 4),
    (values.truth, "yes", True),
    (values.truth, "OFF", False),
    (values.texts, "a, b,,c ", ("a", "b", "c")),
    (values.texts, ["a"], ("a",)),
    (values.release, "v1.36.3", "1.36"),
    (values.release, "1.30.4+k3s1", "1.30"),
    (values.release, "", ""),
    (values.prefix, "registry/", "/registry"),
    (values.prefix, "/kubernetes.io", "/kubernetes.io"),
    (values.prefixes, "/registry/pods/, /other/", ("/registry/pods/", "/other/")),
    (values.address, "[::1]:80", "[::1]:80"),
    (values.endpoints, "https://a:1,b:2", ("https://a:1", "b:2")),
    (values.prefix, "/a", "/a"),
    (values.prefix, "a/,/b/c,/a", "/a,/b/c"),
    (values.prefix, ["/a", "b"], "/a,/b"),
    (values.prefix, "", "/"),
    (
        overrides,
        "/events#https://a:1;https://b:1, apps/deployments#https://c:1",
        ("/events#https://a:1;https://b:1", "apps/deployments#https://c:1"),
    ),
    (values.endpoints, "unix:///run/k.sock:2379,unixs://k", ("unix:///run/k.sock:2379", "unixs://k")),
    (values.endpoints, "[fe80::1%eth0]:2379", ("[fe80::1%eth0]:2379",)),
]
BAD = [
    (values.duration, "0s"),
    (values.duration, "soon"),
    (values.duration, "5 s"),
    (values.duration, "700s"),
    (values.duration, True),
    (values.size, "-1"),
    (values.size, "1TB"),
    (values.size, -1),
    (values.size, "1048577GiB"),
    (values.size, "9" * 400),
    (values.size, "9" * 5_000),
    (values.size, "9" * 308 + "G"),
    (values.size, 10**400),
    (values.duration, "9" * 400),
    (values.duration, "9" * 400 + "h"),
    (values.duration, 10**400),
    (values.duration, -(10**400)),
    (values.duration, float("nan")),
    (values.lifetime, "9" * 5_000 + "h"),
    (values.lifetime, 10**400),
    (values.count, "9" * 5_000),
    (values.count, 10**400),
    (values.count, "0"),
    (values.count, True),
    (values.count, "²"),
    (values.truth, "maybe"),
    (values.texts, [1]),
    (values.text, 1),
    (values.release, "2.0"),
    (values.release, "latest"),
    (values.address, "8000"),
    (values.address, "::1:80"),
    (values.address, "127.0.0.1:70000"),
    (overrides, "/events"),
    (overrides, "/events#"),
    (overrides, "events#https://a:1"),
    (overrides, "/events#https://a"),
    (overrides, "/events#https://a:1,/events#https://b:1"),
    (values.endpoints, ""),
    (values.endpoints, "ftp://a:1"),
    (values.endpoints, "unix://"),
    (values.endpoints, "https://a:1/path"),
    (values.endpoints, "https://a:99999"),
]


@pytest.mark.parametrize(("parse", "given", "expected"), GOOD)
def test_a_value_is_read(parse: Callable[[object], object], given: object, expected: object) -> None:
    assert parse(given) == expected


@pytest.mark.parametrize(("parse", "given"), BAD)
def test_a_value_that_makes_no_sense_is_refused(parse: Callable[[object], object], given: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(given)


@pytest.mark.parametrize(
    ("text", "address", "loopback"),
    [
        ("127.0.0.1:8000", Address("127.0.0.1", 8000), True),
        ("127.9.9.9:1", Address("127.9.9.9", 1), True),
        ("localhost:80", Address("localhost", 80), True),
        ("[::1]:80", Address("::1", 80), True),
        (":8000", Address("0.0.0.0", 8000), False),  # noqa: S104  (what is refused)
        ("0.0.0.0:80", Address("0.0.0.0", 80), False),  # noqa: S104  (what is refused)
        ("[::]:80", Address("::", 80), False),
        ("10.0.0.1:80", Address("10.0.0.1", 80), False),
        ("localhost.example.org:80", Address("localhost.example.org", 80), False),
        ("[::ffff:10.0.0.1]:80", Address("::ffff:10.0.0.1", 80), False),
    ],
)
def test_an_address_says_whether_only_this_machine_reaches_it(text: str, address: Address, loopback: bool) -> None:
    assert parse_address(text) == address
    assert address.loopback is loopback


@pytest.mark.parametrize(
    ("size_bytes", "shown"), [(1024**3, "1GiB"), (3 * 1024**2, "3MiB"), (1024, "1KiB"), (1000, "1000"), (0, "0")]
)
def test_a_size_is_shown_in_the_largest_unit_that_fits(size_bytes: int, shown: str) -> None:
    assert values.show_size(size_bytes) == shown
