"""`etcdview restore plan`: the sources opened one after the other, ranked, and the steps to bring the cluster back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from shlex import quote
from typing import Any

from etcdview.cluster.sources import open_file
from etcdview.errors import FileFormatError, UsageError
from etcdview.kube.keys import KeySpace
from etcdview.kube.words import counted
from etcdview.recovery.restore_plan import (
    Lack,
    LogExtent,
    RestoreSource,
    doubts,
    furthest_of,
    lack_of,
    log_extent,
    restore_source,
)
from etcdview.recovery.restore_steps import MARGIN_REASON, RestorePlan, RestoreTarget, restore_plan
from etcdview.stores.files.data_directory import database_of, is_data_directory
from etcdview.stores.files.database import SnapshotStore, open_database
from etcdview.stores.files.timeline import head_of, is_folder, snapshots_in
from etcdview.stores.files.unpacking import is_packed, packing_name
from etcdview.stores.files.wal.log import LogCut
from etcdview.stores.files.wal.start_check import start_fault
from etcdview.stores.prefixes import look_elsewhere

__all__ = [
    "Lack",
    "PlannedRestore",
    "RestorePlan",
    "RestoreSource",
    "RestoreTarget",
    "bump_text",
    "json_of",
    "lack_text",
    "plan_restore",
]


@dataclass(frozen=True, slots=True)
class PlannedRestore:
    """All sources, the furthest first; what each other readable one lacks; the plan, and what is to be doubted."""

    furthest: RestoreSource
    sources: tuple[RestoreSource, ...]
    lacks: dict[Path, Lack]
    plan: RestorePlan
    notes: tuple[str, ...]

    @property
    def unread(self) -> tuple[RestoreSource, ...]:
        """Those that cannot be read."""
        return tuple(source for source in self.sources if source.error)


def plan_restore(paths: Sequence[Path], target: RestoreTarget, prefix: str) -> PlannedRestore:
    """Rank the sources and plan. Of a folder with snapshots each is a source.

    Raises UsageError where none can be read, for sources of different clusters, and for unknown members.
    """
    if not target.data_dir.startswith("/") or not target.copy.startswith("/"):
        raise UsageError("--data-dir and --copy-to are paths on the members' machines.", "Give absolute ones.")
    target = replace(target, data_dir=target.data_dir.rstrip("/"), copy=target.copy.rstrip("/"))
    if not target.data_dir or not target.copy:
        raise UsageError("--data-dir and --copy-to cannot be /.", "Give a folder and a file below it.")
    keyspace = KeySpace(prefix)
    found = [_read(path, keyspace) for given in dict.fromkeys(paths) for path in _expanded(given)]
    furthest = furthest_of(found)
    ranked = sorted(found, key=lambda s: (not s.error, s is furthest, s.index, s.term, s.revision), reverse=True)
    readable = [source for source in ranked if not source.error]
    plan = restore_plan(furthest, readable, target)
    lacks = _lacks(furthest, [source for source in readable[1:] if source.index <= furthest.index], keyspace)
    notes = (
        *_quorum(furthest, readable),
        *_emptiness(furthest),
        *_reaches(furthest, readable),
        *doubts(furthest, readable),
        *plan.notes,
    )
    return PlannedRestore(furthest, tuple(ranked), lacks, plan, notes)


def _reaches(furthest: RestoreSource, sources: Sequence[RestoreSource]) -> Iterator[str]:
    """Why one that is not the first by what is known to be committed is the furthest."""
    term, index = furthest.end
    for source in sources:
        if source.index > furthest.index:
            yield (
                f"{furthest.path} has entries up to {index:,} of term {term:,}, more than {source.path}, and does not "
                f"know that those up to {source.index:,} are committed. Members would elect it. These two are not "
                "compared."
            )


def bump_text(plan: RestorePlan) -> str:
    """How the bump was computed, in a sentence."""
    bump = plan.bump
    ahead = f"{bump.ahead:,} that another source is ahead, and " if bump.ahead else ""
    return (
        f"--bump-revision {bump.amount:,} is added to the newest revision: {ahead}a margin of {bump.margin:,} for "
        f"revisions that were handed out after the source was written, {MARGIN_REASON}."
    )


def json_of(found: PlannedRestore) -> dict[str, Any]:
    """All of it, for -o json."""
    plan = found.plan
    return {
        "furthest": str(found.furthest.path),
        "sources": [_source_json(source, found.lacks.get(source.path)) for source in found.sources],
        "members": [
            {"id": f"{member.id:x}", "name": member.name, "peerUrls": list(member.peer_urls)} for member in plan.members
        ],
        "bump": {"revision": plan.bump.amount, "ahead": plan.bump.ahead, "margin": plan.bump.margin},
        "steps": [
            {"title": step.title, "commands": list(step.commands), "notes": list(step.notes)} for step in plan.steps
        ],
        "notes": list(found.notes),
    }


def _source_json(source: RestoreSource, lack: Lack | None) -> dict[str, Any]:
    if source.error:
        return {"source": str(source.path), "error": source.error}
    row: dict[str, Any] = {
        "source": str(source.path),
        "term": source.term,
        "index": source.index,
        "revision": source.revision,
        "keys": source.keys,
        "version": source.version,
        "log": asdict(source.log) if source.log else None,
        "raised": {"term": source.raised.term, "index": source.raised.index} if source.raised else None,
        "notes": list(source.notes),
    }
    if lack is not None:
        totals = {"missing": lack.missing, "changed": lack.changed, "deleted": lack.deleted}
        row["lacks"] = totals | {"types": [asdict(kind) for kind in lack.types]}
    return row


def _expanded(path: Path) -> Iterator[Path]:
    """Each snapshot of a folder with several; the path itself otherwise."""
    try:
        snapshots = snapshots_in(path) if is_folder(path) and not is_data_directory(path) else ()
    except FileFormatError:  # said by _read
        snapshots = ()
    yield from (snapshot.path for snapshot in snapshots) if snapshots else (path,)


def _quorum(furthest: RestoreSource, sources: Sequence[RestoreSource]) -> Iterator[str]:
    """That nothing may have to be restored at all."""
    voters = sum(not member.learner for member in furthest.members)
    whole = sum(source.log is not None and not source.log.fault for source in sources)
    if whole > voters // 2:
        yield (
            f"Here is the data of {whole} of {voters} members, which is a quorum. Where their machines still work, "
            "start etcd on them first: a restore may not be needed."
        )


def _emptiness(furthest: RestoreSource) -> Iterator[str]:
    if not furthest.keys and not furthest.raised:
        yield f"{furthest.path} holds no key: a cluster that is restored from it is empty."


def _read(path: Path, keyspace: KeySpace) -> RestoreSource:
    """A source; one that cannot be read has its `error`."""
    try:
        store = _startable(path, _opened(path))
    except FileFormatError as error:
        return RestoreSource(path, path, error=str(error))
    try:
        if elsewhere := look_elsewhere(store, keyspace):
            store.add_notes(elsewhere.what)
        if path.is_dir():
            return restore_source(path, database_of(path), store)
        head = head_of(path)
        return restore_source(path, path, store, packing_name(head) if is_packed(head) else "")
    except FileFormatError as error:
        return RestoreSource(path, path, error=str(error))
    finally:
        store.close()


def _opened(path: Path) -> SnapshotStore:
    store = open_file(path)
    if isinstance(store, SnapshotStore):
        return store
    store.close()
    raise FileFormatError(
        f"{path} is neither a snapshot nor a data directory: etcdutl cannot restore it.",
        "`etcdview rescue` brings back what it holds.",
    )


def _startable(path: Path, store: SnapshotStore) -> SnapshotStore:
    """Without its log, and that said, where no etcd can bring that in. Raises FileFormatError."""
    if store.recovered is None or not (store.recovered.changes or store.recovered.raised):
        return store
    try:
        fault = start_fault(database_of(path).parent.parent / "wal", store.recovered.cut or LogCut())
    except BaseException:
        store.close()
        raise
    if not fault:
        return store
    lost = log_extent(store) or LogExtent()
    rest = counted(lost.uncommitted, "entry", "entries")
    more = f", and {rest} that clients may have been told of" if lost.uncommitted else ""
    store.close()
    plain = _without_log(path)
    plain.add_notes(
        f"No etcd can bring in its log, for {fault}. So this is its database alone, which lacks "
        f"{counted(lost.changes, 'change')} to {counted(lost.keys, 'key')}{more}. Once the cluster is back, "
        f"`etcdview diff {quote(str(path))} live` shows them, and `etcdview rescue --from {quote(str(path))}` brings "
        "back what is missing then."
    )
    return plain


def _without_log(path: Path) -> SnapshotStore:
    return open_database(database_of(path), str(path))


def _again(source: RestoreSource) -> SnapshotStore:
    """Opened as it was read."""
    return _without_log(source.path) if source.log is None and source.path.is_dir() else _opened(source.path)


def _lacks(furthest: RestoreSource, others: Sequence[RestoreSource], keyspace: KeySpace) -> dict[Path, Lack]:
    """Two files are open at a time."""
    if not others:
        return {}
    best, lacks = _again(furthest), {}
    try:
        for source in others:
            store = _again(source)
            try:
                lacks[source.path] = lack_of(store, best, keyspace)
            finally:
                store.close()
    finally:
        best.close()
    return lacks


def lack_text(lack: Lack) -> str:
    """What a source lacks, in words."""
    if not lack.types:
        return "has the same keys as the furthest"
    return (
        f"lacks {counted(lack.missing, 'key')}, has older values of {lack.changed:,}, and {lack.deleted:,} that were "
        "deleted since"
    )
