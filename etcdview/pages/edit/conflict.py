"""Somebody else changed the key while it was edited: what it was, what it is now, and what was typed, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any

from etcdview.cluster.window import Window
from etcdview.errors import CompactedError, EncodeError, FutureRevisionError
from etcdview.kube.fields import without_managed_fields
from etcdview.kube.redaction import is_sensitive
from etcdview.kube.three_way import ThreeWayField, merged, three_way
from etcdview.models import KeyValue
from etcdview.pages.edit.writing import Writing
from etcdview.pages.parts.addresses import key_href
from etcdview.writes.drafts import Drafter
from etcdview.writes.manifests import read_manifest
from etcdview.writes.masks import unmasked

MOST_FIELDS = 300

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed, and the revision that it began from. `form` is its language; `managed`: with managed fields."""

    text: str
    form: str
    managed: bool
    revision: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """The two changes beside each other. `note` says why there are no `fields`, where there are none.

    `theirs_href` starts again from what is there now; `can_merge`: yours can be put on theirs.
    """

    base_revision: int
    now_revision: int
    fields: tuple[ThreeWayField, ...]
    note: str
    theirs_href: str
    can_merge: bool


def shown_object(window: Window, kv: KeyValue, *, managed: bool) -> Object:
    """The object as the editor shows it, masked. Raises EncodeError for what cannot be edited."""
    obj = _editable(window, kv)
    masked = _masked(window, kv.key, obj, str(obj.get("kind", "")))
    return masked if managed else without_managed_fields(masked)


def conflict_of(window: Window, writing: Writing, typed: Typed, now: KeyValue) -> Conflict:
    """What both changed since the text was made; `now` is what is there."""
    fields: tuple[ThreeWayField, ...] = ()
    note, can_merge = "", False
    base = _base(writing, typed, now.key)
    if base is None:
        note = f"Revision {typed.revision}, which you began from, is compacted: what each changed is not known."
    else:
        try:
            fields, can_merge = _fields(window, typed, base, now), True
        except EncodeError as error:
            note = f"The changes cannot be compared: {error.what}"
    theirs = key_href("/edit", now.key, form=typed.form, managed="1" if typed.managed else "")
    return Conflict(typed.revision, now.mod_revision, fields, note, theirs, can_merge)


def both_changes(window: Window, writing: Writing, typed: Typed, now: KeyValue) -> Object:
    """Yours on theirs; where both changed a field it is yours.

    Raises EncodeError for a text that is not an object, or where the value that it began from is compacted.
    """
    base = _base(writing, typed, now.key)
    if base is None:
        raise EncodeError(f"Revision {typed.revision}, which you began from, is compacted.", "Start from theirs.")
    began, theirs = (shown_object(window, kv, managed=typed.managed) for kv in (base, now))
    # as it was typed: a new value of a Secret must not become its own mask
    yours = _stripped(read_manifest(typed.text, typed.form), typed)
    return dict(merged(began, theirs, yours))


def _fields(window: Window, typed: Typed, base: KeyValue, now: KeyValue) -> tuple[ThreeWayField, ...]:
    """All three sides masked: what was typed, too."""
    stored, given = _editable(window, base), read_manifest(typed.text, typed.form)
    kind = str(stored.get("kind", ""))
    real = unmasked(given, stored, window.cluster.redactor, _is_secret(window, now.key, kind))
    yours = _stripped(_masked(window, now.key, real, kind), typed)
    began, theirs = (shown_object(window, kv, managed=typed.managed) for kv in (base, now))
    return tuple(islice(three_way(began, theirs, yours), MOST_FIELDS))


def _editable(window: Window, kv: KeyValue) -> Object:
    return Drafter(window.cluster.codec, window.cluster.redactor).editable(kv)


def _base(writing: Writing, typed: Typed, key: bytes) -> KeyValue | None:
    try:
        return writing.current(key, typed.revision)
    except (CompactedError, FutureRevisionError):
        return None


def _stripped(obj: Object, typed: Typed) -> Object:
    return obj if typed.managed else without_managed_fields(obj)


def _masked(window: Window, key: bytes, obj: Object, kind: str) -> Object:
    return window.cluster.redactor.mask(obj, _is_secret(window, key, kind))


def _is_secret(window: Window, key: bytes, kind: str) -> bool:
    object_key = window.keyspace.object_key(key)
    return is_sensitive(object_key.resource if object_key else None, kind)
