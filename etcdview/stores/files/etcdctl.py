"""What etcdctl prints of keys and values: `-w json`, as an answer of one key or of a whole prefix."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from typing import Any

from etcdview.models import KeyValue

_SIGN = 1 << 63


def is_answer(row: object) -> bool:
    """Whether parsed JSON is an answer of `etcdctl get -w json`: a header of etcd's, with keys or with none."""
    if not isinstance(row, Mapping) or "kind" in row:
        return False
    header = row.get("header")
    return isinstance(header, Mapping) and "revision" in header and isinstance(row.get("kvs", []), list)


def key_facts(row: Mapping[str, Any]) -> dict[str, int]:
    """The numbers that etcd keeps of a key, 0 where they are missing. Raises ValueError for what no etcd can hold."""
    facts = {name: int(row.get(name, 0)) for name in ("create_revision", "mod_revision", "version", "lease")}
    wrong = next((name for name, number in facts.items() if not -_SIGN <= number < _SIGN), None)
    if wrong is not None:
        raise ValueError(f"{wrong} is larger than 64 bits")
    return facts


def answer_keys(row: Mapping[str, Any]) -> Iterator[KeyValue]:
    """The keys of an answer. Raises ValueError, KeyError, TypeError or AttributeError where it is not one."""
    for kv in row.get("kvs", ()):
        yield KeyValue(
            key=base64.b64decode(kv["key"], validate=True),
            **key_facts(kv),
            value=base64.b64decode(kv.get("value", ""), validate=True),
        )
