"""Somebody else changed the key while it was edited: what it was, what it is now, and what was typed, side by side."""

from __future__ import annotations

from dataclasses import dataclass
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

_UNCOMPARED = "the changes cannot be compared."
_REMEDY = "Start again from theirs."

Object = dict[str, Any]


class UnknownBaseError(EncodeError):
    """The value that somebody began from is unknown; `what` is the whole sentence."""


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

    `more`: how many fields differ beyond those of `fields`. `theirs_href` starts again from what is there
    now; `can_merge`: yours can be put on theirs.
    """

    base_revision: int
    now_revision: int
    fields: tuple[ThreeWayField, ...]
    note: str
    theirs_href: str
    can_merge: bool
    more: int = 0


def shown_object(window: Window, kv: KeyValue, *, managed: bool) -> Object:
    """The object as the editor shows it, masked. Raises EncodeError for what cannot be edited."""
    obj = _editable(window, kv)
    masked = _masked(window, kv.key, obj, str(obj.get("kind", "")))
    return masked if managed else without_managed_fields(masked)


def conflict_of(window: Window, writing: Writing, typed: Typed, now: KeyValue) -> Conflict:
    """What both changed since the text was made; `now` is what is there."""
    fields: list[ThreeWayField] = []
    note = ""
    try:
        fields = _fields(window, typed, _base(writing, typed, now.key), now)
    except UnknownBaseError as error:
        note = error.what
    except EncodeError as error:
        note = f"The changes cannot be compared: {error.what}"
    theirs = key_href("/edit", now.key, form=typed.form, managed="1" if typed.managed else "")
    shown = tuple(fields[:MOST_FIELDS])
    return Conflict(typed.revision, now.mod_revision, shown, note, theirs, not note, len(fields) - len(shown))


def both_changes(window: Window, writing: Writing, typed: Typed, now: KeyValue) -> Object:
    """Yours on theirs; where both changed a field it is yours.

    Raises EncodeError for a text that is not an object, or where the value that it began from is unknown.
    """
    base = _base(writing, typed, now.key)
    began, theirs = (shown_object(window, kv, managed=typed.managed) for kv in (base, now))
    # as it was typed: a new value of a Secret must not become its own mask
    yours = _stripped(read_manifest(typed.text, typed.form), typed)
    return dict(merged(began, theirs, yours))


def _fields(window: Window, typed: Typed, base: KeyValue, now: KeyValue) -> list[ThreeWayField]:
    """All three sides masked: what was typed, too."""
    stored, given = _editable(window, base), read_manifest(typed.text, typed.form)
    kind = str(stored.get("kind", ""))
    real = unmasked(given, stored, window.cluster.redactor, _is_secret(window, now.key, kind))
    yours = _stripped(_masked(window, now.key, real, kind), typed)
    began, theirs = (shown_object(window, kv, managed=typed.managed) for kv in (base, now))
    return three_way(began, theirs, yours)


def _editable(window: Window, kv: KeyValue) -> Object:
    return Drafter(window.cluster.codec, window.cluster.redactor).editable(kv)


def _base(writing: Writing, typed: Typed, key: bytes) -> KeyValue:
    """The value that the text began from. Raises UnknownBaseError."""
    began = f"Revision {typed.revision:,}, which you began from,"
    try:
        base = writing.current(key, typed.revision)
    except CompactedError as error:
        raise UnknownBaseError(f"{began} was compacted, so {_UNCOMPARED}", _REMEDY) from error
    except FutureRevisionError as error:
        raise UnknownBaseError(f"{began} is newer than what etcd has, so {_UNCOMPARED}", _REMEDY) from error
    if base is None:
        raise UnknownBaseError(f"The key did not exist at revision {typed.revision:,}, so {_UNCOMPARED}", _REMEDY)
    return base


def _stripped(obj: Object, typed: Typed) -> Object:
    return obj if typed.managed else without_managed_fields(obj)


def _masked(window: Window, key: bytes, obj: Object, kind: str) -> Object:
    return window.cluster.redactor.mask(obj, _is_secret(window, key, kind))


def _is_secret(window: Window, key: bytes, kind: str) -> bool:
    object_key = window.keyspace.object_key(key)
    return is_sensitive(object_key.resource if object_key else None, kind)
