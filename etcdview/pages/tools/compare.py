"""What `etcdview diff` prints: two states compared. Their changes are laid aside on disk, so that counts come first."""

from __future__ import annotations

import json
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os.path import commonprefix
from typing import IO, Any, Protocol

from etcdview.cluster.consistent_store import ConsistentStore
from etcdview.cluster.sources import open_codec
from etcdview.config import Settings
from etcdview.errors import BudgetError, BusyError, DeniedError, NotPermittedError, UsageError
from etcdview.kube.crds import Definitions
from etcdview.kube.diff import ABSENT, TEXT_LIMIT, FieldChange
from etcdview.kube.fields import mapping
from etcdview.kube.keys import KeySpace, as_text, to_query
from etcdview.kube.redaction import Redactor
from etcdview.kube.resources import BUILTIN, ResourceType
from etcdview.kube.selectors import parse_labels
from etcdview.models import Range
from etcdview.objects import Mask, Objects
from etcdview.pages.tools.named_sources import NamedSources, SourceName
from etcdview.pages.tools.namespaces import check_namespace
from etcdview.pages.tools.source import Say
from etcdview.recovery.comparison import ChangeCount, ChangeCounts, ChangeFilter, Comparer, Keeps, KeyChange
from etcdview.recovery.merge import KeyState, common_ranges, state_of
from etcdview.recovery.rights import RBAC, Rights, RightsChange, rights_changed, rights_json, rights_of
from etcdview.stores.protocols import Restricted, Store, prefix_end
from etcdview.stores.routed import RoutedStore

__all__ = ["ChangeCount", "ChangeCounts", "ComparedKeys", "Comparison", "RightsChange", "compared", "field_texts"]

_CONTEXT = 20  # characters that two long texts share, shown before where they differ
_IN_MEMORY = 4 << 20  # of the changes; the others are in an unnamed file
_RBAC_TYPES = tuple(resource for resource in BUILTIN if resource.group == RBAC)
_ALL = Range(b"\0", b"\0")


@dataclass(frozen=True, slots=True)
class ComparedKeys:
    """Which keys are compared, as a person says it; everything where nothing is said."""

    types: tuple[str, ...] = ()
    namespace: str = ""
    labels: str = ""
    prefix: bytes = b""
    all_fields: bool = False


@dataclass(frozen=True, slots=True)
class ComparedState:
    """One side: its name as it was given, and the revision that it was read at."""

    source: str
    revision: int


@dataclass(frozen=True, slots=True)
class Side:
    """One side to compare: `name` as people call it, `revision` 0 for the newest.

    `routed`: the same store, where it is of several etcds.
    """

    name: str
    store: Store
    objects: Objects
    revision: int = 0
    routed: RoutedStore | None = None


class ChangeSink(Protocol):
    """Takes changes as they are found, and gives them as JSON."""

    def add(self, change: KeyChange) -> None:
        """One more."""

    def __iter__(self) -> Iterator[dict[str, Any]]: ...


class ChangeList:
    """Changes as JSON, one after the other, to be read again: as many as there are, in little memory."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by close

    def add(self, change: KeyChange) -> None:
        """One more."""
        self._file.write(json.dumps(change_json(change)).encode() + b"\n")

    def __iter__(self) -> Iterator[dict[str, Any]]:
        self._file.seek(0)
        return map(json.loads, self._file)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, counted and listed; `rights` are those that subjects gained and lost.

    `stopped` says why not everything was compared, `left_out` what could not be; "" where all was.
    """

    old: ComparedState
    new: ComparedState
    counts: ChangeCounts
    rights: tuple[RightsChange, ...]
    changes: Iterable[dict[str, Any]]
    stopped: str = ""
    left_out: str = ""

    def head(self) -> dict[str, Any]:
        """All but the changes, as JSON."""
        whole = self.counts.whole
        return {
            "from": {"source": self.old.source, "revision": self.old.revision},
            "to": {"source": self.new.source, "revision": self.new.revision},
            "counts": {"added": whole.added, "removed": whole.removed, "changed": whole.changed},
            "noise": {"keys": whole.noise, "fields": dict(sorted(self.counts.noise.items()))},
            "rights": rights_json(self.rights),
        }


