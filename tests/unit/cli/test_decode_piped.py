"""`etcdview decode` of what people really pipe into it, and etcdctl's own JSON as a dump."""

from __future__ import annotations

import base64
import contextlib
import gzip
import io
import json
from pathlib import Path

import click
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from etcdview.cli.main import run
from etcdview.errors import DecodeError
from etcdview.pages.tools.piped import Piped, piped_values

CASES = Path(__file__).parents[2] / "testdata" / "cases"
ETCDCTL = CASES / "decode-etcdctl-outputs"
POD = (ETCDCTL / "plain.bin").read_bytes()[:-1]
KEY = b"/registry/pods/shop/web"
ANSWER = json.loads((ETCDCTL / "w-json.json").read_text())
_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def go_quoted(raw: bytes) -> bytes:
    """As Go's %q writes bytes that are ASCII or not text."""
    return ('"' + "".join(_ESCAPES.get(b) or (chr(b) if 32 <= b < 127 else f"\\x{b:02x}") for b in raw) + '"').encode()


def fields(key: bytes, value: bytes) -> bytes:
    return b"".join(
        (
            b'"ClusterID" : 14841639068965178418\n"MemberID" : 1\n"Revision" : 5\n"RaftTerm" : 2\n',
            b'"Key" : ' + go_quoted(key) + b'\n"CreateRevision" : 2\n"ModRevision" : 5\n"Version" : 1\n',
            b'"Value" : ' + go_quoted(value) + b'\n"Lease" : 0\n"More" : false\n"Count" : 1\n',
        )
    )


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETCDVIEW_CONFIG", "")


FORMS = {
    "value": POD,
    "value and line feed": POD + b"\n",
    "key before": KEY + b"\n" + POD + b"\n",
    "key before, CR LF": KEY + b"\r\n" + POD,
    "odd key before": b"no slash\n" + POD,
    "json": json.dumps(ANSWER).encode(),
    "json laid out": json.dumps(ANSWER, indent=2).encode(),
    "fields": fields(KEY, POD),
    "hex": POD.hex().encode() + b"\n",
    "hex in upper case, in lines": POD.hex(" ", 16).upper().replace(" ", "\n").encode(),
    "hex of etcdctl": "".join(f"\\x{b:02x}" for b in POD).encode(),
    "base64": base64.b64encode(POD) + b"\n",
    "base64 in lines": base64.encodebytes(POD),
    "base64url without padding": base64.urlsafe_b64encode(POD).rstrip(b"="),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_object_is_found_in_every_form(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "piped"
    file.write_bytes(FORMS[form])

    assert run(["decode", str(file)]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["metadata"]["name"] == "web"
    assert said.err == ""


@pytest.mark.parametrize("name", ["plain.bin", "with-key.bin", "w-json.json"])
def test_the_cases_give_the_pod(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["decode", str(ETCDCTL / name), "-o", "yaml"]) == 0
    assert "kind: Pod\n" in capsys.readouterr().out


@pytest.mark.parametrize("before", [b"", KEY + b"\r\n"])
def test_a_terminal_that_changed_the_bytes_is_named_and_no_object_is_printed(
    before: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "piped"
    file.write_bytes(before + (ETCDCTL / "tty.bin").read_bytes())

    assert run(["decode", str(file)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "A terminal changed the bytes" in said.err
    assert "Leave out -t" in said.err


@pytest.mark.parametrize("raw", [b"", b"\n", b"\r\n"])
def test_nothing_is_called_nothing(
    raw: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw)))

    assert run(["decode", "-"]) == 1
    assert "Nothing was read: does the key exist?" in capsys.readouterr().err


def test_an_answer_without_a_key_says_so() -> None:
    for raw in (b'{"header":{"revision":3}}', b'"ClusterID" : 1\n"Revision" : 5\n"More" : false\n"Count" : 0\n'):
        with pytest.raises(DecodeError, match="does the key exist"):
            piped_values(raw)


def test_several_keys_are_all_decoded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "two.json"
    file.write_text(json.dumps(ANSWER | {"kvs": ANSWER["kvs"] * 2}))

    assert run(["decode", str(file)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["key"] for line in lines] == [KEY.decode()] * 2


@pytest.mark.parametrize(
    "raw",
    [
        b'{"kind": "Thing", "header": {"revision": 1}, "kvs": []}',
        b'{"apiVersion": "v1", "header": {"x": 1}}',
        b"deadbeef",
        b"bGV0dGVycw==",
        b"a: b\n",
        b"first\nsecond\n",
        POD.replace(b"\n", b"\r\n", 1),
        b"k8s:enc:aescbc:v1:k:" + bytes(range(14)).replace(b"\n", b"\r\n"),  # one line feed: it happens by chance
        b"k8s\0\x0a\x02v1 without another line feed",
    ],
)
def test_what_only_looks_like_such_a_form_is_left_as_it_is(raw: bytes) -> None:
    assert piped_values(raw) == (Piped(raw),)


@given(st.binary(min_size=200, max_size=400))
def test_encrypted_bytes_are_never_taken_for_a_terminals_doing(random: bytes) -> None:
    raw = b"k8s:enc:secretbox:v1:k:" + random.replace(b"\r\n\r\n\r\n\r\n", b"")
    assume(raw.count(b"\n") != raw.count(b"\r\n") or raw.count(b"\n") < 4)
    assert piped_values(raw) == (Piped(raw),)


@given(st.binary(min_size=1).map(lambda key: b"/" + key), st.binary())
def test_fields_give_any_key_and_value_byte_for_byte(key: bytes, value: bytes) -> None:
    assert piped_values(fields(key, value)) == (Piped(value, key),)


@given(st.binary(min_size=1))
def test_bytes_of_any_kind_are_read_or_told(raw: bytes) -> None:
    with contextlib.suppress(DecodeError):
        assert piped_values(raw)


@pytest.mark.parametrize("layout", [None, 2])
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_for_a_prefix_is_a_dump(
    layout: int | None, packed: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ("all.json.gz" if packed else "all.json")
    text = json.dumps(ANSWER, indent=layout).encode()
    file.write_bytes(gzip.compress(text) if packed else text)

    assert run(["get", "pods", "-A", "--from", str(file)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["shop", "web"]


def test_json_that_is_not_an_answer_is_refused_with_what_to_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other.json"
    file.write_text('{"header": 1, "kvs": 2}')

    assert run(["get", "pods", "--from", str(file)]) in (1, 2, 3)
    assert "etcdctl get --prefix / -w json" in capsys.readouterr().err


def test_a_fault_in_json_is_told_with_one_at(capsys: pytest.CaptureFixture[str]) -> None:
    run(["get", "nodes", "--from", str(CASES / "json-error-wording" / "dump.jsonl")])
    assert "Unterminated string starting at byte 52." in capsys.readouterr().err


def test_stored_escape_sequences_are_piped_as_they_are_and_shown_spelt_out(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    dump = str(CASES / "piped-text-loses-escape-sequences" / "dump.jsonl")

    run(["get", "cm", "c", "-n", "a", "--from", dump, "-o", "jsonpath={.data.motd}"])
    assert capfdbinary.readouterr().out == b"\x1b[1;32mhello\x1b[0m\n"
    run(["search", "esc", "--from", dump])
    assert capfdbinary.readouterr().out == b"esc\\x1b[31mred\n"
    assert click.unstyle("esc\\x1b[31mred") == "esc\\x1b[31mred"
