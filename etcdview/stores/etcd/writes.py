"""Changing keys: each change is one transaction that compares the key's mod_revision first.

The transactions have the shapes that kine takes too: one comparison, one put or delete, one range where it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etcd3 import etcdrpc

from etcdview.errors import ConflictError, QueryError
from etcdview.kube.keys import show
from etcdview.models import Range
from etcdview.stores.etcd import messages
from etcdview.stores.etcd.messages import Call
from etcdview.stores.etcd.send_once import Once

MAX_KEYS = 128  # etcd's default --max-txn-ops
_AGAIN = "Review its current value, and make the change again."


class Writes:
    """The Writable protocol's half of a live store."""

    timeout_seconds: float
    _once: Once

    def put(self, key: bytes, value: bytes, *, mod_revision: int, lease: int = 0) -> int:
        """See Writable.put. `lease` is the key's own: a put without it would take the key off its lease."""
        put = etcdrpc.RequestOp(request_put=etcdrpc.PutRequest(key=key, value=value, lease=lease))
        return self._change(key, mod_revision, put)

    def delete(self, key: bytes, *, mod_revision: int) -> int:
        """See Writable.delete."""
        return self._change(key, mod_revision, _deletion(key))

    def delete_many(self, mod_revisions: Mapping[bytes, int]) -> int:
        """See Writable.delete_many."""
        if not 0 < len(mod_revisions) <= MAX_KEYS:
            raise QueryError(f"One transaction deletes 1 to {MAX_KEYS} keys, not {len(mod_revisions)}.")
        request = etcdrpc.TxnRequest(
            compare=[_unchanged(key, revision) for key, revision in mod_revisions.items()],
            success=[_deletion(key) for key in mod_revisions],
            failure=[_reading(key, keys_only=True) for key in mod_revisions],
        )
        response = self._send(request)
        if not response.succeeded:
            found = {kv.key: kv.mod_revision for kv in messages.ranges_of(response.responses)}
            changed = [key for key, revision in mod_revisions.items() if found.get(key, 0) != revision]
            raise ConflictError(
                f"{len(changed)} of these {len(mod_revisions)} keys were changed or deleted, {show(changed[0])} "
                "among them: no key was deleted.",
                "Review the current keys, and decide again.",
            )
        return _revision(response)

    def _change(self, key: bytes, mod_revision: int, change: Any) -> int:
        # what is there instead is asked for in the same transaction; kine takes none where a key is to be created
        instead = [_reading(key)] if mod_revision else []
        request = etcdrpc.TxnRequest(compare=[_unchanged(key, mod_revision)], success=[change], failure=instead)
        response = self._send(request)
        if not response.succeeded:
            raise _conflict(key, mod_revision, response)
        return _revision(response)

    def _send(self, request: Any) -> Any:
        return self._once.run(Call("kv", "Txn", request), self.timeout_seconds)


def _unchanged(key: bytes, mod_revision: int) -> Any:
    """That the key is still at that revision; 0, that there is none."""
    compare = etcdrpc.Compare
    return compare(result=compare.EQUAL, target=compare.MOD, key=key, mod_revision=mod_revision)


def _deletion(key: bytes) -> Any:
    return etcdrpc.RequestOp(request_delete_range=etcdrpc.DeleteRangeRequest(key=key))


def _reading(key: bytes, *, keys_only: bool = False) -> Any:
    return etcdrpc.RequestOp(request_range=messages.range_request(Range(key, b"", keys_only=keys_only)))


def _revision(response: Any) -> int:
    revision: int = response.header.revision
    return revision


def _conflict(key: bytes, mod_revision: int, response: Any) -> ConflictError:
    name = show(key)
    if not mod_revision:
        return ConflictError(f"Key {name} already exists; nothing was written.", "Edit it, or choose another name.")
    found = next(iter(messages.ranges_of(response.responses)), None)
    if found is None:
        return ConflictError(
            f"{name} was deleted after revision {mod_revision}. Nothing was written.",
            "Create it again if you need it; its history has the last value until etcd is compacted.",
        )
    return ConflictError(
        f"{name} has changed: it is at revision {found.mod_revision} now, and the change was made for revision "
        f"{mod_revision}. Nothing was written.",
        _AGAIN,
    )
