"""What a rescue reads: the backup once, and of the live cluster each key that it looks for once."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from etcdview.cluster.sources import open_file
from etcdview.config import Settings
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.pages.tools.rescue import Rescue, RescueRequest
from etcdview.stores.files.dump import write_dump
from etcdview.stores.protocols import Store

MANY = 300


def stored(path: Path, keys: dict[str, str]) -> Store:
    """A dump of ConfigMaps of one owner, by their texts."""
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "uid": "u"}
    kvs = []
    for revision, (name, text) in enumerate(sorted(keys.items()), 2):
        metadata = {"name": name, "namespace": "shop", "labels": {"app": "cart"}, "ownerReferences": [owner]}
        obj = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"v": text}}
        kvs.append(KeyValue(f"/registry/configmaps/shop/{name}".encode(), 2, revision, 1, 0, json.dumps(obj).encode()))
    write_dump(kvs, path)
    return open_file(path)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Store, Store, Counter[str]]:
    """A backup and a live cluster that lacks half of it and has the rest otherwise; and how often each was read."""
    names = [f"c{number:05}" for number in range(MANY)]
    backup = stored(tmp_path / "backup.jsonl.gz", dict.fromkeys(names, "old"))
    live = stored(tmp_path / "live.jsonl.gz", dict.fromkeys(names[::2], "new"))
    counts: Counter[str] = Counter()
    for name, store in (("backup", backup), ("live", live)):

        def ranged(wanted: Range, name: str = name, store: Store = store) -> RangeResult:
            counts[name] += 1
            return type(store).range(store, wanted)

        def many(keys: Sequence[bytes], name: str = name, store: Store = store, **how: object) -> dict[bytes, KeyValue]:
            counts[name] += 1
            return type(store).get_many(store, keys, **how)  # type: ignore[arg-type]  # handed on

        monkeypatch.setattr(store, "range", ranged)
        monkeypatch.setattr(store, "get_many", many)
    return backup, live, counts


@pytest.mark.parametrize("labels", ["", "app=cart"])
def test_neither_side_is_read_again_for_each_key(reads: tuple[Store, Store, Counter[str]], labels: str) -> None:
    backup, live, counts = reads

    rescue = Rescue(backup, live, Settings(), RescueRequest(labels=labels), 0)
    counts.clear()
    plan = rescue.plan()

    assert (len(plan.items), len(plan.different)) == (MANY // 2, MANY // 2)
    assert counts["backup"] < 20
    assert counts["live"] < 20
