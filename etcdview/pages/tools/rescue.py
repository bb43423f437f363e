"""`etcdview rescue`: what a backup has and the live cluster lacks, brought back as a bundle or into etcd itself."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from etcdview.access.audit import Audit
from etcdview.cluster.sources import open_codec
from etcdview.codec import Codec, encrypted_by
from etcdview.config import Settings
from etcdview.errors import ConflictError, EtcdviewError, NotFoundError, QueryError, SettingError
from etcdview.kube.crds import Definitions
from etcdview.kube.fields import mapping
from etcdview.kube.keys import KeySpace, ObjectKey, show
from etcdview.kube.redaction import Redactor
from etcdview.kube.resources import ResourceType
from etcdview.kube.selectors import parse_labels
from etcdview.kube.words import counted, listed
from etcdview.models import KeyValue, Range
from etcdview.objects import Objects
from etcdview.objects.release import codec_for
from etcdview.pages.edit.undo import WritableStore
from etcdview.pages.tools.get.query import RequestedType, parse
from etcdview.pages.tools.namespaces import check_namespace
from etcdview.pages.tools.object_export import unmasked
from etcdview.pages.tools.preparing import SECRETS_LEFT_OUT, ExportRemarks, as_applied
from etcdview.recovery.bundle import FORMS, BundleObject, write_bundle
from etcdview.recovery.comparison import ChangeCounts, ChangeFilter, Comparer
from etcdview.recovery.for_apply import prepare
from etcdview.recovery.merge import KeyState, differing, key_facts, state_of
from etcdview.recovery.order import apply_rank
from etcdview.recovery.rescue import Need, RescueItem, is_being_deleted, needs_of, rescuable, uid_of
from etcdview.stores.paging import PieceReader
from etcdview.stores.prefixes import check_registry
from etcdview.stores.protocols import Store, prefix_end
from etcdview.writes.undo import Undo, UndoFile, default_path

__all__ = ["FORMS", "Rescue", "RescuePlan", "RescueRequest", "WritableStore", "rescue_undo_file", "show"]
_ALL = b"\0"
_AT_ONCE = 100  # values read together
_NAMED = 2  # objects of a sentence about several


@dataclass(frozen=True, slots=True)
class RescueRequest:
    """Which objects: types or type/name, a namespace, labels; everything that is missing where nothing is said.

    `dependencies`: also what they need. `changed`: also, in a bundle, what differs from the live cluster.
    """

    what: tuple[str, ...] = ()
    namespace: str = ""
    labels: str = ""
    dependencies: bool = True
    changed: bool = False
    show_secrets: bool = False


@dataclass(slots=True)
class RescuePlan:
    """What the backup has and the live cluster lacks. `different` are keys that both have, with other values.

    `items` are in the order to write them. `notes` say what stands in the way; `fates` what becomes of those written
    into etcd as they are, which those of a bundle are spared.
    """

    backup_revision: int
    live_revision: int
    counts: ChangeCounts = field(default_factory=ChangeCounts)
    items: list[RescueItem] = field(default_factory=list)
    different: list[tuple[bytes, ObjectKey]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fates: list[str] = field(default_factory=list)

    @property
    def lacking(self) -> bool:
        """Whether the live cluster lacks anything of the backup, or has it otherwise than in what is noise."""
        whole = self.counts.whole
        return bool(whole.removed or whole.changed > whole.noise)


@dataclass(slots=True)
class RescuedKeys:
    """What was written into etcd; `conflicts` are keys that came into being meanwhile and were left alone.

    `refused` are keys that etcd does not take, each with its error. `stopped` ended it at the key `stopped_at`: what
    was to follow was not tried.
    """

    count: int = 0
    revision: int = 0
    conflicts: list[bytes] = field(default_factory=list)
    refused: list[tuple[bytes, EtcdviewError]] = field(default_factory=list)
    stopped: EtcdviewError | None = None
    stopped_at: bytes = b""


@dataclass(frozen=True, slots=True)
class RescueBundle:
    """How many objects were written, and what was taken out or left out, in sentences.

    `incomplete`: something is missing that was to be brought back.
    """

    count: int
    remarks: tuple[str, ...]
    incomplete: bool


class Rescue:
    """Compares a backup with the live cluster, and brings back what is missing.

    Making it reads both sides' CRDs. Raises UsageError for types, and what the stores raise.
    """

    def __init__(self, backup: Store, live: Store, settings: Settings, request: RescueRequest, revision: int) -> None:
        self._keyspace = KeySpace(settings.etcd_prefix)
        self._codec: Codec = codec_for(backup, open_codec(settings), self._keyspace)
        self._request = request
        self._mask = Redactor(secrets.token_bytes(32)).mask
        self._old, self._new = state_of(backup, revision), state_of(live)
        self._objects = Objects(backup, self._codec, self._keyspace, self._mask)
        here = Objects(live, self._codec, self._keyspace, self._mask)
        self._sides = (self._objects, self._old.revision), (here, self._new.revision)
        self._definitions: Definitions = self._objects.definitions(self._old.revision)[0]
        self._wanted: Sequence[RequestedType] = ()
        if request.what:
            self._wanted = parse(request.what, self._found, lambda: self._definitions.known)
        self._labels = parse_labels(request.labels)
        # of those that were looked for; None where there is no such object
        self._live_keys: dict[bytes, bool] = {}
        self._live_uids: dict[bytes, str | None] = {}

    def plan(self) -> RescuePlan:
        """What is missing and different, with what it needs. Every value of both sides is read.

        Raises NotFoundError where the backup has no registry, and where neither side has the namespace.
        """
        check_registry(self._old.store, self._keyspace)
        if not self._old.store.range(Range(_ALL, _ALL, revision=self._old.revision, limit=1, keys_only=True)).kvs:
            raise NotFoundError(
                f"The backup holds no key at revision {self._old.revision:,}: nothing can be brought back from it.",
                "Give another, or an earlier revision of it: FILE@REVISION.",
            )
        plan = RescuePlan(self._old.revision, self._new.revision)
        comparer = Comparer(self._codec, self._keyspace, self._mask)
        selected = ChangeFilter(namespace=self._request.namespace)
        for old, new in differing(self._old, self._new, selected.ranges):
            if old is None or not self._is_wanted(old):
                continue
            change = comparer.change((old, new), selected)
            if change is None:
                continue
            plan.counts.count(change)
            if change.change == "changed" and change.object_key is not None and not change.is_noise:
                plan.different.append((change.key, change.object_key))
            elif change.change == "removed":
                plan.items += self._items([old])
        if self._request.namespace and not plan.counts.whole.total:
            check_namespace(self._request.namespace, self._sides)
        if self._request.dependencies:
            self._add_dependencies(plan)
        plan.items.sort(key=lambda item: (apply_rank(item.object_key.resource), item.key))
        plan.notes += [*self._unknown(), *self._obstacles(plan)]
        plan.fates += self._fates(plan)
        return plan

    def bundle(self, plan: RescuePlan, form: str, path: Path) -> RescueBundle:
        """Write the objects for `kubectl apply`."""
        remarks = ExportRemarks()
        different = [(apply_rank(object_key.resource), key) for key, object_key in plan.different]
        keys = sorted([*((apply_rank(i.object_key.resource), i.key) for i in plan.items),
                       *(different if self._request.changed else [])])  # fmt: skip
        count = write_bundle(self._bundled([key for _, key in keys], remarks), form, path)
        counts = (remarks.left_out + remarks.withheld).most_common()
        left_out = (f"Not in the bundle: {number:,} {word}." for word, number in counts)
        said = (*ExportRemarks(remarks.taken_out).sentences(), *left_out)
        return RescueBundle(count, said, incomplete=remarks.incomplete)

    def write(self, plan: RescuePlan, settings: Settings, store: WritableStore, who: str, now: datetime) -> RescuedKeys:
        """Create the missing keys in etcd with the bytes of the backup, each only where the key still does not exist.

        Each is in the undo file first. A value that etcd does not take is passed over; any other error ends it, and
        what was written until then stays. Raises SettingError.
        """
        file = rescue_undo_file(settings)
        done = RescuedKeys()
        audit = Audit(Path(settings.audit_log)) if settings.audit_log else None
        for kv in self._read(self._old, [item.key for item in plan.items]):
            try:
                if audit is not None:
                    audit.record(who=who, address="local", action="rescue", key=kv.key)
                with file.keeping([Undo(now, who, "put", kv.key, None)]):
                    done.revision = store.put(kv.key, kv.value, mod_revision=0)
            except ConflictError:
                done.conflicts.append(kv.key)
            except QueryError as error:
                done.refused.append((kv.key, error))
            except EtcdviewError as error:
                done.stopped, done.stopped_at = error, kv.key
                break
            else:
                done.count += 1
        return done

    def leave_out_taken(self, plan: RescuePlan) -> None:
        """Take objects out whose UID another object of the live cluster has. Every live value is read in outline."""
        wanted = {item.uid for item in plan.items} - {""}
        reader = PieceReader(self._new.store, revision=self._new.revision)
        kvs = (kv for piece in reader.read(_ALL, _ALL) for kv in piece.kvs) if wanted else iter(())
        taken = wanted & {self._codec.outline(kv.key, kv.value, lambda *_: False).uid for kv in kvs}
        plan.notes += [
            f"{show(item.key)} is left out: another object has its UID {item.uid}."
            for item in plan.items
            if item.uid in taken
        ]
        plan.items = [item for item in plan.items if item.uid not in taken]

    def _is_wanted(self, kv: KeyValue) -> bool:
        """By what the backup has of a key."""
        object_key = self._keyspace.object_key(kv.key)
        if object_key is None or not rescuable(object_key):
            return False
        if self._request.namespace and object_key.namespace != self._request.namespace:
            return False
        named = not self._wanted or any(
            one.resource.prefix == object_key.resource.prefix and (not one.names or object_key.name in one.names)
            for one in self._wanted
        )
        return named and (not self._request.labels or self._has_labels(kv))

    def _found(self, word: str) -> Sequence[ResourceType]:
        """The types that a word means; also one whose CRD is gone, where the backup has objects of it."""
        found = self._definitions.find(word)
        left = None if found else self._objects.undefined(word, revision=self._old.revision)
        return found or ((left,) if left else ())

    def _unknown(self) -> Iterator[str]:
        """What was asked for by name and is not in the backup: that the cluster lacks none of it says nothing."""
        for one in self._wanted:
            namespace = self._request.namespace if one.resource.namespaced else ""
            start = self._keyspace.range_prefix(one.resource, namespace)
            keys = key_facts(self._old, Range(start, prefix_end(start))) if one.names else iter(())
            there = {found.name for kv in keys if (found := self._keyspace.object_key(kv.key)) is not None}
            where = f" in the namespace {namespace}" if namespace else ""
            missing = (name for name in one.names if name not in there)
            yield from (f"The backup has no {one.resource.qualified}/{name}{where}." for name in missing)

    def _has_labels(self, kv: KeyValue) -> bool:
        obj = self._codec.decode(kv.key, kv.value).object
        return obj is not None and self._labels.matches(mapping(obj, "metadata", "labels"))

    def _items(
        self, kvs: Iterable[KeyValue], needed: Mapping[bytes, tuple[Need, bytes]] = MappingProxyType({})
    ) -> Iterator[RescueItem]:
        """Keys of the backup as items; `needed` has for a key why, and for which other."""
        for kv in kvs:
            object_key = self._keyspace.object_key(kv.key)
            if object_key is None:
                continue
            obj = self._codec.decode(kv.key, kv.value).object or {}
            needs = tuple(needs_of(self._keyspace, self._definitions, object_key, obj))
            deleting, encrypted = is_being_deleted(obj), bool(encrypted_by(kv.value)[0])
            need, for_key = needed.get(kv.key, (None, b""))
            bond = need.bond if need else ""
            yield RescueItem(kv.key, object_key, uid_of(obj), needs, deleting, encrypted, for_key, bond)

    def _add_dependencies(self, plan: RescuePlan) -> None:
        """Whatever the items need, and what that needs in turn, where the live cluster lacks it."""
        known, look = {item.key for item in plan.items}, plan.items
        while look:
            needed: dict[bytes, tuple[Need, bytes]] = {}
            for item in look:
                for need in item.needs:
                    if need.key not in known:
                        known.add(need.key)
                        if not self._live_has(need.key):
                            needed[need.key] = need, item.key
            look = list(self._items(self._read(self._old, list(needed)), needed))
            plan.items += look

    def _live_has(self, key: bytes) -> bool:
        if key not in self._live_keys:
            request = Range(key, revision=self._new.revision, keys_only=True)
            self._live_keys[key] = bool(self._new.store.range(request).kvs)
        return self._live_keys[key]

    def _obstacles(self, plan: RescuePlan) -> Iterator[str]:
        """What stands in the way of items in etcd, and of those of a bundle as well."""
        planned, ending = {item.key for item in plan.items}, dict[bytes, bool]()
        lacking: dict[Need, list[bytes]] = {}
        for item in plan.items:
            for need in item.needs:
                if need.bond == "owner" or need.key in planned:
                    continue
                if not self._live_has(need.key):
                    lacking.setdefault(need, []).append(item.key)
                elif need.key not in ending:
                    ending[need.key] = need.bond in ("namespace", "CRD") and self._ends(need.key)
        for need, keys in lacking.items():
            its = "its" if len(keys) == 1 else "their"
            where = "The backup has it" if any(self._read(self._old, [need.key])) else "The backup lacks it too"
            yield f"{_together(keys)}: {its} {need.bond} {show(need.key)} is missing. {where}."
        for key in (key for key, ends in ending.items() if ends):
            yield (
                f"{show(key)} is being deleted in the live cluster: the API server refuses to create anything in it, "
                "and what is written into etcd is deleted with it. Wait until it is gone."
            )

    def _ends(self, key: bytes) -> bool:
        """Whether an object of the live cluster is being deleted."""
        return is_being_deleted(self._live_object(key) or {})

    def _live_object(self, key: bytes) -> Mapping[str, Any] | None:
        """What the live cluster has under the key, empty where it cannot be decoded; None where there is nothing."""
        kvs = self._new.store.range(Range(key, revision=self._new.revision)).kvs
        return self._codec.decode(kvs[0].key, kvs[0].value).object or {} if kvs else None

    def _fates(self, plan: RescuePlan) -> Iterator[str]:
        """What garbage collection, the API server and controllers would do with what comes back."""
        planned = {item.key: item.uid for item in plan.items}
        orphans: list[bytes] = []
        for item in plan.items:
            owners = [need for need in item.needs if need.bond == "owner"]
            if owners and not any(self._owner_lives(need, planned) for need in owners):
                orphans.append(item.key)
        if orphans:
            its, them = ("its", "it") if len(orphans) == 1 else ("their", "them")
            yield f"{_together(orphans)}: none of {its} owners exists, so garbage collection deletes {them}."
        encrypted = sum(item.encrypted for item in plan.items)
        deleting = sum(item.deleting for item in plan.items)
        if encrypted:
            values = counted(encrypted, "value")
            yield f"Encrypted: {values}. The API server needs the keys that wrote the backup."
        if deleting:
            objects = counted(deleting, "object")
            yield f"Being deleted when the backup was made: {objects}. Their deletion goes on."

    def _owner_lives(self, need: Need, planned: dict[bytes, str]) -> bool:
        if need.key in planned:
            return planned[need.key] == need.uid
        if need.key not in self._live_uids:
            found = self._live_object(need.key)
            self._live_uids[need.key] = None if found is None else uid_of(found)
        return self._live_uids[need.key] == need.uid

    def _bundled(self, keys: Sequence[bytes], remarks: ExportRemarks) -> Iterator[BundleObject]:
        mask = unmasked if self._request.show_secrets else self._mask
        objects = Objects(self._old.store, self._codec, self._keyspace, mask)
        for kv in self._read(self._old, keys):
            row = objects.row(kv)
            if row.object is None or row.object_key is None:
                remarks.withheld["objects that cannot be decoded"] += 1
                continue
            found = prepare(row.object_key, as_applied(self._codec, row.object))
            if found.object is None:
                remarks.left_out[found.left_out] += 1
                continue
            if row.masked:
                remarks.withheld[SECRETS_LEFT_OUT] += 1
                continue
            remarks.taken_out.update(found.taken_out)
            resource = self._definitions.resolve(row.object_key.resource)
            yield BundleObject(apply_rank(resource), resource.qualified, row.namespace, row.name, found.object)

    def _read(self, state: KeyState, keys: Sequence[bytes]) -> Iterator[KeyValue]:
        for first in range(0, len(keys), _AT_ONCE):
            found = state.store.get_many(keys[first : first + _AT_ONCE], revision=state.revision)
            yield from (found[key] for key in keys[first : first + _AT_ONCE] if key in found)


def _together(keys: Sequence[bytes]) -> str:
    """The keys as the beginning of a sentence, the first of them by name: there may be thousands."""
    named = [show(key) for key in keys[:_NAMED]]
    rest = len(keys) - len(named)
    return listed([*named, f"{rest:,} more"] if rest else named)


def rescue_undo_file(settings: Settings) -> UndoFile:
    """Where what is written is noted first. Raises SettingError while changes are switched off."""
    if not settings.allow_writes:
        raise SettingError("Writing into etcd is off.", "Add --allow-writes.")
    return UndoFile(Path(settings.undo_file) if settings.undo_file else default_path(os.environ))
