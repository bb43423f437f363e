"""What is decoded to judge a state is enough: every captured object has the same state as when it is decoded whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from etcdview.codec import Codec, Detail
from etcdview.relations.model import kind_of
from etcdview.relations.states import HEALTH_KINDS, state_of
from etcdview.stores.files.dump import read_dump

NOW = datetime(2026, 11, 23, tzinfo=UTC)
LATER = NOW + timedelta(days=400)


def test_the_parts_that_are_kept_for_a_state_decide_it_as_the_whole_object_does(capture: Path) -> None:
    codec, seen = Codec(), set()
    for kv in read_dump(capture / "registry.jsonl.gz"):
        whole = codec.decode(kv.key, kv.value, detail=Detail.CELLS).object
        body = codec.outline(kv.key, kv.value, lambda api_version, kind: True).body
        if whole is None:
            continue
        assert body is not None, kv.key
        assert state_of(body, NOW) == state_of(whole, NOW), kv.key
        assert state_of(body, LATER) == state_of(body, NOW), kv.key  # facts judge objects that are alike once
        seen.add(kind_of(whole))

    assert len(seen & set(HEALTH_KINDS)) >= 15
