"""A change undone from the undo file: the value that was kept goes back, unless the key changes meanwhile."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from etcdview.cluster.sources import open_codec
from etcdview.config import Settings
from etcdview.errors import EncodeError, NotFoundError, SettingError
from etcdview.kube.diff import Difference, differences
from etcdview.kube.keys import KeySpace, show
from etcdview.kube.quantities import size_text
from etcdview.kube.redaction import Redactor
from etcdview.models import KeyValue, Range
from etcdview.objects import Objects
from etcdview.stores.protocols import Store, Writable
from etcdview.writes.undo import Undo, UndoFile, default_path


class WritableStore(Store, Writable, Protocol):
    """A live etcd."""


@dataclass(frozen=True, slots=True)
class UndoPlan:
    """One recorded change and what undoing it does. `current` None: there is no such key now.

    `does` is a sentence; `differences` say what changes in the object, Secrets masked; `notes` what to know before.
    """

    change: Undo
    current: KeyValue | None
    does: str
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = field(default=())


def undo_file(settings: Settings) -> UndoFile:
    """The undo file. Raises SettingError while changes are switched off."""
    if not settings.allow_writes:
        raise SettingError("Writing into etcd is off.", "Add --allow-writes.")
    return UndoFile(Path(settings.undo_file) if settings.undo_file else default_path(os.environ))


def recorded(file: UndoFile, key: bytes) -> tuple[Undo, ...]:
    """The changes of a key that the file keeps, newest first. Raises NotFoundError where it keeps none."""
    found = file.changes_of(key)
    if not found:
        raise NotFoundError(
            f"The undo file {file.path} has no change of {show(key)!r}.",
            "Give the whole key, and with --undo-file the file that etcdview had when it made the change.",
        )
    return found


def undo_plan(settings: Settings, store: Store, key: bytes, at: int | None = None) -> UndoPlan:
    """Undo the newest change of a key, or the newest that replaced the value of revision `at` (0: that created it).

    Raises NotFoundError where there is no such change, EncodeError where nothing would change, and what `store` raises.
    """
    changes = [c for c in recorded(undo_file(settings), key) if at is None or _revision(c) == at]
    if not changes:
        raise NotFoundError(
            f"The undo file has no change of {show(key)} that replaced revision {at}.",
            "List what it has: etcdview undo KEY --list",
        )
    change = changes[0]
    kvs = store.range(Range(key)).kvs
    current = kvs[0] if kvs else None
    if (change.before.value if change.before else None) == (current.value if current else None):
        raise EncodeError("Nothing changes: this value is already stored.")
    return UndoPlan(
        change,
        current,
        _does(change.before, current),
        _differences(settings, store, change.before, current),
        tuple(_notes(change, current)),
    )


def undo(settings: Settings, store: WritableStore, plan: UndoPlan, who: str, now: datetime) -> int:
    """Do it, with the value of now kept in the undo file first; gives the revision.

    Raises ConflictError where the key is not as the plan has seen it, and nothing is changed then.
    """
    key, before, current = plan.change.key, plan.change.before, plan.current
    action = "put" if before is not None else "delete"
    seen = current.mod_revision if current else 0
    with undo_file(settings).keeping([Undo(now, who, action, key, current)]):
        if before is None:
            return store.delete(key, mod_revision=seen)
        return store.put(key, before.value, mod_revision=seen, lease=current.lease if current else 0)


def _revision(change: Undo) -> int:
    return change.before.mod_revision if change.before else 0


def _does(before: KeyValue | None, current: KeyValue | None) -> str:
    if before is None:
        return f"Deletes the key, which is at revision {current.mod_revision if current else 0:,}."
    back = f"the value of revision {before.mod_revision:,} ({size_text(before.size_bytes)})"
    if current is None:
        return f"Creates the key with {back}."
    return f"Replaces revision {current.mod_revision:,} ({size_text(current.size_bytes)}) with {back}."


def _notes(change: Undo, current: KeyValue | None) -> list[str]:
    notes = []
    if current is not None and current.version > (change.before.version if change.before else 0) + 1:
        notes.append("The key has changed since: later changes are lost too.")
    if change.before is not None and change.before.lease and current is None:
        notes.append("The value had a lease; it is restored without one and stays until it is deleted.")
    return notes


def _differences(
    settings: Settings, store: Store, before: KeyValue | None, current: KeyValue | None
) -> tuple[Difference, ...]:
    """Of two objects that can be decoded; nothing otherwise."""
    if before is None or current is None:
        return ()
    redactor = Redactor(os.urandom(32))
    objects = Objects(store, open_codec(settings), KeySpace(settings.etcd_prefix), redactor.mask)
    old, new = objects.row(current).object, objects.row(before).object
    return tuple(differences(old, new)) if old is not None and new is not None else ()
