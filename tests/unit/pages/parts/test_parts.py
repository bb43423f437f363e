"""The small parts of pages: addresses, cursors, commands, points of a line, days left, lines of a difference."""

from __future__ import annotations

import random
import shlex
from collections import Counter

import pytest

from etcdview.errors import QueryError
from etcdview.health.rules.base import curl
from etcdview.kube.keys import KeySpace
from etcdview.models import TlsFiles
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import cursor_name, cursor_text, href, key_href, object_href
from etcdview.pages.parts.churn import polyline
from etcdview.pages.parts.lifetimes import left, state_of
from etcdview.pages.parts.text_diff import DiffBudget, DiffLine, text_diff
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.memory import StaticStore


def test_a_key_travels_as_text_or_where_it_is_not_utf8_as_base64() -> None:
    assert object_href(b"/registry/a b&c=d?#\xc3\xbc") == "/object?key=/registry/a%20b%26c%3Dd%3F%23%C3%BC"
    assert key_href("/history", b"/a/\xff", view="yaml", revision=0) == "/history?key64=L2Ev_w&view=yaml"


def test_empty_parameters_are_left_out() -> None:
    assert href("/registry", resource="", page=0) == "/registry"
    assert href("/registry", resource="pods", after="") == "/registry?resource=pods"


@pytest.mark.parametrize("name", [b"", b"a", b"ab", b"abc", b"\xff\x00\xfe", "ü".encode() * 100])
def test_a_cursor_gives_its_name_back(name: bytes) -> None:
    assert cursor_name(cursor_text(name)) == (name or None)


@pytest.mark.parametrize("cursor", ["*", "a", "ab=c", "ü"])
def test_what_is_not_a_cursor_is_a_query_error(cursor: str) -> None:
    with pytest.raises(QueryError):
        cursor_name(cursor)


def test_no_name_escapes_from_a_command() -> None:
    evil = "/registry/pods/shop/$(reboot);'`"
    for command in commands.for_object(evil.encode(), KeySpace().object_key(evil.encode())):
        assert evil in shlex.split(command.text) or evil.rpartition("/")[2] in shlex.split(command.text)


@pytest.mark.parametrize(
    ("values", "points"),
    [([], ""), ([5], "0.0,1.0"), ([0, 0], "0.0,19.0 120.0,19.0"), ([0, 2], "0.0,19.0 120.0,1.0")],
)
def test_a_line_is_drawn_whatever_the_values(values: list[float], points: str) -> None:
    assert polyline(values) == points


@pytest.mark.parametrize(
    ("days", "tone", "text"),
    [
        (-1.5, "bad", "1 day ago"),
        (0.0, "bad", "0 days ago"),
        (0.5, "bad", "12 hours (0 days)"),
        (7.0, "bad", "7 days"),
        (30.0, "warning", "30 days"),
        (31.0, "good", "31 days"),
    ],
)
def test_days_left_have_a_tone_and_words(days: float, tone: str, text: str) -> None:
    assert (state_of(days, early=False)[0], left(days)) == (tone, text)


def test_a_certificate_from_the_future_is_bad() -> None:
    assert state_of(400.0, early=True) == ("bad", "not valid yet")


def test_a_difference_shows_what_came_and_went_and_two_lines_around() -> None:
    old, new = list("abcdefg"), list("abcDefg")
    assert text_diff(old, old) == ()
    found = text_diff(old, new)
    assert found is not None
    assert found[0] == DiffLine("@", "")
    assert [(line.sign, line.text) for line in found[1:]] == [
        ("", "b"), ("", "c"), ("-", "d"), ("+", "D"), ("", "e"), ("", "f"),
    ]  # fmt: skip


def test_a_difference_of_texts_alike_at_both_ends_has_their_nearest_lines_around() -> None:
    common = [str(n) for n in range(10_000)]
    found = text_diff([*common, "old", *common], [*common, "new", *common])
    assert found is not None
    assert [line.text for line in found if line.sign != "@"] == ["9998", "9999", "old", "new", "0", "1"]


def test_texts_that_are_too_long_to_compare_have_no_difference_and_cost_nothing() -> None:
    chance = random.Random(1)  # noqa: S311 - the same lines each time
    old, new = ([str(chance.randrange(300)) for _ in range(20_000)] for _ in range(2))
    assert text_diff(old, new) is None


