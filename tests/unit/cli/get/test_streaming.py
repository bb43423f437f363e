"""`etcdview get` prints objects as it reads them: in chunks, in every output, and says what it has to hold."""

from __future__ import annotations

import json

import click
import pytest

from etcdview.cli.get import run
from etcdview.cli.terminal import remark
from etcdview.config import Settings
from etcdview.models import Range, RangeResult
from etcdview.pages.tools.get import read, remarks
from etcdview.pages.tools.get.forms import Style, form
from etcdview.pages.tools.get.read import Query, Reader
from etcdview.stores.files.memory import StaticStore
from tests.unit.pages.registry_of import kv, obj

COUNT, CHUNK = 3_000, 50
PIECE_BYTES = 20_000  # some 130 objects, of which three pieces may be read ahead
NAMES = [f"c{number:05d}" for number in range(COUNT)]
KVS = [kv(f"/registry/configmaps/shop/{name}", obj("ConfigMap", "shop", name)) for name in NAMES]


class _Watched(StaticStore):
    """A store that notes how much had been printed when it was read last."""

    def __init__(self, printed: list[str | bytes]) -> None:
        super().__init__("keys", KVS)
        self._printed = printed
        self.before_last = 0

    def range(self, request: Range) -> RangeResult:
        """See Store.range."""
        self.before_last = len(self._printed)
        return super().range(request)


def get(store: StaticStore, output: str, chunk_size: int = CHUNK, sort_by: str = "") -> int:
    as_table = output in ("", "wide", "table-json")
    reader = Reader(store, Settings(), Query(namespace="", as_table=as_table, sort_by=sort_by), remark)
    return run(reader, ["configmaps"], Style(**form(output)), chunk_size=chunk_size)


@pytest.mark.parametrize(
    "output",
    [
        *("", "wide", "name", "json", "yaml", "table-json", "custom-columns=N:.metadata.name"),
        *("jsonpath={.items[*].metadata.name}", 'jsonpath={range .items[*]}{.metadata.name}{"\\n"}{end}'),
    ],
)
def test_rows_are_printed_before_the_rest_is_read(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    printed: list[str | bytes] = []
    monkeypatch.setattr(click, "echo", lambda piece, **_: printed.append(piece))
    monkeypatch.setattr(read, "_PIECE_BYTES", PIECE_BYTES)
    store = _Watched(printed)

    assert get(store, output) == 0

    whole, before_last = (
        "".join(piece if isinstance(piece, str) else piece.decode() for piece in pieces)
        for pieces in (printed, printed[: store.before_last])
    )
    assert [name for name in NAMES if name in whole] == NAMES
    assert len([name for name in NAMES if name in before_last]) >= COUNT // 2


@pytest.mark.parametrize("output", ["", "name", "json", "yaml", "table-json", "jsonpath={.items[*].metadata.name}"])
def test_the_size_of_chunks_changes_nothing(capsys: pytest.CaptureFixture[str], output: str) -> None:
    store = StaticStore("keys", KVS[:50])
    texts = set()
    for size in (0, 7, 50):
        get(store, output, size)
        texts.add(capsys.readouterr().out)

    assert len(texts) == 1


def test_json_of_many_objects_is_one_list(capsys: pytest.CaptureFixture[str]) -> None:
    store = StaticStore("keys", KVS)

    get(store, "json")

    whole = json.loads(capsys.readouterr().out)
    assert [item["metadata"]["name"] for item in whole["items"]] == NAMES


def test_columns_never_get_narrower(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["a" * 40, "b", "c" * 50, "d"]
    store = StaticStore("keys", [kv(f"/registry/configmaps/shop/{n}", obj("ConfigMap", "shop", n)) for n in names])

    get(store, "", 1)

    lines = capsys.readouterr().out.splitlines()
    assert [line.index(" 0 ") for line in lines[1:]] == [54, 54, 64, 64]


def test_an_order_says_how_much_it_holds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remarks, "MANY", 1_000)
    store = StaticStore("keys", KVS)

    get(store, "name", sort_by=".metadata.name")

    said = capsys.readouterr()
    assert said.out.split() == [f"configmap/{name}" for name in NAMES]
    assert said.err.startswith("etcdview: --sort-by holds all 3,000 objects (")
    assert said.err.endswith(" as stored) in memory.\n")


def test_a_template_over_all_items_at_once_says_that_it_holds_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remarks, "MANY", 1_000)

    get(StaticStore("keys", KVS), "jsonpath={.items[-1:].metadata.name}")

    assert capsys.readouterr() == (
        NAMES[-1],
        "etcdview: -o jsonpath with this template holds all 3,000 objects in memory.\n",
    )
