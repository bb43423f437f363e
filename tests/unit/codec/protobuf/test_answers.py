"""What an API server answers and never stores: its lists and its Status, as kube-apiserver 1.36.3 wrote them."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec.protobuf.envelope import wrap
from etcdview.codec.protobuf.protobuf import protobuf_format
from etcdview.codec.protobuf.schema import schema

ANSWERS = Path(__file__).parents[3] / "testdata" / "answers.jsonl.gz"
ROWS: list[dict[str, Any]] = [json.loads(line) for line in gzip.decompress(ANSWERS.read_bytes()).splitlines()]
FORM = protobuf_format(None)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["served"]["kind"])
def test_an_answer_in_protobuf_is_the_same_answer_in_json(row: dict[str, Any]) -> None:
    decoded = FORM.decode(base64.b64decode(row["bytes"]))

    assert (decoded.object, decoded.error, decoded.unknown_fields) == (row["served"], None, ())


def test_there_are_lists_and_statuses() -> None:
    kinds = [row["served"]["kind"] for row in ROWS]

    assert (kinds.count("Status"), len(set(kinds))) == (4, 8)


@pytest.mark.parametrize("api_version", ["v1", "apps/v1", "rbac.authorization.k8s.io/v1beta1"])
def test_every_stored_kind_has_its_list(api_version: str) -> None:
    kinds = [kind for version, kind in schema().kinds() if version == api_version]

    assert kinds
    for kind in kinds:
        decoded = FORM.decode(wrap(api_version, f"{kind}List", b"\x0a\x00"))
        assert decoded.object == {"apiVersion": api_version, "kind": f"{kind}List", "metadata": {}, "items": None}


def test_a_list_that_breaks_off_says_so_and_shows_its_part() -> None:
    whole = next(base64.b64decode(row["bytes"]) for row in ROWS if row["served"]["kind"] == "NamespaceList")

    decoded = FORM.decode(whole[: len(whole) // 2])

    assert decoded.object is None
    assert str(decoded.error).startswith("This NamespaceList is cut short or damaged at byte")
    assert decoded.partial is not None
    assert decoded.partial["items"]


def test_a_list_of_a_kind_that_no_release_has_is_unknown() -> None:
    decoded = FORM.decode(wrap("v1", "GadgetList", b""))

    assert "No release that etcdview knows has GadgetList of v1." in str(decoded.error)