@pytest.mark.parametrize("seed", range(200))
def test_what_came_and_went_in_a_difference_is_what_the_texts_differ_by(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    old, new = ([chance.choice("abc") for _ in range(chance.randrange(12))] for _ in range(2))
    found = text_diff(old, new)
    assert found is not None
    kept = [line for line in found if line.sign != "@"]
    if old == new:
        assert found == ()
    gone, come = Counter(old), Counter(new)
    assert (
        Counter(line.text for line in kept if line.sign == "+")
        - Counter(line.text for line in kept if line.sign == "-")
        == come - gone
    )


def test_a_budget_ends_with_its_lines_or_its_time() -> None:
    now = [0.0]
    budget = DiffBudget(seconds=3.0, lines=3, clock=lambda: now[0])
    lines = (DiffLine("+", "a"), DiffLine("+", "b"))
    assert (budget.take(lines), budget.spent) == (lines, False)
    assert (budget.take(lines), budget.spent) == (lines[:1], True)
    slow = DiffBudget(seconds=3.0, lines=3, clock=lambda: now[0])
    now[0] = 3.0
    assert slow.spent


def test_a_quoted_text_and_a_transaction_are_no_commands() -> None:
    tls = TlsFiles(cacert="/a b/ca.crt", cert="c", key="k")
    store = EtcdStore(("https://a:2379", "https://b:2379"), tls)
    given = "ETCDCTL_CACERT='/a b/ca.crt' ETCDCTL_CERT=c ETCDCTL_KEY=k etcdctl"
    try:
        for text, expected in (
            ("etcdctl get /a", f"ETCDCTL_ENDPOINTS=https://a:2379,https://b:2379 {given} get /a"),
            ("etcdctl --endpoints=https://b:2379 defrag", f"ETCDCTL_ENDPOINTS=https://b:2379 {given} defrag"),
            ("etcdctl snapshot save s.db", f"ETCDCTL_ENDPOINTS=https://a:2379 {given} snapshot save s.db"),
            ("grep '| etcdctl del'", "grep '| etcdctl del'"),
            ("kubectl get pods", "kubectl get pods"),
            ("x <<'EOF'\nput a \"\\n\"\netcdctl del\nEOF", "x <<'EOF'\nput a \"\\n\"\netcdctl del\nEOF"),
        ):
            assert commands.connected(text, store) == expected
    finally:
        store.close()


def test_a_command_is_for_the_user_of_the_shell_or_that_of_the_connection() -> None:
    user = r'"${ETCDCTL_USER:-o\"b\$\}}"'
    password = '${ETCDCTL_PASSWORD:+--password="$ETCDCTL_PASSWORD"}'
    env = 'env -i PATH="$PATH" etcdctl --endpoints=http://b:1'
    store = EtcdStore(("http://a:2379",), TlsFiles(), user='o"b$}', password="secret")
    try:
        assert commands.connected("etcdctl get /a", store) == (
            f"ETCDCTL_ENDPOINTS=http://a:2379 ETCDCTL_USER={user} etcdctl get /a"
        )
        assert commands.connected("etcdctl --endpoints=http://b:1 move-leader 1", store) == (
            f"{env} --user={user} {password} move-leader 1"
        )
    finally:
        store.close()


@pytest.mark.parametrize(
    ("url", "tls", "command"),
    [
        ("http://a:2379", TlsFiles(cacert="ca"), "curl http://a:2379/metrics"),
        (
            "https://a:2379",
            TlsFiles(cacert="/a b/ca.crt", cert="c", key="k"),
            "curl --cacert '/a b/ca.crt' --cert c --key k https://a:2379/metrics",
        ),
        ("https://[::1]:2379", TlsFiles(insecure_skip_verify=True), "curl --insecure 'https://[::1]:2379/metrics'"),
        ("http://[fe80::1%eth0]:2379", TlsFiles(), "curl 'http://[fe80::1%25eth0]:2379/metrics'"),
        (
            "https://10.0.0.1:2379",
            TlsFiles(cacert="ca", server_name="etcd"),
            "curl --cacert ca --connect-to ::10.0.0.1:2379 https://etcd:2379/metrics",
        ),
        ("unix:///run/kine.sock", TlsFiles(), "curl --unix-socket /run/kine.sock http://localhost/metrics"),
        ("unix://a b:2379", TlsFiles(), "curl --unix-socket 'a b:2379' http://localhost/metrics"),
        (
            "unixs:///run/etcd.sock",
            TlsFiles(cacert="ca", server_name="etcd"),
            "curl --unix-socket /run/etcd.sock --cacert ca https://etcd/metrics",
        ),
    ],
)
def test_curl_gets_the_files_name_and_socket_of_the_connection(url: str, tls: TlsFiles, command: str) -> None:
    store = EtcdStore((url,), tls)
    try:
        assert commands.connected(curl(url, "metrics"), store) == command
    finally:
        store.close()


def test_a_command_is_left_alone_where_a_file_is_open() -> None:
    assert commands.connected("etcdctl get /a", StaticStore("f", [])) == "etcdctl get /a"
