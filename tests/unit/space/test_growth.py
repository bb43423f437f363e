"""What grew between two files, by type, namespace and object."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.stores.files.dump import read_dump, write_dump
from webapp import create_app

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz"
CART = b"/registry/deployments/shop/cart"


def test_types_that_grew_or_shrank_are_rows_and_the_rest_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kvs = list(read_dump(CAPTURE))
    (cart,) = (kv for kv in kvs if kv.key == CART)
    events = [kv for kv in kvs if kv.key.startswith(b"/registry/events/")]
    copies = [replace(cart, key=CART + b"-%d" % number) for number in range(3)]
    write_dump(
        sorted([*(kv for kv in kvs if kv not in events), *copies], key=lambda kv: kv.key), tmp_path / "new.jsonl"
    )
    new = str(tmp_path / "new.jsonl")

    assert run(["space", "--from", new, "--against", str(CAPTURE), "-o", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    rows = {row["resource"]: row for row in found["rows"]}
    grown = {name: (row["keys"] - row["keysBefore"], row["bytes"] - row["bytesBefore"]) for name, row in rows.items()}
    lost = sum(len(kv.value) for kv in events)

    assert grown == {"events": (-len(events), -lost), "deployments.apps": (3, 3 * len(cart.value))}
    assert found["total"]["keys"] == found["total"]["keysBefore"] + 3 - len(events)

    assert run(["space", "--from", new, "--against", str(CAPTURE), "--by", "namespace"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["NAMESPACE", "KEYS", "GROWN", "BY", "SIZE", "GROWN", "BY"]
    assert lines[-1].split()[0] == "total"

    assert run(["space", "--from", new, "--against", str(CAPTURE), "--by", "object", "--limit", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 5
    sizes = {kv.key.decode(): len(kv.value) for kv in (*events, *copies)}
    shown = [line.split()[0] for line in lines[2:-1]]
    assert sorted(sizes[key] for key in shown) == sorted(sizes.values())[-2:]
    assert run(["space", "--from", new, "--against", str(CAPTURE), "--by", "object", "-o", "json", "--limit", "0"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {(row["key"], row["keys"] - row["keysBefore"]) for row in rows} == {
        *((kv.key.decode(), -1) for kv in events),
        *((kv.key.decode(), 1) for kv in copies),
    }


def test_the_page_shows_what_grew_since_a_file_to_compare_with(tmp_path: Path) -> None:
    kvs = list(read_dump(CAPTURE))
    write_dump([kv for kv in kvs if kv.key != CART], tmp_path / "old.jsonl")
    settings = Settings(from_file=str(CAPTURE), compare=(str(tmp_path / "old.jsonl"),), facts="off")
    cluster = open_cluster(settings)
    try:
        client = create_app(settings, cluster).test_client()
        assert "Show what grew" in client.get("/space").text
        page = " ".join(client.get("/space?against=old.jsonl").text.split())
        unknown = client.get("/space?against=other").text
    finally:
        cluster.close()
    assert "deployments.apps" in page
    assert f'<a href="/object?key=/registry/deployments/shop/cart">{CART.decode()}</a>' in page
    assert "Unknown source" in unknown
