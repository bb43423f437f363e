"""What Go itself made (tools/vectors): kinds filled with random values, and objects as kubectl prints them."""

from __future__ import annotations

import base64
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

from etcdview.codec import Codec, to_json, to_yaml
from etcdview.kube import openshift
from tests.unit.codec.conftest import canonical

VECTORS = Path(__file__).parent.parent.parent / "testdata" / "vectors"


def _rows(name: str) -> list[dict[str, Any]]:
    with gzip.open(VECTORS / name, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_every_random_value_of_forty_kinds_is_what_go_makes_of_it() -> None:
    counts: Counter[str] = Counter()
    kinds = set()
    for row in _rows("kinds.jsonl.gz"):
        decoded = Codec(release=row["release"]).decode(b"", base64.b64decode(row["value"]))
        wanted = json.loads(row["object"])
        kinds.add((row["release"], wanted["apiVersion"], wanted["kind"]))
        counts["exact" if canonical(decoded.object) == canonical(wanted) else f"wrong {kinds}"] += 1
        assert decoded.unknown_fields == ()
    assert counts == {"exact": 126}
    assert len(kinds) == 42
    print("Go vectors: 126 of 126 exact, 42 kinds")  # noqa: T201 - the counts, shown by -rP


def test_a_random_value_of_each_kind_of_openshift_is_what_go_makes_of_it_and_goes_back() -> None:
    kinds = []
    for row in _rows("openshift.jsonl.gz"):
        codec, value = Codec(), base64.b64decode(row["value"])
        decoded = codec.decode(b"", value)
        wanted = json.loads(row["object"])
        kinds.append(wanted["kind"])
        assert canonical(decoded.object) == canonical(wanted), wanted["kind"]
        assert decoded.unknown_fields == ()
        assert codec.encode(decoded.object or {}, decoded.storage, b"") == value, wanted["kind"]
    assert sorted(kinds) == sorted(resource.kind for resource in openshift.TYPES)


def test_clean_random_values_re_encode_to_the_bytes_that_go_wrote() -> None:
    """Each third value holds what cannot come back (broken UTF-8, null or spaces in raw JSON), and must say so."""
    clean: Counter[bool] = Counter()
    for number, row in enumerate(_rows("kinds.jsonl.gz")):
        codec = Codec(release=row["release"])
        value = base64.b64decode(row["value"])
        decoded = codec.decode(b"", value)
        same = codec.encode(decoded.object or {}, decoded.storage, b"") == value
        assert same == codec.reencodes(decoded)
        if number % 3 < 2:
            clean[same] += 1
    assert clean == {True: 84}
    print("Go vectors re-encoded to equal bytes: 84 of 84 clean ones")  # noqa: T201 - the counts, shown by -rP


def test_objects_are_printed_as_kubectl_prints_them() -> None:
    rows = _rows("printing.jsonl.gz")
    assert [r["object"] for r in rows if to_yaml(r["object"]) != r["yaml"]] == []
    assert [r["object"] for r in rows if to_json(r["object"]) != r["json"]] == []
    assert len(rows) == 328
    print("printed as kubectl does: 328 of 328, YAML and JSON")  # noqa: T201 - the counts, shown by -rP
