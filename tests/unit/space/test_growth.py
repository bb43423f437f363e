"""What grew between two files, by type and namespace."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.stores.files.dump import read_dump, write_dump

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
