"""What etcdctl prints of keys and values: `-w json`, as an answer of one key or of a whole prefix."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from etcdview.models import KeyValue


def is_answer(row: object) -> bool:
    """Whether parsed JSON is an answer of `etcdctl get -w json`: a header of etcd's, with keys or with none."""
    if not isinstance(row, Mapping) or "kind" in row:
        return False
    header = row.get("header")
    return isinstance(header, Mapping) and "revision" in header and isinstance(row.get("kvs", []), list)


def answer_keys(row: Mapping[str, Any]) -> Iterator[KeyValue]:
    """The keys of an answer. Raises ValueError, KeyError, TypeError or AttributeError where it is not one."""
    for kv in row.get("kvs", ()):
        yield KeyValue(
            key=base64.b64decode(kv["key"], validate=True),
            create_revision=int(kv.get("create_revision", 0)),
            mod_revision=int(kv.get("mod_revision", 0)),
            version=int(kv.get("version", 0)),
            lease=int(kv.get("lease", 0)),
            value=base64.b64decode(kv.get("value", ""), validate=True),
        )
