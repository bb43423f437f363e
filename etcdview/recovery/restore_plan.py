"""Which of the members' data and snapshots that are left is furthest, and what each of the others lacks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from etcdview.errors import UsageError
from etcdview.kube.keys import KeySpace
from etcdview.models import Member, Range
from etcdview.recovery.comparison import UNRECOGNISED, ChangeCount, ChangeKind, KeyChange
from etcdview.recovery.merge import Pair, differing_writes, state_of
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.files.wal.log import LogCut
from etcdview.stores.files.wal.recovery import Raise

_ALL = Range(b"\0", b"\0")


@dataclass(frozen=True, slots=True)
class LogExtent:
    """What the log of a data directory has and its database lacks; `uncommitted` entries are not known to be
    committed. `cut_file` is damaged from `cut_size` bytes on ("": no file is), `behind` are files that follow.
    `fault` says why the log cannot be read to its end; "" also where its last record was written in part, as a crash
    leaves it: nobody was told of that one."""

    changes: int = 0
    keys: int = 0
    revisions: int = 0
    uncommitted: int = 0
    cut_file: str = ""
    cut_size: int = 0
    behind: tuple[str, ...] = ()
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RestoreSource:
    """A data directory, database file or snapshot, as far as its log leads. `error` says why it cannot be read.

    `term` and `index` are of the last entry that is known to be committed. `raised`: more follow, which etcd brings in
    only so.
    `database` is the file that etcdutl takes; `packing` what it is packed in; `hashed`: it ends with its hash.
    """

    path: Path
    database: Path
    term: int = 0
    index: int = 0
    revision: int = 0
    keys: int = 0
    version: str = ""
    members: tuple[Member, ...] = ()
    log: LogExtent | None = None
    hashed: bool = False
    packing: str = ""
    auth: bool = False
    notes: tuple[str, ...] = ()
    error: str = ""
    raised: Raise | None = None

    @property
    def end(self) -> tuple[int, int]:
        """Term and index of the last entry that etcd can bring in, by which raft compares logs."""
        return (self.raised.term, self.raised.index) if self.raised else (self.term, self.index)


@dataclass(frozen=True, slots=True)
class TypeLack:
    """How many keys of a type a source lacks, has with another value, and has although they were deleted since."""

    resource: str
    missing: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Lack:
    """The same of all types, against the furthest source."""

    types: tuple[TypeLack, ...]

    @property
    def missing(self) -> int:
        """Keys that only the furthest has."""
        return sum(row.missing for row in self.types)

    @property
    def changed(self) -> int:
        """Keys that were last written at another revision."""
        return sum(row.changed for row in self.types)

    @property
    def deleted(self) -> int:
        """Keys that only this source has."""
        return sum(row.deleted for row in self.types)


def restore_source(path: Path, database: Path, store: SnapshotStore, packing: str = "") -> RestoreSource:
    """What a file or a data directory says of itself. Raises FileFormatError."""
    facts = store.facts()
    return RestoreSource(
        path,
        database,
        facts.term,
        facts.consistent_index,
        store.revision,
        store.range(Range(b"", b"\0", count_only=True)).count,
        facts.storage_version or facts.cluster_version,
        facts.members,
        log_extent(store),
        store.checked,
        packing,
        facts.auth,
        tuple(store.notes),
        raised=store.recovered.raised if store.recovered else None,
    )


def furthest_of(sources: Sequence[RestoreSource]) -> RestoreSource:
    """The one with the highest entry of the raft log, as members elect one.

    Of a majority of the members it has all that was acknowledged. What is committed decides which history it is.
    Raises UsageError: none is readable, or two clusters.
    """
    readable = [source for source in sources if not source.error]
    if not readable:
        raise UsageError(
            f"Nothing to restore from: {' '.join(source.error for source in sources)}",
            "Give data directories of members that are stopped, or snapshots.",
        )
    _check_one_cluster(readable)
    best = max(readable, key=lambda source: (source.index, source.term, source.revision))
    # Of a term that is not known (snapshots of 3.4) it is not known either whose log goes on from there.
    beyond = [source for source in readable if source is best or (best.term and source.end >= (best.term, best.index))]
    return max(beyond, key=lambda source: (source.end, source is best))


def doubts(furthest: RestoreSource, sources: Sequence[RestoreSource]) -> Iterator[str]:
    """Sentences about sources whose order is not clear: of one history, index, term and revision agree."""
    term, _ = furthest.end
    revision = furthest.revision + (furthest.log.uncommitted if furthest.log else 0)  # at most one of each entry
    for source in sources:
        newer_term = term and source.term > term
        if not source.error and (newer_term or source.revision > revision):
            yield (
                f"{source.path} has the newer {'term' if newer_term else 'revision'}, but the lower index: one of the "
                "two was restored, or started with --force-new-cluster. Compare them before you choose: "
                "`etcdview diff`."
            )


def lack_of(source: SnapshotStore, furthest: SnapshotStore, keyspace: KeySpace) -> Lack:
    """What a source lacks, by the newest revision of each key; values are not compared. Raises FileFormatError."""
    counts: defaultdict[str, ChangeCount] = defaultdict(ChangeCount)
    for pair in differing_writes(state_of(source), state_of(furthest), _ALL):
        change = _change(pair, keyspace)
        counts[change.resource or UNRECOGNISED].count(change)
    return Lack(tuple(TypeLack(name, c.added, c.changed, c.removed) for name, c in sorted(counts.items())))


def log_extent(store: SnapshotStore) -> LogExtent | None:
    """What the log of a data directory adds; None where there is none."""
    found = store.recovered
    if found is None:
        return None
    cut = found.cut or LogCut()
    return LogExtent(
        len(found.changes),
        len({change.meta.key for change in found.changes}),
        len({change.meta.mod_revision for change in found.changes}),
        found.uncommitted.count if found.uncommitted else 0,
        cut.name,
        cut.size,
        cut.behind,
        store.log_fault,
    )


def _change(pair: Pair, keyspace: KeySpace) -> KeyChange:
    old, new = pair
    key = old.key if old is not None else new.key if new is not None else b""
    kind: ChangeKind = "added" if old is None else "removed" if new is None else "changed"
    return KeyChange(key, keyspace.object_key(key), kind)


def _check_one_cluster(sources: Sequence[RestoreSource]) -> None:
    """Sources hang together by the IDs of their members. Raises UsageError where they do not."""
    groups: list[set[int]] = []
    for ids in ({member.id for member in source.members} for source in sources):
        if ids:
            together = [group for group in groups if group & ids]
            groups = [group for group in groups if not group & ids] + [ids.union(*together)]
    if len(groups) > 1:
        first, second = (
            next(source.path for source in sources if {m.id for m in source.members} & group) for group in groups[:2]
        )
        raise UsageError(
            f"{first} and {second} are of different clusters: they have no member in common.",
            "Give the sources of one cluster. Each restore makes new members, so a backup from before a restore is "
            "of another cluster than one from after it.",
        )