def change_json(change: KeyChange) -> dict[str, Any]:
    """One change as JSON. `key64` stands beside a key that is not UTF-8; `note` says why there are no fields."""
    parameter, value = to_query(change.key)
    return {
        "key": as_text(change.key),
        **({"key64": value} if parameter == "key64" else {}),
        "resource": change.resource,
        "namespace": change.namespace,
        "name": change.name,
        "change": change.change,
        "fields": [_field_json(field) for field in change.fields],
        **({"noise": list(change.noise)} if change.noise else {}),
        **({"isNoise": True} if change.is_noise else {}),
        **({"note": change.note} if change.note else {}),
    }


def field_texts(old: Any, new: Any) -> tuple[str, str]:
    """Both values of a field for people: - where it is missing; long texts from where they begin to differ."""
    one, other = _text(old), _text(new)
    same = len(commonprefix((one, other)))  # noqa: RUF071 - of characters
    if max(len(one), len(other)) <= TEXT_LIMIT or same <= _CONTEXT:
        return _cut(one), _cut(other)
    return _cut("… " + one[same - _CONTEXT :]), _cut("… " + other[same - _CONTEXT :])


def _text(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_LIMIT else text[:TEXT_LIMIT] + " …"


@contextmanager
def compared(settings: Settings, old: str, new: str, keys: ComparedKeys, say: Say) -> Iterator[Comparison]:
    """The comparison of two named sources, for as long as it is needed.

    Raises UsageError for a name, a type or another selection, and what the stores raise.
    """
    names = SourceName.parse(old), SourceName.parse(new)
    sources = NamedSources(settings, say)
    changes = ChangeList()
    try:
        codec, keyspace, mask = open_codec(settings), KeySpace(settings.etcd_prefix), _mask()
        stores = [sources.open(name) for name in names]
        sides = [
            Side(name.text, store, Objects(store, codec, keyspace, mask), name.revision, routed_store(store))
            for name, store in zip(names, stores, strict=True)
        ]
        found = compare_sides(sides, Comparer(codec, keyspace, mask), keys, changes)
        if found.left_out:
            say(found.left_out)
        if keys.namespace and not found.counts.whole.total:
            revisions = found.old.revision, found.new.revision
            check_namespace(keys.namespace, zip((side.objects for side in sides), revisions, strict=True))
        yield found
    finally:
        changes.close()
        sources.close()


def compare_sides(sides: Sequence[Side], comparer: Comparer, keys: ComparedKeys, changes: ChangeSink) -> Comparison:
    """Compare the first side with the second; every change is added to `changes`.

    Where a budget ends it early, `stopped` says so, and what was found until then is in it. Raises as `compared`.
    """
    ranges, left_out = of_one_past(selected_ranges(keys, sides), sides)
    ranges = readable(ranges, [side.store for side in sides])
    old, new = (state_of(side.store, side.revision, ranges[0]) for side in sides)
    chosen = ChangeFilter(ranges, keys.namespace, labels_of(keys), keys.all_fields)
    counts, stopped = ChangeCounts(), ""
    rights: tuple[RightsChange, ...] = ()
    try:
        for change in comparer.changes(old, new, chosen):
            counts.count(change)
            changes.add(change)
        found = changed_rights(counts, sides, (old, new))
        rights = tuple(right for right in found if keys.namespace in ("", right.holder.where))
    except BusyError:
        raise
    except BudgetError as error:
        stopped = error.what
    states = [ComparedState(side.name, state.revision) for side, state in zip(sides, (old, new), strict=True)]
    return Comparison(states[0], states[1], counts, rights, changes, stopped, left_out)


def routed_store(store: Store) -> RoutedStore | None:
    """The store, or what stands behind it, where it is of several etcds."""
    source = store.source if isinstance(store, ConsistentStore) else store
    return source if isinstance(source, RoutedStore) else None


def of_one_past(ranges: tuple[Range, ...], sides: Sequence[Side]) -> tuple[tuple[Range, ...], str]:
    """Of ranges in several etcds those in the first, where a side is as of a revision; and what that leaves out."""
    for side in sides:
        if side.routed is None or not side.revision:
            continue
        parts = [part for one in ranges for part in side.routed.parts(one.start, one.end)]
        sources = sorted({part.source for part in parts})
        if len(sources) > 1:
            held = " and ".join(side.routed.others[source - 1][1] for source in sources if source)
            first = tuple(Range(part.start, part.end) for part in parts if part.source == 0)
            why = f"{held} is in another etcd, which has revisions of its own: it is not compared."
            if not first:
                raise UsageError(why, "Compare one type at a time: the revision is then that of its etcd.")
            return first, why
    return ranges, ""


def _mask() -> Mask:
    """Fingerprints of both sides are made with one key: equal values have equal ones."""
    return Redactor(secrets.token_bytes(32)).mask


def selected_ranges(selection: ComparedKeys, sides: Sequence[Side]) -> tuple[Range, ...]:
    """The ranges to compare, in the order of their keys. Raises UsageError."""
    if selection.prefix:
        if selection.types:
            raise UsageError("Types and --prefix cannot be combined.", "Leave one of them out.")
        return (Range(selection.prefix, prefix_end(selection.prefix)),)
    if not selection.types:
        return (_ALL,)
    found, prefix_of = found_types(selection.types, sides), sides[0].objects.keyspace.range_prefix
    starts = sorted({prefix_of(one, selection.namespace if one.namespaced else "") for one in found})
    return tuple(Range(start, prefix_end(start)) for start in starts)


def found_types(words: Iterable[str], sides: Sequence[Side]) -> Iterator[ResourceType]:
    """The types that the words mean in any of the sources. Raises UsageError."""
    known = [_definitions(side.objects) for side in sides]
    for word in (word for words_ in words for word in words_.split(",") if word):
        found = {resource for definitions in known for resource in definitions.find(word)}
        if not found:
            raise UsageError(
                f'Neither source has a resource type "{word}".',
                "Use kubectl's spelling: pods, deployments.apps, or the plural and group of a custom resource.",
            )
        yield from found


def _definitions(objects: Objects) -> Definitions:
    try:
        return objects.definitions()[0]
    except DeniedError:
        return Definitions()  # then only the built-in types are known


def readable(ranges: tuple[Range, ...], stores: Sequence[Store]) -> tuple[Range, ...]:
    """What of the ranges etcd permits its user to read. Raises NotPermittedError where that is nothing."""
    for store in dict.fromkeys(stores):
        if isinstance(store, Restricted):
            ranges = common_ranges(ranges, store.permitted())
    if not ranges:
        raise NotPermittedError("etcd permits its user none of these keys.", "Choose types that it permits.")
    return ranges


def labels_of(selection: ComparedKeys) -> Keeps | None:
    """What the label selector lets through. Raises QueryError."""
    if not selection.labels:
        return None
    selector = parse_labels(selection.labels)
    return lambda obj: selector.matches(mapping(obj, "metadata", "labels"))


def changed_rights(counts: ChangeCounts, sides: Sequence[Side], states: Sequence[KeyState]) -> tuple[RightsChange, ...]:
    """Rights gained and lost, where roles or bindings are among the changes; all of both sides are read for it."""
    if not any(resource.endswith(f".{RBAC}") for resource, _ in counts.parts):
        return ()
    try:
        old, new = (_rights(side.objects, state) for side, state in zip(sides, states, strict=True))
    except DeniedError:  # they lie outside of what this user or viewer may read
        return ()
    return tuple(rights_changed(old, new))


def _rights(objects: Objects, state: KeyState) -> Rights:
    rows = (row for resource in _RBAC_TYPES for row in objects.read(resource, revision=state.revision))
    return rights_of(row.object for row in rows if row.object is not None)


def _field_json(field: FieldChange) -> dict[str, Any]:
    return {
        "path": field.written,
        "from": None if field.old is ABSENT else field.old,
        "to": None if field.new is ABSENT else field.new,
    }
