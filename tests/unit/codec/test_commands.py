"""`etcdview decode` and `etcdview encode`, as a user runs them."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

from etcdview.cli.main import run as run_etcdview
from etcdview.codec import to_yaml
from etcdview.codec.protobuf import wire
from tests.unit.codec.building import CONFIG_MAP, stored, with_extra
from tests.unit.codec.conftest import CAPTURE, Stored, canonical

DUMP = CAPTURE / "registry.jsonl.gz"
ENCRYPTION = CAPTURE / "encryption-config.yaml"
SECRETBOX = ("--encryption-config", str(ENCRYPTION), "--provider", "secretbox")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left."""

    returncode: int
    stdout: bytes
    stderr: bytes


class Run(Protocol):
    """Runs etcdview with these arguments."""

    def __call__(self, *args: object, stdin: bytes = b"") -> Done: ...


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    """The command, with no setting of this machine's."""
    for name in [name for name in os.environ if name.startswith(("ETCDVIEW_", "ETCDCTL_"))]:
        monkeypatch.delenv(name)

    def call(*args: object, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        status = run_etcdview([str(arg) for arg in args])
        sys.stdout.flush()
        captured = capsysbinary.readouterr()
        return Done(status, captured.out, captured.err)

    return call


def lines(done: Done) -> list[dict[str, Any]]:
    """The JSON lines that it printed."""
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_dump_is_decoded_key_by_key_with_its_stored_form(run: Run, served: dict[str, list[Any]]) -> None:
    rows = lines(run("decode", "--dump", DUMP, "--encryption-config", ENCRYPTION, "-o", "jsonl"))
    assert len(rows) == 573
    assert not [row["key"] for row in rows if "error" in row]
    assert {row["storage"]["provider"] for row in rows} == {"", "aescbc", "aesgcm", "secretbox"}
    login = next(row for row in rows if row["storage"]["provider"] == "aesgcm")
    assert login["storage"] == {"format": "protobuf", "provider": "aesgcm", "keyName": "gcm-a"}
    exact = [row["key"] for row in rows if canonical(row["object"]) in map(canonical, served.get(row["key"], []))]
    assert len(exact) == 566


def test_as_served_all_are_what_the_api_server_answered(run: Run, served: dict[str, list[Any]]) -> None:
    rows = lines(run("decode", "--from", DUMP, "--encryption-config", ENCRYPTION, "--as-served"))
    exact = [row["key"] for row in rows if canonical(row["object"]) in map(canonical, served.get(row["key"], []))]
    assert len(exact) == 570


def test_without_keys_the_encrypted_values_have_an_error_in_place_of_an_object(run: Run) -> None:
    rows = lines(run("decode", "--dump", DUMP))
    closed = [row for row in rows if "error" in row]
    assert len(closed) == 10
    assert all("object" not in row and row["storage"]["format"] == "encrypted" for row in closed)
    assert "--encryption-config" in closed[0]["error"]


def test_a_dump_as_yaml_is_documents(run: Run, tmp_path: Path) -> None:
    small = tmp_path / "dump.jsonl"
    with gzip.open(DUMP) as source:
        small.write_bytes(b"".join(line for line in source if b"/registry/namespaces/" in line))
    done = run("decode", "--dump", small, "-o", "yaml")
    documents = done.stdout.decode().split("---\n")[1:]
    assert len(documents) == small.read_bytes().count(b"\n")
    assert all(document.startswith("apiVersion: v1\nkind: Namespace\n") for document in documents)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_one_value_is_decoded_with_or_without_etcdctls_line_feed(run: Run, end: bytes) -> None:
    done = run("decode", "-o", "yaml", stdin=stored(CONFIG_MAP) + end)
    assert (done.returncode, done.stdout.decode()) == (0, to_yaml(CONFIG_MAP))


def test_one_encrypted_value_needs_its_key(run: Run, stored: tuple[Stored, ...]) -> None:
    row = next(row for row in stored if row.value.startswith(b"k8s:enc:aesgcm:"))
    with_key = run("decode", "--encryption-config", ENCRYPTION, "--key", row.key, stdin=row.value + b"\n")
    assert json.loads(with_key.stdout)["kind"] == "Secret"
    without = run("decode", "--encryption-config", ENCRYPTION, stdin=row.value)
    assert without.returncode == 1
    assert b"--key" in without.stderr


def test_a_cut_value_shows_what_there_is_and_fails(run: Run) -> None:
    done = run("decode", stdin=stored(CONFIG_MAP)[:-5])
    assert done.returncode == 1
    assert json.loads(done.stdout)["metadata"]["name"] == "settings"
    assert b"is cut short or damaged at byte" in done.stderr
    assert b"Traceback" not in done.stderr


def test_fields_of_a_newer_release_are_told(run: Run) -> None:
    done = run("decode", stdin=with_extra(stored(CONFIG_MAP), wire.delimited(999, b"new")))
    assert done.returncode == 0
    assert b"number 999, bytes, 3 bytes" in done.stderr


def test_unknown_fields_are_in_the_lines_of_a_dump(run: Run, tmp_path: Path) -> None:
    value = base64.b64encode(with_extra(stored(CONFIG_MAP), wire.delimited(999, b"new"))).decode()
    row = {"key": "/registry/configmaps/shop/settings", "mod_revision": 7, "value": value}
    (tmp_path / "dump.jsonl").write_text(json.dumps(row) + "\n")
    [shown] = lines(run("decode", "--dump", tmp_path / "dump.jsonl"))
    assert shown["unknownFields"][0]["number"] == 999
    assert shown["object"]["metadata"]["resourceVersion"] == "7"


@pytest.mark.parametrize("text", [json.dumps(CONFIG_MAP), to_yaml(CONFIG_MAP)], ids=["JSON", "YAML"])
@pytest.mark.parametrize("form", ["protobuf", "json", "cbor"])
def test_what_is_encoded_decodes_to_the_same(run: Run, text: str, form: str) -> None:
    encoded = run("encode", "--format", form, stdin=text.encode())
    assert encoded.returncode == 0, encoded.stderr
    assert json.loads(run("decode", stdin=encoded.stdout).stdout) == CONFIG_MAP


def test_built_in_kinds_are_protobuf_and_others_json(run: Run) -> None:
    custom = {"apiVersion": "example.org/v1", "kind": "Backup", "spec": {}}
    assert run("encode", stdin=json.dumps(CONFIG_MAP).encode()).stdout.startswith(b"k8s\0")
    assert run("encode", stdin=json.dumps(custom).encode()).stdout.startswith(b"{")


def test_encrypting_takes_the_first_key_of_the_provider(run: Run) -> None:
    encoded = run("encode", *SECRETBOX, stdin=json.dumps(CONFIG_MAP).encode())
    assert encoded.stdout.startswith(b"k8s:enc:secretbox:v1:box-new:")
    assert json.loads(run("decode", *SECRETBOX[:2], stdin=encoded.stdout).stdout) == CONFIG_MAP


@pytest.mark.parametrize(
    ("args", "text", "complaint"),
    [
        ((), "", "Not an object"),
        ((), "a: b", "apiVersion or kind is missing"),
        ((), "[1]", "Not an object"),
        ((), "{", "Neither YAML nor JSON"),
        ((), "a: [", "Neither YAML nor JSON"),
        (("--format", "protobuf"), '{"apiVersion": "x/v1", "kind": "X"}', "the kind 'X' of 'x/v1'"),
        ((), '{"apiVersion": "v1", "kind": "ConfigMap", "dtaa": {}}', "a field dtaa"),
        ((), '{"apiVersion": "v1", "kind": "ConfigMap", "immutable": "yes"}', "immutable cannot be stored"),
        ((), '{"apiVersion": "v1", "kind": "ConfigMap", "data": []}', "data is a list, not an object"),
        ((), '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"creationTimestamp": 7}}', "creationTimestamp"),
        ((), '{"apiVersion": "v1", "kind": "Secret", "data": {"a": "%"}}', "data.a cannot be stored"),
        (("--provider", "aescbc"), "{}", "No aescbc key"),
        ((*SECRETBOX[:2], "--provider", "aesgcm"), "{}", "--key"),
    ],
)
def test_what_cannot_be_encoded_says_why(run: Run, args: tuple[str, ...], text: str, complaint: str) -> None:
    done = run("encode", *args, stdin=text.encode())
    assert done.returncode == 2
    assert done.stdout == b""
    assert complaint in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_one_key_of_a_dump_is_decoded_alone(run: Run) -> None:
    done = run("decode", "--from", DUMP, "--key", "/registry/namespaces/shop")
    assert [row["key"] for row in lines(done)] == ["/registry/namespaces/shop"]
