"""Lists written in parts are what they are in one piece."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from etcdview.codec import json_list, to_json, to_yaml, yaml_list

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
LINES = gzip.decompress((CAPTURE / "objects.jsonl.gz").read_bytes()).splitlines()
ODD = [{"a": "ends in a separator\n\u2028"}, {}, {"a": []}]


@pytest.mark.parametrize("objects", [[], ODD, [json.loads(line)["served"][0] for line in LINES[:40]]])
def test_a_list_in_parts_is_the_list(objects: list[dict[str, Any]]) -> None:
    whole = {"apiVersion": "v1", "items": objects, "kind": "List", "metadata": {"resourceVersion": ""}}

    assert "".join(json_list(objects)) == to_json(whole)
    assert "".join(yaml_list(objects)) == to_yaml(whole)
