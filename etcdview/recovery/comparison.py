"""What differs between two states of a registry, key by key, decoded and masked. Equal bytes are not decoded."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from etcdview.codec import Codec, Decoded, encrypted_by
from etcdview.kube.diff import FieldChange, field_changes
from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.kube.redaction import is_sensitive
from etcdview.models import KeyValue, Range
from etcdview.recovery.merge import KeyState, Pair, differing
from etcdview.recovery.noise import COMPACT_REVISION_KEY, noise_of, noise_type

ChangeKind = Literal["added", "removed", "changed"]
Mask = Callable[[dict[str, Any], bool, bytes], dict[str, Any]]
Keeps = Callable[[dict[str, Any]], bool]
UNRECOGNISED = "(unrecognised keys)"
SAME_OBJECT = "Stored in another way; the object is the same."


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key that differs. `fields` without what is noise, unless that was wanted; `noise` names what is.

    `note` says why there are no fields of a changed value.
    """

    key: bytes
    object_key: ObjectKey | None
    change: ChangeKind
    fields: tuple[FieldChange, ...] = ()
    noise: tuple[str, ...] = ()
    note: str = ""

    @property
    def resource(self) -> str:
        """The type as kubectl names it; "" for an unrecognised key."""
        return self.object_key.resource.qualified if self.object_key else ""

    @property
    def namespace(self) -> str:
        """The namespace by the key."""
        return self.object_key.namespace if self.object_key else ""

    @property
    def name(self) -> str:
        """The name by the key."""
        return self.object_key.name if self.object_key else ""

    @property
    def is_noise(self) -> bool:
        """Whether it is a change of which nothing matters, or of a type that is only noise."""
        if self.change == "changed":
            return bool(self.noise) and not self.note and all(noise_of(self.object_key, f.path) for f in self.fields)
        return bool(noise_type(self.object_key)) or self.key == COMPACT_REVISION_KEY


@dataclass(slots=True)
class ChangeCount:
    """How many keys differ; `noise` of them only in what says nothing."""

    added: int = 0
    removed: int = 0
    changed: int = 0
    noise: int = 0

    def count(self, change: KeyChange) -> None:
        """One more."""
        match change.change:
            case "added":
                self.added += 1
            case "removed":
                self.removed += 1
            case "changed":
                self.changed += 1
        self.noise += change.is_noise

    @property
    def total(self) -> int:
        """All keys that differ."""
        return self.added + self.removed + self.changed


@dataclass(slots=True)
class ChangeCounts:
    """The sum, by type and namespace, and what was noise by its word."""

    whole: ChangeCount = field(default_factory=ChangeCount)
    parts: defaultdict[tuple[str, str], ChangeCount] = field(default_factory=lambda: defaultdict(ChangeCount))
    noise: Counter[str] = field(default_factory=Counter)

    def count(self, change: KeyChange) -> None:
        """One more."""
        self.whole.count(change)
        self.parts[change.resource or UNRECOGNISED, change.namespace].count(change)
        self.noise.update(change.noise or ((noise_type(change.object_key) or "compaction",) if change.is_noise else ()))

    def rows(self) -> list[tuple[str, str, ChangeCount]]:
        """Type, namespace, count, in order."""
        return [(*where, self.parts[where]) for where in sorted(self.parts)]


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes are wanted: `ranges` in order, a `namespace` ("": all), objects that `keeps` lets through."""

    ranges: Sequence[Range] = (Range(b"\0", b"\0"),)
    namespace: str = ""
    keeps: Keeps | None = None
    all_fields: bool = False


class Comparer:
    """Compares two states with one codec, and one mask: equal Secret values have equal fingerprints."""

    def __init__(self, codec: Codec, keyspace: KeySpace, mask: Mask) -> None:
        self._codec = codec
        self._keyspace = keyspace
        self._mask = mask

    def changes(self, old: KeyState, new: KeyState, selected: ChangeFilter) -> Iterator[KeyChange]:
        """Every key that differs, in order. Raises what the stores raise; never for what is stored."""
        for pair in differing(old, new, selected.ranges):
            change = self.change(pair, selected)
            if change is not None:
                yield change

    def change(self, pair: Pair, selected: ChangeFilter) -> KeyChange | None:
        """What differs between two states of one key; None where it is not wanted, or nothing but its encryption."""
        old, new = pair
        key = _key(old, new)
        object_key = self._keyspace.object_key(key)
        if selected.namespace and (object_key is None or object_key.namespace != selected.namespace):
            return None
        if old is None or new is None:
            if selected.keeps is not None and not self._keeps(selected.keeps, old or new):
                return None
            return KeyChange(key, object_key, "removed" if new is None else "added")
        if key == COMPACT_REVISION_KEY:
            return KeyChange(key, object_key, "changed", noise=("compaction",))
        return self._changed(old, new, object_key, selected)

    def _changed(
        self, old: KeyValue, new: KeyValue, object_key: ObjectKey | None, selected: ChangeFilter
    ) -> KeyChange | None:
        before, after = self._decoded(old), self._decoded(new)
        encrypted = any(encrypted_by(kv.value)[0] for kv in (old, new))
        if encrypted and before.plain == after.plain:
            return None
        if before.object is None or after.object is None:
            return KeyChange(old.key, object_key, "changed", note=_unreadable(before, after))
        if selected.keeps is not None and not any(map(selected.keeps, (before.object, after.object))):
            return None
        return self._fields(old.key, object_key, before, after, selected.all_fields)

    def _fields(
        self, key: bytes, object_key: ObjectKey | None, before: Decoded, after: Decoded, all_fields: bool
    ) -> KeyChange:
        one, other = (self._masked(decoded, object_key) for decoded in (before, after))
        fields, noise = [], Counter[str]()
        for found in field_changes(one, other):
            word = noise_of(object_key, found.path)
            if word:
                noise[word] += 1
            if all_fields or not word:
                fields.append(found)
        note = "" if fields or set(noise) - {"resourceVersion"} else SAME_OBJECT
        return KeyChange(key, object_key, "changed", tuple(fields), tuple(noise), note)

    def _keeps(self, keeps: Keeps, kv: KeyValue | None) -> bool:
        found = self._decoded(kv).object if kv is not None else None
        return found is not None and keeps(found)

    def _decoded(self, kv: KeyValue) -> Decoded:
        return self._codec.decode(kv.key, kv.value, kv.mod_revision)

    def _masked(self, decoded: Decoded, object_key: ObjectKey | None) -> Mapping[str, Any]:
        sensitive = is_sensitive(object_key.resource if object_key else None, decoded.storage.kind)
        return self._mask(decoded.object or {}, sensitive, decoded.plain)


def _key(old: KeyValue | None, new: KeyValue | None) -> bytes:
    found = old or new
    return found.key if found is not None else b""


def _unreadable(before: Decoded, after: Decoded) -> str:
    """Nothing of the bytes: they may be of a Secret."""
    error = before.error or after.error
    return f"The values differ, but cannot be compared. {error.what if error else ''}".rstrip()
