"""Files, flags and texts that cannot be used: each is told in words, and never in those of Python."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import click
import pytest

from etcdview.cli.main import COMMANDS, cli, run

CAPTURE = str(Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz")
NOWHERE = "https://127.0.0.1:1"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: x{meta}}}\nspec: {spec}\n"
FILES: dict[str, bytes] = {
    "text": b"not json\n",
    "key-number": b'{"key": 1, "value": ""}\n',
    "not-base64": b'{"key": "/a", "value": "!!!"}\n',
    "no-number": b'{"key": "/a", "mod_revision": "x", "value": "YQ=="}\n',
    "no-value": b'{"key": "/a"}\n',
    "broken-line": b'{"key": "/a", \n',
    "answer": b'{"header":{},"kvs":[{"key":"?"}]}\n',
    "no-header": b'{"kvs":[{"key":"YQ=="}]}\n',
    "gzip": b"\x1f\x8b\x08\x00garbage",
    "bytes": b"\xff\xfe\x00",
    "protobuf": b"k8s\x00garbage",
    "cbor": b"\xd9\xd9\xf7\xa1\x61",
    "cbor-key": b"\xd9\xd9\xf7\xa1\xa0\x01",
    "json": b'{"a": nope}',
    "yaml": b"a: [b\n",
    "toml": b"a = [\n",
    "pem": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "key-pem": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    "list-of-pod": POD.format(meta="", spec="{containers: 5}").encode(),
    "object-of-pod": POD.format(meta="", spec="[]").encode(),
    "text-of-pod": POD.format(meta="", spec="{nodeName: 1}").encode(),
    "truth-of-pod": POD.format(meta="", spec="{hostNetwork: maybe}").encode(),
    "time-of-pod": POD.format(meta=", creationTimestamp: yesterday", spec="{}").encode(),
    "number-of-pod": POD.format(meta=", generation: many", spec="{}").encode(),
    "secret": b"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: '!!'}\n",
    "secret-number": b"apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {a: 5}\n",
    "kind-only": b"kind: X\n",
    "users": b'{"users": 5}',
    "empty": b"",
    "blank": b"\n\n",
    "empty-gzip": gzip.compress(b""),
}
SOURCES = ("nosuch", "folder", *list(FILES)[:11], "empty", "blank", "empty-gzip")
# command and arguments; an argument @name is the file of that name
BAD: list[list[str]] = [
    *([command, *between, f"@{name}"] for name in SOURCES for command, *between in (
        ("get", "pods", "--from"), ("snapshot", "status"), ("decode", "--from"))),
    *(["decode", f"@{name}"] for name in ("nosuch", "folder", "text", "bytes", "protobuf", "cbor", "cbor-key", "json")),
    *(["encode", "--key", "/registry/pods/a/x", f"@{name}"] for name in FILES if name not in ("answer", "users")),
    *(["get", "pods", "--config", f"@{name}"] for name in ("nosuch", "folder", "text", "bytes", "toml")),
    *(["get", "pods", "--from", CAPTURE, "--encryption-config", f"@{name}"]
      for name in ("nosuch", "folder", "text", "bytes", "yaml", "kind-only")),
    *(["get", "pods", "--endpoints", NOWHERE, "--cacert", f"@{name}"]
      for name in ("nosuch", "folder", "text", "bytes", "pem")),
    *(["get", "pods", "--endpoints", NOWHERE, "--cert", "@pem", "--key", f"@{name}"]
      for name in ("nosuch", "folder", "text", "pem", "key-pem")),
    *(["get", "pods", flag, value] for flag, value in (
        ("--command-timeout", "x"), ("--kubernetes-version", "x"), ("--endpoints", "x"), ("--endpoints", "http://a:b"),
        ("--endpoints", "http://[::1"), ("--endpoints", f"http://{'a' * 70}.invalid:1"), ("--endpoints", "unix://"))),
    *(["get", "pods", "--from", CAPTURE, flag, value] for flag, value in (
        ("-o", "jsonpath={"), ("-o", "custom-columns=A"), ("-o", "custom-columns=A:{"), ("-l", "a in (b"),
        ("--field-selector", "x"), ("--sort-by", ".a["), ("--now", "yesterday"), ("--now", "2026-99-01T00:00:00Z"))),
    ["search", "(", "--mode", "regex", "--from", CAPTURE],
    ["search", "a", "--mode", "x"],
    ["history", "nosuch", "--from", CAPTURE],
    ["describe", "pods", "nosuch", "--from", CAPTURE],
    ["watch", "--from", CAPTURE],
    ["diff", "@nosuch", CAPTURE],
    ["diff", "@empty", CAPTURE],
    ["diff", CAPTURE, CAPTURE, "-n", "shpo"],
    ["export", "@export-of-nothing", "--from", CAPTURE, "-n", "shpo"],
    ["export", "-", "--as", "list", "--from", CAPTURE, "-n", "shpo"],
    ["get", "pods", "--from", f"{CAPTURE}@x"],
    ["get", "pods", "--from", "live@2026-11-28T02:55Z"],
    ["kubeconfig", "--at", "yesterday"],
    ["rescue"],
    ["rescue", "--from", "@nosuch", "--endpoints", NOWHERE],
    ["rescue", "--from", CAPTURE, "--endpoints", NOWHERE],
    ["rescue", "--from", CAPTURE, "--into-etcd"],
    ["rescue", "--from", CAPTURE, "--into-etcd", "--allow-writes", "-o", "@new"],
    *(["restore", "plan", *words] for words in (
        [], ["@nosuch"], ["@folder"], ["@text"], ["@gzip"], [CAPTURE], ["@nosuch", "--data-dir", "etcd"],
        ["@nosuch", "-o", "x"])),
    ["diff", "@text", CAPTURE],
    ["export", "@folder/no/such", "--from", CAPTURE],
    ["export", "@folder", "--from", CAPTURE],
    *(["export", "@new", "--from", CAPTURE, *more] for more in (
        ["--for-apply"], ["--as", "x"], ["nosuch", "--as", "zip"], ["pods", "--prefix", "/a"],
        ["--as", "zip", "-l", "a in (b"], ["--as", "zip", "--field-selector", "x"])),
    ["export", "-", "--from", CAPTURE],
    ["export", "@users", "--as", "dir", "--from", CAPTURE],
    ["export", "@users", "--as", "list", "--from", CAPTURE],
    ["undo", "/x", "--undo-file", "@folder"],
    *(["user", "list", "--users-file", f"@{name}"] for name in ("nosuch", "folder", "text", "bytes", "users")),
    ["user", "token", "ann", "--users-file", "@users", "--days", "x"],
    *(["serve", "--listen", "127.0.0.1:1", flag, value] for flag, value in (
        ("--listen", "x"), ("--listen", "127.0.0.1:99999"), ("--workers", "x"), ("--memory-limit", "x"),
        ("--session-lifetime", "x"), ("--trusted-proxies", "x"), ("--public-url", "x"))),
    ["demo", "--port", "x"],
    ["completion"],
    ["completion", "tcsh"],
    ["open", "@nosuch", "--listen", "x"],
    *(["kubeconfig", flag, value] for flag, value in (("--server", "x"), ("--ca", "@nosuch"), ("--ca", "@text"))),
    *(["shell", f"@{name}"] for name in ("nosuch", "folder", "text")),
    ["doctor", "--endpoints", "x:y"],
    ["health", "--endpoints", "x:y"],
    ["members", "--from", "@nosuch"],
    ["members", "@folder"],
    ["members", "--values"],
    ["members", "--diff", "@text", "@text"],
    ["members", "--diff", CAPTURE],
    ["members", "--diff", "--endpoints", NOWHERE],
    ["space", "--from", "@text"],
    ["space", "--from", CAPTURE, "--against", "@nosuch"],
    ["space", "--from", CAPTURE, "--against", "@text"],
    ["space", "--from", CAPTURE, "--against", "live"],
    ["space", "--from", CAPTURE, "--against", f"{CAPTURE}@x"],
    ["space", "--from", CAPTURE, "--against", CAPTURE, "-o", "csv"],
    ["space", "--endpoints", NOWHERE],
    ["snapshot", "save", "@folder", "--endpoints", NOWHERE],
    *(["snapshot", "verify", *words] for words in (["@nosuch"], ["@text"], [CAPTURE, "--max-age", "x"])),
    ["snapshot", "verify", CAPTURE, "--live", "--endpoints", NOWHERE],
]  # fmt: skip
PYTHONS = re.compile(
    r"Errno|Traceback|\w+Error\b|\bcodec can't|invalid literal|line \d+ column \d+ \(char|\bbase 10\b|object has no"
    r"|not supported between|ParseError|\(_ssl\.c|\b(int|str|dict|NoneType|bytes-like)\b|None\b|binascii|asn1"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("bad")
    (found / "folder").mkdir()
    for name, content in FILES.items():
        (found / name).write_bytes(content)
    return found


@pytest.mark.parametrize("arguments", BAD, ids=lambda a: " ".join(a).replace(CAPTURE, "FILE")[:70])
def test_what_cannot_be_used_is_told_in_words(
    arguments: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [str(folder / a[1:]) if a.startswith("@") else a for a in arguments]
    status = run(given)
    said = capsys.readouterr().err.replace(str(folder), "")

    assert status in (1, 2, 3)
    assert said.startswith("etcdview: "), said
    assert not PYTHONS.search(said), said


def test_every_command_is_among_those_that_are_given_something_bad() -> None:
    used = {(a[0], a[1]) if a[0] in ("user", "snapshot", "restore") else (a[0],) for a in BAD}
    assert {words[0] for words in used} == set(COMMANDS)
    snapshot = cli.get_command(click.Context(cli), "snapshot")
    assert isinstance(snapshot, click.Group)
    assert {words[1] for words in used if words[0] == "snapshot"} == set(snapshot.commands)
