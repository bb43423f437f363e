"""`etcdview snapshot verify`: whether a backup is whole, decodes, is of this cluster, and how far behind it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from etcdview.cluster.sources import open_codec, open_etcd, open_file
from etcdview.codec import Codec
from etcdview.config import Settings
from etcdview.kube.keys import KeySpace, show
from etcdview.kube.redaction import Redactor
from etcdview.kube.words import counted
from etcdview.models import KeyValue
from etcdview.pages.tools.snapshots import page_rows
from etcdview.pages.tools.source import Say, say_notes, warned
from etcdview.recovery.comparison import ChangeCounts, ChangeFilter, Comparer
from etcdview.recovery.membership import membership_doubts
from etcdview.recovery.merge import state_of
from etcdview.stores.files.database import SnapshotStore
from etcdview.stores.paging import PieceReader
from etcdview.stores.protocols import Store

_ALL = b"\0"
_NAMED = 10  # of the keys that cannot be decoded


@dataclass(slots=True)
class Verified:
    """Facts as names and texts, and `faults`: what makes it a bad backup. `figures` are metrics by their names."""

    rows: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    foreign: bool = False  # it is of another cluster


@dataclass(slots=True)
class _Values:
    """What the values of a file say, all together."""

    decoded: int = 0
    keys: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    unread: int = 0
    locked: int = 0
    newest: int = 0

    def see(self, codec: Codec, kv: KeyValue) -> None:
        """One more."""
        outline = codec.outline(kv.key, kv.value, lambda *_: False)
        self.newest = max(self.newest, outline.created or 0, outline.managed_at or 0)
        storage = outline.storage
        if storage.provider:
            self.keys[f"{storage.provider} {storage.key_name}"] += 1
        if not outline.error:
            self.decoded += 1
            return
        self.unread += 1
        self.locked += outline.locked
        if len(self.unreadable) < _NAMED:
            self.unreadable.append(f"{show(kv.key)}: {outline.error}")


def verify(path: Path, settings: Settings, *, live: bool, most_seconds: float, now: datetime, say: Say) -> Verified:
    """Read all of a file; with `live` also the cluster. To be older than `most_seconds` is a fault; 0: never.

    The age is that of the newest change that an object tells of. Raises FileFormatError, and what etcd raises.
    """
    store = open_file(path)
    try:
        found = Verified()
        say_notes(store, say)
        if isinstance(store, SnapshotStore):
            rows, faults = page_rows(store, path)
            found.rows += rows
            found.faults += faults
        _values(found, store, settings, most_seconds, now)
        if live:
            _against_live(found, store, settings, say)
        return found
    finally:
        store.close()


def _values(found: Verified, store: Store, settings: Settings, most_seconds: float, now: datetime) -> None:
    values, codec, keyspace = _Values(), open_codec(settings), KeySpace(settings.etcd_prefix)
    for piece in PieceReader(store).read(_ALL, _ALL):
        for kv in piece.kvs:
            if keyspace.holds(kv.key):
                values.see(codec, kv)
    found.figures |= {"values_decoded": values.decoded, "values_undecodable": values.unread}
    found.rows.append(("values", f"{values.decoded:,} decoded, {values.unread:,} not"))
    found.rows += [("encrypted", f"{count:,} with {name}") for name, count in sorted(values.keys.items())]
    if values.unread:
        found.faults.append(f"{counted(values.unread, 'value')} cannot be decoded.")
        found.faults += values.unreadable
        if values.locked:
            found.faults.append(
                f"Not decrypted, and so not checked: {counted(values.locked, 'value')}. Give --encryption-config."
            )
    if not values.decoded:
        found.faults.append(f"It holds no object below {keyspace.listed_roots}.")
    if values.newest:
        age = max(now.timestamp() - values.newest, 0)
        found.figures |= {"newest_change_timestamp_seconds": values.newest, "age_seconds": age}
        newest = datetime.fromtimestamp(values.newest, UTC)
        found.rows.append(("newest change", f"{newest:%Y-%m-%d %H:%M:%SZ}, {_hours(age)} ago"))
        if most_seconds and age > most_seconds:
            found.faults.append(f"Its newest change is {_hours(age)} old: more than {_hours(most_seconds)}.")


def _against_live(found: Verified, store: Store, settings: Settings, say: Say) -> None:
    client = open_etcd(settings)
    try:
        if isinstance(store, SnapshotStore):
            known, listed = store.facts().members, client.members().members
            found.rows.append(("cluster", _same_cluster(found, {m.id for m in known}, {m.id for m in listed})))
            if not found.foreign:
                for doubt in membership_doubts(known, listed):
                    say(doubt)
        reads = warned(client, say)
        old, new = state_of(store), state_of(reads)
        comparer = Comparer(open_codec(settings), KeySpace(settings.etcd_prefix), Redactor().mask)
        counts = ChangeCounts()
        for change in comparer.changes(old, new, ChangeFilter()):
            counts.count(change)
        found.figures |= {"missing_keys": counts.whole.added, "changed_keys": counts.whole.changed}
        ahead = found.figures["revisions_behind"] = new.revision - old.revision
        where = "after" if ahead >= 0 else "before"
        found.rows.append(("live revision", f"{new.revision:,}, {abs(ahead):,} {where} the backup's"))
        found.rows.append(("live has", ", ".join(_lacks(counts))))
        if ahead < 0:
            found.faults.append("The live cluster is behind the backup: another cluster, or one that was restored.")
    finally:
        client.close()


def _same_cluster(found: Verified, backup: Iterable[int], live: set[int]) -> str:
    """Members have IDs that hold for one cluster: a database does not keep the cluster's own."""
    shared = live & set(backup)
    if not shared:
        found.foreign = True
        found.faults.append("It is not of this cluster: they have no member in common.")
    return f"{len(shared)} of {len(live)} live members are in the backup"


def _lacks(counts: ChangeCounts) -> Iterator[str]:
    whole = counts.whole
    yield f"{counted(whole.added, 'key')} that the backup lacks"
    yield f"{whole.changed:,} with other values"
    yield f"{whole.removed:,} fewer ({whole.noise:,} of all these are noise)"


def _hours(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86400:.0f} d"
