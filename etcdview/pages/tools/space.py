"""What `etcdview space` prints: all values of a live etcd are read in a process of its own; a file in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.sources import open_codec
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.errors import UnreachableError, UsageError
from etcdview.index.facts.live import FactStatus
from etcdview.kube.keys import KeySpace, as_text, key64
from etcdview.kube.quantities import size_text
from etcdview.models import KeyValue, Range
from etcdview.pages.parts.types import named_tree
from etcdview.pages.space.page import LARGEST
from etcdview.pages.space.report import BYS, By, csv_lines, space_report, tallied
from etcdview.pages.tools.compare import readable
from etcdview.pages.tools.named_sources import NamedSources, SourceName
from etcdview.pages.tools.source import Say, say_notes
from etcdview.pages.tools.space_summary import SpaceSummary, summary_of_facts, summary_of_tally
from etcdview.recovery.merge import KeyState, all_pairs, key_values, state_of
from etcdview.space.growth import GrowthRow, GrowthTally
from etcdview.space.report import SpaceReport, SpaceRow, report_json
from etcdview.space.tally import SpaceTally
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.files.file_space import FileSpace, RecordSum
from etcdview.stores.permitted import permitted_parts
from etcdview.stores.protocols import Store

__all__ = [
    "BYS",
    "By",
    "FactStatus",
    "Grown",
    "GrowthRow",
    "SpaceFound",
    "SpaceReport",
    "SpaceRow",
    "csv_lines",
    "file_json",
    "file_lines",
    "growth_json",
    "growth_since",
    "report_json",
    "space_now",
]

_LOOK_SECONDS = 0.1
_BATCH = 1_000  # values between two words about how far it is


@dataclass(frozen=True, slots=True)
class SpaceFound:
    """The report, what stands out (None: the sizes are not known), and of a database file what its bytes are."""

    report: SpaceReport
    summary: SpaceSummary | None
    file: FileSpace | None = None


def space_now(settings: Settings, by: By, limit: int, tell: Callable[[FactStatus], None], say: Say) -> SpaceFound:
    """Read all values of the etcd or the file that the settings name; `tell` is told how far it is, again and again.

    What a file's reader has to know of it is said.

    Raises what the store raises, and UnreachableError where reading ends early.
    """
    if settings.from_file and SourceName.parse(settings.from_file).path:
        return _of_file(settings, by, limit, tell, say)
    cluster = open_cluster(replace(settings, facts="on", memory_limit=0))
    try:
        start = permitted_parts(cluster.source, b"\0", b"\0")[0].start
        cluster.source.range(Range(start, keys_only=True))  # says best why etcd cannot be reached
        _wait(cluster, tell)
        window = Window(cluster)
        return SpaceFound(space_report(window, by, limit), summary_of_facts(window))
    finally:
        cluster.close()


def _of_file(settings: Settings, by: By, limit: int, tell: Callable[[FactStatus], None], say: Say) -> SpaceFound:
    """The same of a file: one pass over its values, of which nothing but sums is kept."""
    cluster = open_cluster(replace(settings, facts="off", memory_limit=0))
    try:
        source, window = cluster.source, Window(cluster)
        tree = named_tree(window)
        say_notes(source, say)
        objects = 0 if by != "object" else limit or None
        most = None if objects is None else max(objects, LARGEST)
        tally = SpaceTally(open_codec(settings), cluster.keyspace, most)
        for kvs in _in_batches(_values(source, tree.revision)):
            tally.add(kvs)
            tell(FactStatus("filling", tally.keys, tree.count, tally.bytes))
        tell(FactStatus("complete", tally.keys, tally.keys, tally.bytes))
        file = source.space() if isinstance(source, SnapshotStore) else None
        return SpaceFound(tallied(tally, tree, by, limit), summary_of_tally(window, tally), file)
    finally:
        cluster.close()


def _in_batches(kvs: Iterator[KeyValue]) -> Iterator[list[KeyValue]]:
    while some := list(islice(kvs, _BATCH)):
        yield some


def _values(store: Store, revision: int) -> Iterator[KeyValue]:
    """All keys with their values, of a database in the order in which they lie in the file."""
    if isinstance(store, SnapshotStore):
        return store.all_values()
    return key_values(KeyState(store, revision), Range(b"\0", b"\0"))


@dataclass(frozen=True, slots=True)
class Grown:
    """What grew from one state to another: their revisions, and a row for each part that changed; the total is last."""

    before: int
    after: int
    by: By
    rows: tuple[GrowthRow, ...]


def growth_since(settings: Settings, older: str, by: By, limit: int, say: Say) -> Grown:
    """What grew since `older`, which is FILE or FILE@REV: both are read once. `limit` is the most objects; 0: all.

    Raises UsageError for a file that does not exist, and what the stores raise.
    """
    names = SourceName.parse(older), SourceName.parse(settings.from_file)
    if not names[0].path:
        raise UsageError(f"{older!r} is not a file.", "Give an older snapshot, dump or data directory.")
    sources = NamedSources(settings, say)
    try:
        stores = [sources.open(name) for name in names]
        ranges = readable((Range(b"\0", b"\0"),), stores)
        old, new = (state_of(store, name.revision, ranges[0]) for store, name in zip(stores, names, strict=True))
        tally = GrowthTally(KeySpace(settings.etcd_prefix), limit)
        tally.add(all_pairs(old, new, ranges))
        return Grown(old.revision, new.revision, by, tally.rows(by))
    finally:
        sources.close()


def growth_json(found: Grown) -> dict[str, Any]:
    """The same for `-o json`."""
    *parts, total = found.rows
    return {
        "from": {"revision": found.before},
        "to": {"revision": found.after},
        "total": _growth_json(total),
        "rows": [{**_named_json(row), **_growth_json(row)} for row in parts],
    }


def _named_json(row: GrowthRow) -> dict[str, Any]:
    named = row.row
    if named is None:
        return {}
    key = {} if named.key is None else {"key": as_text(named.key), "key64": key64(named.key)}
    return {"resource": named.resource.qualified if named.resource else None, "namespace": named.namespace, **key}


def _growth_json(row: GrowthRow) -> dict[str, int]:
    return {"keysBefore": row.keys_before, "keys": row.keys, "bytesBefore": row.bytes_before, "bytes": row.bytes}


def file_lines(space: FileSpace) -> list[tuple[str, str, str, str]]:
    """What the bytes of a database file are, as rows: what, how many, bytes, and what frees them."""
    page, free = size_text(space.page_size_bytes), size_text(space.free_bytes)
    other = [(f"bucket {name}", _number(found.records), size_text(found.bytes), "") for name, found in space.other]
    log = [("changes in the log", _number(space.in_log), "", "not in the database yet")] if space.in_log else []
    return [
        ("values of keys", _number(space.live.records), size_text(space.live.bytes), ""),
        ("older values", _number(space.history.records), size_text(space.history.bytes), "freed by a compaction"),
        ("deletions", _number(space.deletions.records), size_text(space.deletions.bytes), "freed by a compaction"),
        *other,
        (f"free pages of {page}", _number(space.free_pages), free, "given back by a defragmentation"),
        ("file", f"{space.pages:,} pages", size_text(space.size_bytes), ""),
        _after("after a defragmentation", space, space.defragmented_bytes),
        _after("after a compaction and a defragmentation", space, space.compacted_bytes),
        *log,
    ]


def _after(what: str, space: FileSpace, left: int) -> tuple[str, str, str, str]:
    """About what is left of the file then, and what the file system gets back."""
    saved = max(space.pages * space.page_size_bytes - left, 0)
    return what, f"{left // space.page_size_bytes:,} pages", f"about {size_text(left)}", f"{size_text(saved)} less"


def file_json(space: FileSpace) -> dict[str, Any]:
    """The same for `-o json`."""
    sums = {"live": space.live, "history": space.history, "deletions": space.deletions}
    return {
        "bytes": space.size_bytes,
        "pageBytes": space.page_size_bytes,
        "pages": space.pages,
        "freePages": space.free_pages,
        **{name: _sum_json(found) for name, found in sums.items()},
        "otherBuckets": {name: _sum_json(found) for name, found in space.other},
        "changesInLog": space.in_log,
        "bytesAfterDefragmentation": space.defragmented_bytes,
        "bytesAfterCompactionAndDefragmentation": space.compacted_bytes,
    }


def _sum_json(found: RecordSum) -> dict[str, int]:
    return {"records": found.records, "bytes": found.bytes}


def _number(count: int) -> str:
    return f"{count:,}"


def _wait(cluster: Cluster, tell: Callable[[FactStatus], None]) -> None:
    """Until the facts of all values are known."""
    facts = cluster.facts
    while facts is not None:
        status, names = facts.status, cluster.index.freshness()
        if status.state == "failed":
            raise UnreachableError(status.problem)
        if status.state == "starting" and names.state == "down":
            raise UnreachableError(names.problem)
        tell(status)
        if status.complete:
            return
        time.sleep(_LOOK_SECONDS)
