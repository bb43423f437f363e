"""What others chose as a key or a name cannot move the terminal's cursor, and no argument ends in a traceback."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from etcdview.cli.main import COMMANDS, run
from etcdview.cli.terminal import argument_bytes, is_text, json_text
from etcdview.cli.watch import line
from etcdview.kube.visible import visible
from etcdview.models import Event, KeyValue
from etcdview.pages.tools.changes import change_line
from etcdview.pages.tools.get.print import Layout, Printer
from etcdview.tables import Column

EVIL = "/registry/a\x1b[2J\x9b31m\r\n\x7f\u202e\u2066\u2028/b"
SPELT = r"/registry/a\x1b[2J\x9b31m\r\n\x7f\u202e\u2066\u2028/b"
KEY_SPELT = SPELT.replace(r"\x9b", r"\u009b")  # a byte that is not UTF-8 would be \x9b


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ETCDVIEW_CONFIG", "")


@pytest.fixture
def dump(tmp_path: Path) -> str:
    rows = [{"key": EVIL}, {"key": "?", "key64": base64.b64encode(b"/registry/\xff").decode()}]
    path = tmp_path / "evil.jsonl"
    path.write_text("".join(json.dumps(row | {"mod_revision": 3, "value": ""}) + "\n" for row in rows))
    return str(path)


def test_what_a_terminal_acts_on_is_spelt_out_and_the_rest_stays() -> None:
    assert visible(EVIL) == SPELT
    assert visible("Müller 東京 🐙 \\x1b") == "Müller 東京 🐙 \\x1b"
    assert visible("\udcff\udc80") == r"\xff\x80"
    assert visible("\ud800") == r"\ud800"


def test_json_that_is_printed_is_safe_and_means_the_same() -> None:
    value = {EVIL: ["\U000e0001", "東京", 1]}
    shown = json_text(value, indent=2)
    assert all(c.isprintable() or c == "\n" for c in shown)
    assert "東京" in shown
    assert json.loads(shown) == value


def test_bytes_of_an_argument_are_kept() -> None:
    assert argument_bytes("/a/\udcff") == b"/a/\xff"
    assert (is_text("/a/ü"), is_text("/a/\udcff")) == (True, False)


def test_search_prints_one_line_a_key_and_no_escape_sequence(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "/registry/", "--from", dump]) == 0
    assert capsys.readouterr().out.splitlines() == [KEY_SPELT, r"/registry/\xff"]


def test_watch_spells_a_key_out() -> None:
    shown = line(change_line(Event(KeyValue(EVIL.encode(), 1, 7, 1))))
    assert shown == f"7  created  {KEY_SPELT}  0"


@pytest.mark.parametrize(
    "arguments",
    [
        ["search", "\udcff"],
        ["search", "/registry/\udcff", "--mode", "prefix"],
        ["search", "\udcff", "--mode", "regex"],
        ["get", "pods\udcff"],
        ["get", "pods", "-n", "\udcff"],
        ["decode", "--key", "/a/\udcff"],
        ["watch", "\udcff"],
        ["no\udcff"],
        ["search", "--no\udcff", "x"],
    ],
    ids=lambda arguments: " ".join(arguments).encode("utf-8", "backslashreplace").decode(),
)
def test_an_argument_that_is_not_utf8_ends_in_a_sentence(
    arguments: list[str], dump: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run([*arguments, *(["--from", dump] if arguments[0] in ("search", "get", "watch", "decode") else [])])
    said = capsys.readouterr()
    assert status in (0, 1, 2)
    assert "Traceback" not in said.err
    assert all(c.isprintable() or c == "\n" for c in said.out + said.err)


def test_a_variable_that_is_not_utf8_ends_in_a_sentence(
    dump: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ETCDVIEW_ETCD_PREFIX", "/\udcff")
    assert run(["get", "pods", "--from", dump]) == 2
    assert "not UTF-8" in capsys.readouterr().err


def test_a_note_of_a_token_cannot_clear_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "users.json"
    assert run(["user", "add", "ann", "--no-password", "--users-file", str(path)]) == 0
    assert run(["user", "token", "ann", "--note", "\x1b[2Jci", "--users-file", str(path)]) == 0
    assert run(["user", "list", "--users-file", str(path)]) == 0
    assert r"\x1b[2Jci" in capsys.readouterr().out


def test_every_command_has_a_line_in_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in COMMANDS)


def test_a_column_that_a_crd_names_moves_no_cursor() -> None:
    printer = Printer([Column("Name", format="name"), Column("\x1b[2Jevil")], Layout())

    assert printer.lines([]) == ["NAME   \\x1b[2JEVIL"]
