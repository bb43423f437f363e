"""The pages for deleting: one key, or all keys below a prefix, which is never one click."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from etcdview.cluster.scope.ranges import denied
from etcdview.cluster.window import Window
from etcdview.errors import ConflictError, EtcdviewError, QueryError, UsageError
from etcdview.kube.keys import KeySpace, show, to_form
from etcdview.models import KeyMeta, KeyValue, Range, RangeResult
from etcdview.pages.edit.writing import Writing, crumbs_to, name_of
from etcdview.pages.parts import commands
from etcdview.pages.parts.addresses import Crumb, object_href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.writable import InputProblem, check_typed
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import prefix_end
from etcdview.writes import etcdctl

MAX_KEYS = 1000
SHORTEST_PREFIX = 3
BATCH = 100  # of one transaction; etcd takes 128
BATCH_BYTES = 8 << 20  # of values, which the undo file takes first


@dataclass(frozen=True, slots=True)
class DeletePage:
    """What would be deleted. `warnings` say what etcd does not do where the API server would."""

    crumbs: tuple[Crumb, ...]
    title: str
    key: str
    fields: tuple[tuple[str, str], ...]
    meta: KeyMeta
    size_bytes: int
    kind: str
    warnings: tuple[str, ...]
    commands: tuple[Command, ...]
    confirm: str
    undo_path: str
    problem: InputProblem | None = None


@dataclass(frozen=True, slots=True)
class Doomed:
    """One key that would be deleted."""

    key: str
    href: str
    mod_revision: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PrefixPage:
    """What lies below a prefix; nothing while there is none. `confirm` is the prefix and how many keys it has.

    `deleted`: so many were just deleted.
    """

    crumbs: tuple[Crumb, ...]
    prefix: str
    keys: tuple[Doomed, ...]
    size_bytes: int
    revision: int
    commands: tuple[Command, ...]
    confirm: str
    undo_path: str
    deleted: int = 0
    problem: InputProblem | None = None


@dataclass(frozen=True, slots=True)
class PrefixDone:
    """How far a deletion went: `deleted` of `wanted` keys, the last at `revision`."""

    deleted: int
    wanted: int
    revision: int


def delete_page(window: Window, key: bytes, problem: InputProblem | None = None) -> DeletePage:
    """What deleting the key means. Raises what Writing raises."""
    writing = Writing(window)
    before = writing.existing(key)
    decoded = window.cluster.codec.decode(key, before.value)
    return DeletePage(
        crumbs=crumbs_to(window, key, "delete"),
        title=name_of(window, key),
        key=show(key),
        fields=(to_form(key), ("revision", str(before.mod_revision))),
        meta=KeyMeta(key, before.create_revision, before.mod_revision, before.version, before.lease),
        size_bytes=before.size_bytes,
        kind=decoded.storage.kind or "value",
        warnings=tuple(_warnings(decoded.object or {})),
        commands=(
            Command("etcdctl", etcdctl.delete(key, before.mod_revision)),
            *(c for c in commands.for_object(key, window.keyspace.object_key(key)) if c.tool == "kubectl"),
        ),
        confirm=name_of(window, key),
        undo_path=writing.undo_path,
        problem=problem,
    )


def delete_key(window: Window, key: bytes, revision: int, typed: str, now: datetime) -> int:
    """Delete the key as it was at `revision`; gives that of the deletion. Raises UsageError or ConflictError."""
    writing = Writing(window)
    before = writing.existing(key)
    check_typed(typed, name_of(window, key))
    if before.mod_revision != revision:
        raise ConflictError(
            f"{show(key)} has changed: it is at revision {before.mod_revision} now, not {revision}.",
            "Review its current value; nothing was deleted.",
        )
    return writing.delete([before], now)


def prefix_page(window: Window, prefix: bytes, *, problem: InputProblem | None = None, deleted: int = 0) -> PrefixPage:
    """What deleting all keys below the prefix would delete. Raises QueryError for more than MAX_KEYS of them."""
    writing = Writing(window)
    keys, revision = _doomed(window, writing, prefix) if prefix else ((), 0)
    return PrefixPage(
        crumbs=(Crumb("Maintenance", "/maintenance"), Crumb("delete a prefix")),
        prefix=show(prefix),
        keys=keys,
        size_bytes=sum(key.size_bytes for key in keys),
        revision=revision,
        commands=(Command("etcdctl", etcdctl.delete_prefix(prefix)),) if prefix else (),
        confirm=_confirmation(prefix, len(keys)),
        undo_path=writing.undo_path,
        deleted=deleted,
        problem=problem,
    )


def delete_prefix(
    window: Window,
    prefix: bytes,
    revision: int,
    typed: str,
    now: datetime,
    progress: Callable[[PrefixDone], None] = lambda _: None,
) -> PrefixDone:
    """Delete what lay below the prefix at `revision`, if that is still all there is, in transactions of BATCH keys.

    Each compares all its keys; `progress` is told after each. Raises ConflictError where a key has changed or come
    since, UsageError for what was typed, and what the store and the undo file raise: `what` then says which keys have
    been deleted before. They stay so, and are in the undo file.
    """
    writing = Writing(window)
    listed = _below(window, writing, prefix)
    newest = max((kv.mod_revision for kv in listed.kvs), default=0)
    if newest > revision:
        raise ConflictError(
            f"Keys below {show(prefix)} have been written since revision {revision}: nothing was deleted.",
            "Review their current values.",
        )
    keys = [kv.key for kv in listed.kvs]
    check_typed(typed, _confirmation(prefix, len(keys)))
    done = PrefixDone(0, len(keys), 0)
    try:
        for batch in _batches(_values(window, prefix, listed.revision)):
            at = writing.delete(batch, now)
            done = PrefixDone(done.deleted + len(batch), len(keys), at)
            progress(done)
    except EtcdviewError as error:
        error.what = f"{error.what} {_before(keys, done.deleted)}"
        raise
    return done


def _before(keys: Sequence[bytes], deleted: int) -> str:
    """Which keys were deleted: they go in their order, so that the first and the last of them tell."""
    if not deleted:
        return f"None of the {len(keys):,} keys was deleted before."
    which = f"{show(keys[0])} to {show(keys[deleted - 1])}" if deleted > 1 else show(keys[0])
    return f"{deleted:,} of {len(keys):,} keys were deleted before: {which}, in the order of the list."


def _values(window: Window, prefix: bytes, revision: int = 0) -> Iterator[RangeResult]:
    """The keys below the prefix with their values, a few megabytes at a time, all at one revision."""
    return PieceReader(window.cluster.source, revision=revision).read(prefix, prefix_end(prefix))


def _batches(pieces: Iterable[RangeResult]) -> Iterator[list[KeyValue]]:
    """At most BATCH keys at a time, with no more than BATCH_BYTES of values if they are several."""
    batch: list[KeyValue] = []
    size_bytes = 0
    for kv in chain.from_iterable(piece.kvs for piece in pieces):
        if batch and (len(batch) == BATCH or size_bytes + kv.size_bytes > BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(kv)
        size_bytes += kv.size_bytes
    if batch:
        yield batch


def _doomed(window: Window, writing: Writing, prefix: bytes) -> tuple[tuple[Doomed, ...], int]:
    """All keys below the prefix with their sizes, and the revision they were read at."""
    revision = _below(window, writing, prefix).revision
    return tuple(
        Doomed(show(kv.key), object_href(kv.key), kv.mod_revision, kv.size_bytes)
        for piece in _values(window, prefix, revision)
        for kv in piece.kvs
    ), revision


def _below(window: Window, writing: Writing, prefix: bytes) -> RangeResult:
    """All keys below the prefix without their values. Raises DeniedError where this viewer may not change one."""
    _check_prefix(window, prefix)
    if not window.covers(prefix, prefix_end(prefix)):
        raise denied()
    source, end = window.cluster.source, prefix_end(prefix)
    counted = source.range(Range(prefix, end, count_only=True))
    if counted.count > MAX_KEYS:
        raise QueryError(
            f"{counted.count:,} keys begin with {show(prefix)}: more than the {MAX_KEYS:,} that are deleted at a time.",
            "Use a longer prefix.",
        )
    found = source.range(Range(prefix, end, limit=MAX_KEYS, keys_only=True))
    for kv in found.kvs:
        writing.check(kv.key)
    return found


def _check_prefix(window: Window, prefix: bytes) -> None:
    """Raises UsageError for a prefix that holds more than one resource type, or the registry itself."""
    keyspace = window.keyspace
    below = keyspace.holds(prefix)
    types = (keyspace.resource_prefix(prefix + rest) for rest in (b"x", b"x/x")) if below else ()
    one_type = any(start is not None and prefix.startswith(start) for start in types)
    if (below and not one_type) or _is_above(keyspace, prefix) or len(prefix) < SHORTEST_PREFIX:
        raise UsageError(
            f"{show(prefix)} covers more than one resource type.",
            f"Include a resource type, such as {keyspace.prefix}/events/shop/.",
        )


def _is_above(keyspace: KeySpace, prefix: bytes) -> bool:
    return any(root.startswith(prefix) for root in keyspace.roots)


def _confirmation(prefix: bytes, count: int) -> str:
    return f"{show(prefix)} {count}"


def _warnings(obj: dict[str, object]) -> list[str]:
    metadata = obj.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    warnings = ["No admission, no finalizers, no garbage collection: etcd deletes the key and nothing else."]
    if metadata.get("finalizers"):
        names = ", ".join(str(name) for name in metadata["finalizers"][:5])
        warnings.append(f"Its finalizers ({names}) will not run, so nothing they clean up is removed.")
    if obj.get("kind") == "Namespace":
        warnings.append("The objects in the namespace stay behind, without a namespace.")
    if obj.get("kind") == "Node":
        warnings.append("Its pods stay bound to it until the garbage collector finds them.")
    return warnings
