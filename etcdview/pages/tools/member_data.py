"""`etcdview members --diff`: which keys the members of a cluster, or data directories, hold differently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from etcdview.cluster.sources import open_codec, open_etcd, open_file
from etcdview.config import Settings
from etcdview.errors import UnreachableError, UsageError
from etcdview.kube.diff import ABSENT, FieldChange
from etcdview.kube.keys import KeySpace, as_text, show
from etcdview.kube.redaction import Redactor
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.pages.tools.compare import field_texts
from etcdview.pages.tools.source import Say
from etcdview.recovery.comparison import ChangeFilter, Comparer
from etcdview.recovery.member_data import DifferingKey, differing_keys
from etcdview.recovery.merge import KeyState, state_of
from etcdview.stores.permitted import permitted_parts
from etcdview.stores.protocols import Store

__all__ = ["HeldKey", "HeldState", "MembersCompared", "compare_members"]

_ALL = b"\0"


@dataclass(frozen=True, slots=True)
class HeldState:
    """What some members hold of a key; `revision` of its last write, 0 where they lack it.

    `fields`: how the object differs from that of the majority, or of the first member where there is none; `note` says
    why there are none.
    """

    members: tuple[str, ...]
    revision: int
    fields: tuple[FieldChange, ...] = ()
    note: str = ""

    @property
    def field_lines(self) -> tuple[str, ...]:
        """The fields for people: what the majority has, and what these have."""
        values = ((None if value is ABSENT else value for value in (f.old, f.new)) for f in self.fields)
        texts = (field_texts(*pair) for pair in values)
        return tuple(f"{f.written}: {one} -> {other}" for f, (one, other) in zip(self.fields, texts, strict=True))


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that differs: the state of the majority first. `agreed`: more than half of the members hold that."""

    key: bytes
    agreed: bool
    states: tuple[HeldState, ...]

    @property
    def shown(self) -> str:
        """The key for people."""
        return show(self.key)

    def as_json(self) -> dict[str, Any]:
        """For -o json."""
        return {
            "key": as_text(self.key),
            "majority": self.agreed,
            "states": [
                {"members": list(s.members), "modRevision": s.revision or None, "note": s.note,
                 "fields": [f.written for f in s.fields]}
                for s in self.states
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class MembersCompared:
    """The members that were compared at one revision. `by_values`: their values were, not only etcd's facts of keys."""

    members: tuple[str, ...]
    revision: int
    by_values: bool
    keys: Iterator[HeldKey]


class _OneMember:
    """Reads of one member alone, from what it has."""

    live = True

    def __init__(self, store: Store) -> None:
        self._store = store
        self.name = store.name

    def range(self, request: Range) -> RangeResult:
        """See Store.range."""
        return self._store.range(replace(request, serializable=True))

    def get_many(self, keys: Sequence[bytes], *, revision: int = 0, keys_only: bool = False) -> dict[bytes, KeyValue]:
        """See Store.get_many."""
        found = (self.range(Range(key, revision=revision, keys_only=keys_only)) for key in keys)
        return {kv.key: kv for result in found for kv in result.kvs}

    def close(self) -> None:
        """Let go of the connection."""
        self._store.close()


def compare_members(
    stack: ExitStack, settings: Settings, paths: Sequence[Path], say: Say, *, values: bool
) -> MembersCompared:
    """Compare the live members, or what lies at `paths`. The stores are open as long as `stack` is.

    Keys are compared first, as etcd describes them; where these agree, or with `values`, the values are. Raises
    UsageError for fewer than two members, CompactedError where they have no revision in common, and what etcd raises.
    """
    stores = _files(stack, paths) if paths else _members(stack, settings, say)
    if len(stores) < 2:
        raise UsageError("Fewer than two members can be compared.", "Name two data directories, or all endpoints.")
    first = next(iter(stores.values()))
    parts = permitted_parts(first, _ALL, _ALL)
    newest = [state_of(store, readable=parts[0]).revision for store in stores.values()]
    states = [KeyState(store, min(newest)) for store in stores.values()]
    keys = differing_keys(states, parts, values=values)
    found = next(keys, None)
    if found is None and not values:
        values, keys = True, differing_keys(states, parts, values=True)
        found = next(keys, None)
    names = tuple(stores)
    told = _Telling(names, states, settings, read=not values)
    return MembersCompared(names, min(newest), values, (told.key(key) for key in _with_first(found, keys)))


def _with_first(first: DifferingKey | None, rest: Iterator[DifferingKey]) -> Iterator[DifferingKey]:
    if first is not None:
        yield first
        yield from rest


def _files(stack: ExitStack, paths: Sequence[Path]) -> dict[str, Store]:
    found: dict[str, Store] = {}
    for path in paths:
        found[str(path)] = store = open_file(path)
        stack.callback(store.close)
    return found


def _members(stack: ExitStack, settings: Settings, say: Say) -> dict[str, Store]:
    """A store a member that answers; those that do not are said."""
    client = open_etcd(settings)
    stack.callback(client.close)
    found: dict[str, Store] = {}
    for member in sorted(client.members().members, key=lambda member: member.name):
        name = member.name or f"{member.id:x}"
        urls = [url for url in client.endpoints if url in member.client_urls] or list(member.client_urls)
        if not urls:
            say(f"{name} has not started, so it is not compared.")
            continue
        store = _OneMember(open_etcd(settings, urls[:1]))
        stack.callback(store.close)
        try:
            store.range(Range(_ALL, keys_only=True))
        except UnreachableError as error:
            say(f"{name} is not compared. {error}")
            continue
        found[name] = store
    return found


class _Telling:
    """Makes what is shown of keys. `read`: their values were not read yet."""

    def __init__(self, names: Sequence[str], states: Sequence[KeyState], settings: Settings, *, read: bool) -> None:
        self._names = names
        self._states = states
        self._read = read
        self._comparer = Comparer(open_codec(settings), KeySpace(settings.etcd_prefix), Redactor().mask)

    def key(self, found: DifferingKey) -> HeldKey:
        """One key, with what each group of members holds."""
        held = self._values(found) if self._read else found.states
        found = DifferingKey(found.key, held)
        groups: dict[KeyValue | None, list[int]] = {}
        for number, kv in enumerate(held):
            groups.setdefault(kv, []).append(number)
        majority = found.majority
        ordered = sorted(groups.items(), key=lambda group: (tuple(group[1]) != majority, group[1]))
        right = ordered[0][0]
        states = tuple(self._state(right, kv, numbers) for kv, numbers in ordered)
        return HeldKey(found.key, bool(majority), states)

    def _values(self, found: DifferingKey) -> tuple[KeyValue | None, ...]:
        read = (s.store.range(Range(found.key, revision=s.revision)).kvs for s in self._states)
        return tuple(kvs[0] if kvs else None for kvs in read)

    def _state(self, right: KeyValue | None, kv: KeyValue | None, numbers: Sequence[int]) -> HeldState:
        members = tuple(self._names[number] for number in numbers)
        revision = kv.mod_revision if kv is not None else 0
        if kv is None or right is None or kv is right:
            return HeldState(members, revision)
        if kv.value == right.value:
            return HeldState(members, revision, note="The value is the same; what etcd says of the key is not.")
        change = self._comparer.change((right, kv), ChangeFilter(all_fields=True))
        if change is None:
            return HeldState(members, revision, note="Only the encryption differs.")
        return HeldState(members, revision, change.fields, change.note)
