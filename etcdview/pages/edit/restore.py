"""An older value put back: its very bytes, through the same check and the same confirmation as any other change."""

from __future__ import annotations

from etcdview.cluster.window import Window
from etcdview.errors import EncodeError, NotFoundError, QueryError
from etcdview.kube.keys import show
from etcdview.models import KeyValue
from etcdview.pages.edit.writing import Writing
from etcdview.writes.drafts import Draft


def restoring(window: Window, writing: Writing, key: bytes, at: int, before: KeyValue | None) -> Draft:
    """The change that puts the value of revision `at` in the place of `before`.

    Raises NotFoundError where the key did not exist then, CompactedError where etcd has dropped that revision,
    EncodeError where it is what is stored already.
    """
    if at < 1:
        raise QueryError("No revision is given.", "Choose one on the key's history page.")
    then = writing.current(key, at)
    if then is None:
        raise NotFoundError(
            f"There was no key '{show(key)}' at revision {at:,}.", "Choose another on its history page."
        )
    if before is not None and before.value == then.value:
        raise EncodeError("Nothing changes: this value is already stored.")
    codec = window.cluster.codec
    old, new = codec.decode(key, before.value) if before is not None else None, codec.decode(key, then.value)
    notes = [f"These are the exact bytes stored at revision {then.mod_revision:,}."]
    if new.object is None:
        notes.append("They cannot be decoded; they are restored unchanged.")
    if then.lease:
        notes.append("The lease is not restored: the key stays until it is deleted.")
    return Draft(
        key,
        before,
        old.object if old is not None else None,
        new.object or {},
        then.value,
        new.storage,
        tuple(notes),
    )
