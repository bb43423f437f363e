"""Questions that facts answer, for all values at once. Each takes a few milliseconds at a million keys."""

from __future__ import annotations

import bisect
import contextlib
import itertools
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, NamedTuple

from etcdview.codec import StorageFormat
from etcdview.errors import UnreachableError
from etcdview.index.facts.database import labels_text, open_reader, packed_uid, storage_of, uid_head, unpacked_uid
from etcdview.index.facts.fact import STATES
from etcdview.index.facts.ordered import IndexOrder, IndexPage, IndexWalk
from etcdview.index.facts.problems import problem_text
from etcdview.kube.selectors import LabelSelector, Requirement
from etcdview.relations.model import Health
from etcdview.relations.needed import NEEDS, Need
from etcdview.relations.states import status_in
from etcdview.stores.kept import Kept

SMALL_PART = 20  # a namespace with fewer than one key in so many is small
SPREAD_SECONDS = 10.0  # it goes through an index of all values, and changes little
_MOST_SPREADS = 100
_IDLE = 2  # connections that are kept while nobody asks: each has a cache

_first = itemgetter(0)
_second = itemgetter(1)

Order = Literal["key", "size", "created", "version", "state", "node", "deleted", "any"]
Most = Literal["size", "version"]
Column = Literal["word", "node"]
Permits = Callable[[str, str], bool]  # whether a type (by its storage prefix) may be seen in a namespace


class Total(NamedTuple):
    """The sums over all values of one type, namespace, way of storing and state. Sizes are bytes.

    A page makes thousands of them: a tuple takes a third of the time of a frozen dataclass.
    """

    resource: str
    namespace: str
    storage: StorageFormat
    state: Health
    keys: int
    bytes: int
    managed_bytes: int
    annotation_bytes: int
    last_applied_bytes: int
    data_bytes: int


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What is kept of one key. Times are Unix seconds, None where there are none; sizes are bytes."""

    key: bytes
    revision: int
    version: int
    resource: str
    namespace: str
    storage: StorageFormat
    state: Health
    word: str
    error: str
    uid: str
    owner: str
    created: int | None
    deleted: int | None
    finalizers: tuple[str, ...]
    labels: Mapping[str, str]
    node: str
    size: int
    managed_bytes: int
    annotation_bytes: int
    last_applied_bytes: int
    data_bytes: int
    manager: str
    managed_at: int | None
    misnamed: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """How the sizes of values are spread, in bytes: half of them are at most `median`, and so on.

    `top_keys` are the largest hundredth of all `keys`, at least one; `top_bytes` is what they hold.
    """

    keys: int = 0
    median: int = 0
    ninety: int = 0
    ninety_nine: int = 0
    largest: int = 0
    top_keys: int = 0
    top_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Alike:
    """How many keys are alike in these four. `status` is what a table's words for the state begin with."""

    namespace: str
    state: Health
    status: str
    node: str
    keys: int


@dataclass(frozen=True, slots=True)
class Marks:
    """How many keys of a type have each status, as in Alike, and are on each node."""

    statuses: Mapping[str, int]
    nodes: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the registry: whole types within namespaces ("" for what has none), and single keys."""

    groups: frozenset[tuple[str, str]]
    keys: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which keys: of a type ("" all), in a namespace ("" all), with such labels, in a state, on a node.

    `uid` is theirs, `owner` that of one of their owners. `error`, `misnamed` and `deleting`: those only that are;
    `deleting_since`: those marked for deletion before that moment, in Unix seconds.
    `readable`: those that can be decoded; `plain`: those that are not encrypted. `words`: any of them is in
    what a table says of its state, or in its node's name, in lower case. `status` is what
    those words begin with, up to a comma. `part` is what may be seen, None for
    everything.
    """

    resource: str = ""
    namespace: str = ""
    labels: LabelSelector | None = None
    state: Health | None = None
    node: str = ""
    owner: str = ""
    uid: str = ""
    error: bool = False
    misnamed: bool = False
    deleting: bool = False
    deleting_since: float = 0.0
    readable: bool = False
    plain: bool = False
    words: tuple[str, ...] = ()
    status: str = ""
    part: Part | None = None


_JOINED = """
SELECT p.folder, f.name, f.revision, f.version, r.text, n.text, s.text, f.state, w.text, e.text, f.uid, f.owner,
       f.created, f.deleted, z.text, l.text, o.text, f.size, f.managed_bytes, f.annotation_bytes, f.last_applied_bytes,
       f.data_bytes, m.text, f.managed_after + coalesce(f.created, 0),
       f.misnamed
FROM facts f CROSS JOIN folders p ON p.id = f.folder JOIN texts r ON r.id = f.resource
JOIN texts n ON n.id = f.namespace JOIN texts s ON s.id = f.storage JOIN texts w ON w.id = f.word
LEFT JOIN texts e ON e.id = f.error LEFT JOIN texts z ON z.id = f.finalizers
LEFT JOIN texts l ON l.id = f.labels LEFT JOIN texts o ON o.id = f.node LEFT JOIN texts m ON m.id = f.manager
"""
_TOTALS = """
SELECT r.text, n.text, s.text, t.state, t.keys, t.bytes, t.managed_bytes, t.annotation_bytes, t.last_applied_bytes,
       t.data_bytes
FROM totals t JOIN texts r ON r.id = t.resource JOIN texts n ON n.id = t.namespace JOIN texts s ON s.id = t.storage
WHERE t.keys > 0
"""
_MARKS = """
SELECT t.text, m.keys FROM marks m JOIN texts t ON t.id = m.{0}
WHERE m.resource = (SELECT id FROM texts WHERE text = ?) AND m.{1} = 0 AND m.keys > 0
"""
_TWICE = f"""
SELECT f.uid, count(*) AS objects FROM
(SELECT {uid_head("uid")} AS head FROM facts WHERE {uid_head("uid")} IS NOT NULL GROUP BY 1 HAVING count(*) > 1) t
CROSS JOIN facts f ON {uid_head("f.uid")} = t.head GROUP BY f.uid HAVING count(*) > 1
"""
_PLACED = "facts f CROSS JOIN folders p ON p.id = f.folder"  # whose keys are p.folder and f.name together
_AT = "f.folder = (SELECT id FROM folders WHERE folder = ?) AND digest(f.name) = digest(?)"
_NUMBER = f"SELECT f.id FROM facts f WHERE {_AT}"
_ORPHANED = f"""
WHERE f.owner IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM facts o WHERE {uid_head("o.uid")} = {uid_head("f.owner")} AND o.uid = f.owner)
AND NOT EXISTS (SELECT 1 FROM more_owners m
                JOIN facts o ON {uid_head("o.uid")} = {uid_head("m.owner")} AND o.uid = m.owner
                WHERE m.id = f.id)
"""
# of an object that cannot be decoded, the UID is not known
_LACKING = """
FROM needed n WHERE n.need = ? AND NOT EXISTS (
    SELECT 1 FROM facts o WHERE o.folder = n.folder AND digest(o.name) = n.digest
    AND (n.uid = x'' OR o.uid = n.uid OR o.error IS NOT NULL)
)
"""
_COLUMNS: dict[str, str] = {
    "key": "p.folder", "size": "f.size", "created": "f.created", "version": "f.version", "state": "f.state",
    "node": "f.node", "deleted": "f.deleted",
}  # fmt: skip


def spread_of(sizes: Sequence[tuple[int, int]]) -> Spread:
    """How sizes are spread: each with how many values have it, the largest first."""
    keys = sum(count for _, count in sizes)
    if not keys:
        return Spread()
    ends = tuple(itertools.accumulate(count for _, count in sizes))
    median, ninety, ninety_nine, largest = (
        sizes[bisect.bisect_right(ends, above)][0] for above in (keys // 2, keys // 10, keys // 100, 0)
    )
    top = max(keys // 100, 1)
    last = bisect.bisect_left(ends, top)  # of these sizes, the last may be in it in part
    top_bytes = sum(size * count for size, count in sizes[: last + 1]) - sizes[last][0] * (ends[last] - top)
    return Spread(keys, median, ninety, ninety_nine, largest, top, top_bytes)


class FactReader:
    """Answers questions from a database of facts. Safe to use from any thread; `close` it in the end."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()  # guards _free, _closed and _spreads
        self._free: list[_Connection] = []
        self._closed = False
        self._spreads: dict[str, Kept[Spread]] = {}  # of types, "" of all

    def close(self) -> None:
        """Let go of the connections that nobody uses; those in use are closed when their question is answered."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for taken in free:
            taken.sqlite.close()

    def totals(self) -> tuple[Total, ...]:
        """The sums, by type, namespace, way of storing and state; the same object while nothing is written."""
        with self._taken() as taken:
            return taken.totals()

    def totals_of(self, resource: str) -> tuple[Total, ...]:
        """Those of one type: quick, also while much is written."""
        with self._connection() as connection:
            return _totals(connection.execute(f"{_TOTALS} AND r.text = ?", (resource,)))

    def count(self, wanted: Wanted) -> int:
        """How many keys there are of those."""
        with self._connection() as connection:
            # What is healthy, is unhealthy or has a status can be decoded.
            if wanted.state in ("healthy", "unhealthy") and _asks_by(
                wanted, "resource", "namespace", "state", "readable"
            ):
                return _count_in_state(connection, wanted)
            if wanted.status and _asks_by(wanted, "resource", "status", "readable"):
                return _statuses(connection, wanted.resource)[wanted.status]
            where, values = _where(connection, wanted)
            found: int = connection.execute(f"SELECT count(*) FROM facts f {where}", values).fetchone()[0]
        return found

    def keys(
        self, wanted: Wanted, *, order: Order = "key", descending: bool = False, offset: int = 0, limit: int = -1
    ) -> tuple[bytes, ...]:
        """Those keys, in an order; equal ones in the order of their bytes. Without a `limit` all of them.

        "any" order is the quickest for a few of many.
        """
        with self._connection() as connection:
            where, values = _where(connection, wanted)
            if order == "any":
                query = f"SELECT p.folder, f.name FROM {_PLACED} {where} LIMIT ? OFFSET ?"
                return tuple([folder + name for folder, name in connection.execute(query, (*values, limit, offset))])
            # SQLite sorts more slowly, and knows no bytes of whole keys: folders may lie in each other
            query = f"SELECT p.folder, f.name, {_COLUMNS[order]} FROM {_PLACED} {where}"
            rows = [(folder + name, value) for folder, name, value in connection.execute(query, values)]
        rows.sort(key=_first, reverse=descending and order == "key")
        if order != "key":
            rows.sort(key=_second_if_known, reverse=descending)
        end = None if limit < 0 else offset + limit
        return tuple([key for key, _ in rows[offset:end]])

    def page(
        self, wanted: Wanted, order: IndexOrder, *, descending: bool, after: bytes | None, limit: int
    ) -> IndexPage | None:
        """Keys of one type behind another key, in an order that has_index; None where that key is gone.

        It looks at all keys between those that are wanted: of few among many, `keys` is quicker.
        """
        with self._connection() as connection:
            query = "SELECT id FROM texts WHERE text = ?"
            found = connection.execute(query, (wanted.resource,)).fetchone()
            if found is None:
                return IndexPage() if after is None else None
            where, values = _where(connection, wanted, walked=True)
            condition = where.replace("WHERE", " AND", 1)
            walk = IndexWalk(connection, found[0], order, descending=descending, condition=condition, values=values)
            return walk.page(after, limit)

    def facts(
        self, wanted: Wanted, *, order: Order = "key", descending: bool = False, offset: int = 0, limit: int = -1
    ) -> tuple[KeyFacts, ...]:
        """What is kept of those keys; see `keys`."""
        ordered = _order_by(order, descending)
        with self._connection() as connection:
            where, values = _where(connection, wanted)
            query = f"{_JOINED} {where} {ordered} LIMIT ? OFFSET ?"
            found = list(map(_key_facts, connection.execute(query, (*values, limit, offset))))
        if order == "key" and limit < 0 and not offset:  # folders may lie in each other
            found.sort(key=lambda fact: fact.key, reverse=descending)
        return tuple(found)

    def tally(self, wanted: Wanted, most: int) -> tuple[Alike, ...]:
        """How many of those keys are alike in what lists are narrowed by; of the first `most` of them, in any order."""
        with self._connection() as connection:
            where, values = _where(connection, wanted)
            first = f"SELECT f.namespace, f.state, f.word, f.node FROM facts f {where} LIMIT ?"
            query = (
                "SELECT n.text, c.state, w.text, coalesce(o.text, ''), c.keys FROM "
                f"(SELECT namespace, state, word, node, count(*) AS keys FROM ({first}) GROUP BY 1, 2, 3, 4) c "
                "JOIN texts n ON n.id = c.namespace JOIN texts w ON w.id = c.word LEFT JOIN texts o ON o.id = c.node"
            )
            found = connection.execute(query, (*values, most)).fetchall()
        return tuple([Alike(n, STATES[state], status_in(word), node, keys) for n, state, word, node, keys in found])

    def marks_of(self, resource: str) -> Marks:
        """Counts of all keys of a type, however many these are."""
        with self._connection() as connection:
            nodes = dict(connection.execute(_MARKS.format("node", "word"), (resource,)).fetchall())
            return Marks(_statuses(connection, resource), nodes)

    def sayings(self, wanted: Wanted, limit: int) -> tuple[tuple[bytes, str], ...]:
        """At most `limit` of those keys, any of them, each with what is kept of its state, and its node."""
        with self._connection() as connection:
            if wanted.words and not _texts_with(connection, wanted):
                return ()
            where, values = _where(connection, wanted)
            query = (
                f"SELECT p.folder, f.name, w.text || ' ' || coalesce(o.text, '') FROM {_PLACED} "
                "JOIN texts w ON w.id = f.word "
                f"LEFT JOIN texts o ON o.id = f.node {where} LIMIT ?"
            )
            return tuple([(folder + name, said) for folder, name, said in connection.execute(query, (*values, limit))])

    def texts(self, wanted: Wanted, column: Column) -> tuple[tuple[bytes, str], ...]:
        """Those keys in the order of their bytes, each with a text that is kept of it, "" for none."""
        with self._connection() as connection:
            where, values = _where(connection, wanted)
            query = (
                f"SELECT p.folder, f.name, coalesce(t.text, '') FROM {_PLACED} "
                f"LEFT JOIN texts t ON t.id = f.{column} {where}"
            )
            found = [(folder + name, text) for folder, name, text in connection.execute(query, values)]
        return tuple(sorted(found, key=_first))

    def texts_of(self, keys: Sequence[bytes], column: Column) -> tuple[tuple[bytes, str], ...]:
        """Those of these keys that can be decoded, in their order, each with a text as in `texts`."""
        query = (
            f"SELECT coalesce(t.text, '') FROM facts f LEFT JOIN texts t ON t.id = f.{column} "
            f"WHERE {_AT} AND f.error IS NULL"
        )
        return tuple([(key, text) for key, (text,) in self._rows_of(keys, query)])

    def _rows_of(self, keys: Sequence[bytes], query: str) -> Iterator[tuple[bytes, Sequence[Any]]]:
        """The row that a query gives of each key; nothing of those that it does not find."""
        with self._connection() as connection:
            for key in keys:
                end = key.rfind(b"/") + 1
                row = connection.execute(query, (key[:end], key[end:])).fetchone()
                if row is not None:
                    yield key, row

    def top(self, wanted: Wanted, most: Most, limit: int) -> tuple[KeyFacts, ...]:
        """Those with the largest values, or the most writes, in that order; with a `limit` below 0 all of them.

        Of equal ones at the end any may be left out: to order them all, an index alone would not do.
        """
        column = _COLUMNS[most]
        with self._connection() as connection:
            small = _is_small_part(connection, wanted)
            where, values = _where(connection, wanted, few=most == "version" and not small)
            in_one = small or (most == "size" and wanted.resource)
            of_type, types = ("TRUE", [()]) if in_one else _each_type(connection, most)
            also = f"{'AND' if where else 'WHERE'} {of_type}"
            first = f"SELECT f.id, {column} FROM facts f {where} {also} ORDER BY {column} DESC LIMIT ?"
            found = [row for one in types for row in connection.execute(first, (*values, *one, limit))]
            found.sort(key=_second, reverse=True)
            ids = json.dumps([number for number, _ in (found if limit < 0 else found[:limit])])
            query = f"{_JOINED} WHERE f.id IN (SELECT value FROM json_each(?)) ORDER BY {column} DESC, p.folder, f.name"
            return tuple(map(_key_facts, connection.execute(query, (ids,))))

    def of(self, keys: Sequence[bytes]) -> dict[bytes, KeyFacts]:
        """What is kept of these keys; those that it has not seen are left out."""
        return {key: _key_facts(row) for key, row in self._rows_of(keys, f"{_JOINED} WHERE {_AT}")}

    def in_order(self, keys: Sequence[bytes], order: Order, *, descending: bool) -> tuple[bytes, ...]:
        """These keys, given in the order of their bytes, in another; those that it has not seen are left out."""
        query = f"SELECT {_COLUMNS[order]} FROM facts f WHERE {_AT}"
        found = [(key, value) for key, (value,) in self._rows_of(keys, query)]
        found.sort(key=_second_if_known, reverse=descending)
        return tuple([key for key, _ in found])

    def spread(self, wanted: Wanted) -> Spread:
        """How the sizes of those values are spread; of all values, and of a type, it is kept for SPREAD_SECONDS."""
        if not _asks_by(wanted, "resource"):
            return self._spread(wanted)
        with self._lock:
            kept = self._spreads.get(wanted.resource)
            if kept is None:
                if len(self._spreads) >= _MOST_SPREADS:
                    self._spreads.clear()
                kept = self._spreads[wanted.resource] = Kept(SPREAD_SECONDS, lambda: self._spread(wanted))
        return kept.get()

    def _spread(self, wanted: Wanted) -> Spread:
        with self._connection() as connection:
            where, values = _where(connection, wanted)
            query = f"SELECT f.size, count(*) FROM facts f {where} GROUP BY f.size ORDER BY f.size DESC"
            sizes = connection.execute(query, values).fetchall()
        return spread_of(sizes)

    def shared_uids(self, limit: int) -> tuple[tuple[str, int], ...]:
        """UIDs that several objects have, and how many."""
        with self._connection() as connection:
            return tuple(
                (unpacked_uid(uid), n) for uid, n in connection.execute(f"{_TWICE} ORDER BY 1 LIMIT ?", (limit,))
            )

    def orphans(self, limit: int) -> tuple[bytes, ...]:
        """Keys of objects whose owner does not exist."""
        with self._connection() as connection:
            query = f"SELECT p.folder, f.name FROM {_PLACED} {_ORPHANED} ORDER BY p.folder, f.name LIMIT ?"
            return tuple([folder + name for folder, name in connection.execute(query, (limit,))])

    def count_orphans(self) -> int:
        """How many objects there are whose owner does not exist."""
        with self._connection() as connection:
            found: int = connection.execute(f"SELECT count(*) FROM facts f {_ORPHANED}").fetchone()[0]
        return found

    def lacking(self, need: Need, limit: int) -> tuple[bytes, ...]:
        """Keys of objects that need one which does not exist."""
        with self._connection() as connection:
            query = (
                f"SELECT p.folder, f.name FROM (SELECT DISTINCT n.id {_LACKING}) l CROSS JOIN facts f ON f.id = l.id "
                "JOIN folders p ON p.id = f.folder ORDER BY p.folder, f.name LIMIT ?"
            )
            return tuple([folder + name for folder, name in connection.execute(query, (NEEDS.index(need), limit))])

    def count_lacking(self, need: Need) -> int:
        """How many objects there are that need one which does not exist."""
        with self._connection() as connection:
            query = f"SELECT count(DISTINCT n.id) {_LACKING}"
            found: int = connection.execute(query, (NEEDS.index(need),)).fetchone()[0]
        return found

    def count_shared_uids(self) -> tuple[int, int]:
        """How many UIDs several objects have, and how many objects these are."""
        with self._connection() as connection:
            query = f"SELECT count(*), coalesce(sum(objects), 0) FROM ({_TWICE})"
            uids, objects = connection.execute(query).fetchone()
        return uids, objects

    def words(self, resource: str) -> tuple[tuple[str, Health, int], ...]:
        """What tables say of the states of a type's objects, how these are, and how many there are of each."""
        query = (
            "SELECT w.text, f.state, count(*) FROM facts f JOIN texts w ON w.id = f.word "
            "WHERE f.resource = (SELECT id FROM texts WHERE text = ?) GROUP BY f.word, f.state ORDER BY 3 DESC"
        )
        with self._connection() as connection:
            return tuple((word, STATES[state], n) for word, state, n in connection.execute(query, (resource,)))

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        with self._taken() as taken:
            yield taken.sqlite

    @contextlib.contextmanager
    def _taken(self) -> Iterator[_Connection]:
        """A connection that nobody else uses meanwhile."""
        with self._lock:
            taken = self._free.pop() if self._free else None
        try:
            taken = taken or _Connection(open_reader(self._path))
            taken.sqlite.execute("BEGIN")  # one query reads one moment
            try:
                yield taken
            finally:
                taken.sqlite.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._problem(error) from error
        finally:
            with self._lock:
                kept = not self._closed and len(self._free) < _IDLE
                if kept and taken is not None:
                    self._free.append(taken)
            if not kept and taken is not None:
                taken.sqlite.close()

    def _problem(self, error: sqlite3.Error) -> UnreachableError:
        """Why a question has no answer: the database is let go of, or cannot be read."""
        with self._lock:
            again = self._closed or not self._path.exists()  # who follows the index sees that it is gone
        if again:
            return UnreachableError(
                "The facts of the stored values are being read again.", "Try again in some seconds."
            )
        return UnreachableError(problem_text(error))


class _Connection:
    """A connection, and the sums as it has read them. For one question at a time, within a transaction."""

    def __init__(self, sqlite: sqlite3.Connection) -> None:
        self.sqlite = sqlite
        self._version = -1  # of the database, when the sums were read
        self._totals: tuple[Total, ...] = ()

    def totals(self) -> tuple[Total, ...]:
        (version,) = self.sqlite.execute("PRAGMA data_version").fetchone()
        if version != self._version:
            self._totals = _totals(self.sqlite.execute(_TOTALS))
            self._version = version
        return self._totals


def _totals(rows: Iterable[tuple[Any, ...]]) -> tuple[Total, ...]:
    return tuple([Total(r, n, storage_of(s), STATES[state], *sums) for r, n, s, state, *sums in rows])


def _each_type(connection: sqlite3.Connection, most: Most) -> tuple[str, list[tuple[int, ...]]]:
    """A condition that lets an index give the most at once, and its values: sizes are in order within each type."""
    if most == "version":
        return "f.version > 1", [()]
    return "f.resource = ?", connection.execute("SELECT DISTINCT resource FROM totals WHERE keys > 0").fetchall()


def _order_by(order: Order, descending: bool) -> str:
    direction = "DESC" if descending else "ASC"
    if order == "any":
        return ""
    if order == "key":
        return f"ORDER BY p.folder {direction}, f.name {direction}"
    return f"ORDER BY {_COLUMNS[order]} {direction}, p.folder, f.name"


def _statuses(connection: sqlite3.Connection, resource: str) -> Counter[str]:
    """How many keys of a type have each status."""
    statuses: Counter[str] = Counter()
    for word, keys in connection.execute(_MARKS.format("word", "node"), (resource,)):
        statuses[status_in(word)] += keys
    return statuses


def _asks_by(wanted: Wanted, *fields: str) -> bool:
    """Whether nothing but these fields says which keys are wanted."""
    return wanted == Wanted(**{field: getattr(wanted, field) for field in fields})


def _count_in_state(connection: sqlite3.Connection, wanted: Wanted) -> int:
    conditions, values = [f"state = {STATES.index(wanted.state or 'unknown')}"], []
    for column in ("resource", "namespace"):
        if text := getattr(wanted, column):
            conditions.append(f"{column} = (SELECT id FROM texts WHERE text = ?)")
            values.append(text)
    query = f"SELECT coalesce(sum(keys), 0) FROM totals WHERE {' AND '.join(conditions)}"
    found: int = connection.execute(query, values).fetchone()[0]
    return found


def _where(
    connection: sqlite3.Connection, wanted: Wanted, *, few: bool = False, walked: bool = False
) -> tuple[str, list[Any]]:
    """The condition of a query over facts, and its values. `few`: those are few that its other conditions leave.

    `walked`: the query names the index that it goes through.
    """
    few = few or walked or any(getattr(wanted, wish) for wish in _ONLY_FEW) or _go_by_health(connection, wanted)
    conditions = list(_places(connection, wanted, few=few))
    if wanted.uid:
        conditions.append((f"{uid_head('f.uid')} = {uid_head('?')} AND f.uid = ?", (packed_uid(wanted.uid),) * 2))
    if wanted.owner:
        more = f"SELECT id FROM more_owners WHERE {uid_head('owner')} = {uid_head('?')} AND owner = ?"
        owned = f"({uid_head('f.owner')} = {uid_head('?')} AND f.owner = ? OR f.id IN ({more}))"
        conditions.append((owned, (packed_uid(wanted.owner),) * 4))
    conditions += [(condition, ()) for wish, condition in _ONLY.items() if getattr(wanted, wish)]
    if wanted.deleting_since:
        conditions.append(("f.deleted < ?", (wanted.deleting_since,)))
    if wanted.state is not None:
        conditions.append((f"f.state = {STATES.index(wanted.state)}", ()))
    if wanted.part is not None:
        conditions.append(_within(connection, wanted.part))
    if wanted.labels is not None and wanted.labels.requirements:
        conditions.append(_with_labels(connection, wanted.resource, wanted.labels))
    if wanted.plain:
        conditions.append(_not_encrypted(connection))
    if wanted.status:
        conditions.append(_with_status(connection, wanted.status))
    if wanted.words:
        conditions.append(_saying(connection, wanted))
    where = " AND ".join(condition for condition, _ in conditions)
    return (f"WHERE {where}" if where else ""), [value for _, values in conditions for value in values]


def _places(connection: sqlite3.Connection, wanted: Wanted, *, few: bool) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The conditions on the type, the namespace and the node of a key, each with its values."""
    # Unhealthy ones of a namespace have an index of their own.
    small = not few and wanted.state != "unhealthy" and _is_small_part(connection, wanted)
    plus = "+" if few or small else ""  # keeps SQLite from other indexes: that of the few is the one to use
    for column in ("resource", "namespace", "node"):
        if text := getattr(wanted, column):
            yield f"{plus}f.{column} = (SELECT id FROM texts WHERE text = ?)", (text,)
    if small:
        folders = "SELECT id FROM folders WHERE instr(folder, ?)"
        yield f"f.folder IN ({folders})", (f"/{wanted.namespace}/".encode(),)


def _go_by_health(connection: sqlite3.Connection, wanted: Wanted) -> bool:
    """Whether unhealthy objects are found among those of all types: where fewer of all are, than there are of this one.

    Their index has them by namespace first, so all of it is gone through.
    """
    if wanted.state != "unhealthy" or wanted.namespace or wanted.node or wanted.labels is not None:
        return False
    query = (
        f"SELECT coalesce(sum(CASE WHEN state = {STATES.index('unhealthy')} THEN keys ELSE 0 END), 0), "
        "coalesce(sum(CASE WHEN resource = (SELECT id FROM texts WHERE text = ?) THEN keys ELSE 0 END), 0) FROM totals"
    )
    unhealthy, of_type = connection.execute(query, (wanted.resource,)).fetchone()
    return bool(unhealthy < of_type)


def _is_small_part(connection: sqlite3.Connection, wanted: Wanted) -> bool:
    """Whether a namespace has few of the keys: they are found by its folders sooner than among those of all."""
    if not wanted.namespace:
        return False
    of_type = "resource = (SELECT id FROM texts WHERE text = ?)" if wanted.resource else "TRUE"
    inside = "CASE WHEN namespace = (SELECT id FROM texts WHERE text = ?) THEN keys ELSE 0 END"
    query = f"SELECT coalesce(sum({inside}), 0), coalesce(sum(keys), 0) FROM totals WHERE {of_type}"
    texts = (wanted.namespace, wanted.resource) if wanted.resource else (wanted.namespace,)
    found, whole = connection.execute(query, texts).fetchone()
    return bool(found * SMALL_PART < whole)


_ONLY = {
    "error": "f.error IS NOT NULL",
    "misnamed": "f.misnamed",
    "deleting": "f.deleted IS NOT NULL",
    "readable": "f.error IS NULL",
}
_ONLY_FEW = ("error", "misnamed", "deleting", "deleting_since", "uid", "owner")


def _not_encrypted(connection: sqlite3.Connection) -> tuple[str, tuple[str]]:
    """The condition that a value is not encrypted, and its value."""
    query = "SELECT id, text FROM texts WHERE id IN (SELECT DISTINCT storage FROM totals)"
    plain = [number for number, text in connection.execute(query) if not storage_of(text).provider]
    return "f.storage IN (SELECT value FROM json_each(?))", (json.dumps(plain),)


def _within(connection: sqlite3.Connection, part: Part) -> tuple[str, tuple[str, str]]:
    """The condition that a key is in a part, and its values."""
    texts = json.dumps(sorted({text for group in part.groups for text in group}))
    query = "SELECT text, id FROM texts WHERE text IN (SELECT value FROM json_each(?))"
    numbers = dict(connection.execute(query, (texts,)))
    groups = [(numbers[r], numbers[n]) for r, n in part.groups if r in numbers and n in numbers]
    ends = [(key, key.rfind(b"/") + 1) for key in sorted(part.keys)]
    ids = [row[0] for key, end in ends for row in connection.execute(_NUMBER, (key[:end], key[end:]))]
    return (
        "((f.resource, f.namespace) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))"
        " OR f.id IN (SELECT value FROM json_each(?)))",
        (json.dumps(groups), json.dumps(ids)),
    )


def _with_labels(connection: sqlite3.Connection, resource: str, selector: LabelSelector) -> tuple[str, tuple[str]]:
    """The condition that a key's labels match, and its value.

    Each set of labels that occurs is matched once, however many keys have it; only those are read in which the text
    of each label stands, for there may be as many sets as keys.
    """
    said = [text for requirement in selector.requirements if (text := _label_text(requirement))]
    if said:  # sets of labels are the texts that begin so; of others that do, nothing has the number as its labels
        query = f"SELECT id, text FROM texts WHERE text >= '{{' AND text < '|'{' AND instr(text, ?)' * len(said)}"
        texts = connection.execute(query, said)
    else:
        of_type = "WHERE resource = (SELECT id FROM texts WHERE text = ?)" if resource else ""
        query = f"SELECT id, text FROM texts WHERE id IN (SELECT DISTINCT labels FROM facts {of_type})"
        texts = connection.execute(query, (resource,) if resource else ())
    found = [number for number, text in texts if selector.matches(_labels_in(text))]
    unlabelled = " OR f.labels IS NULL" if selector.matches({}) else ""
    return f"(f.labels IN (SELECT value FROM json_each(?)){unlabelled})", (json.dumps(found),)


def _labels_in(text: str) -> dict[str, str]:
    """The way back from labels_text; none for another text."""
    try:
        labels = json.loads(text)
    except ValueError:
        return {}
    return labels if isinstance(labels, dict) else {}


def _label_text(requirement: Requirement) -> str:
    """What stands in the text of each set of labels that meets the requirement; "" where several may."""
    match requirement.operator:
        case "=":
            [value] = requirement.values
            return labels_text(((requirement.key, value),))[1:-1]
        case "exists":
            return labels_text(((requirement.key, ""),))[1:-2]
        case _:
            return ""


def _with_status(connection: sqlite3.Connection, status: str) -> tuple[str, tuple[str]]:
    """The condition that the words for a key's state begin with a status, and its value."""
    texts = connection.execute("SELECT id, text FROM texts WHERE text >= ? AND text < ?", (status, status + "-"))
    found = [number for number, text in texts if status_in(text) == status]
    return "f.word IN (SELECT value FROM json_each(?))", (json.dumps(found),)


def _saying(connection: sqlite3.Connection, wanted: Wanted) -> tuple[str, tuple[str, str]]:
    """The condition that the words for a key's state, or its node, hold one of the words, and its values."""
    found = json.dumps(_texts_with(connection, wanted))
    inside = "IN (SELECT value FROM json_each(?))"
    return f"(f.word {inside} OR f.node {inside})", (found, found)


def _texts_with(connection: sqlite3.Connection, wanted: Wanted) -> list[int]:
    """The numbers of the texts in which one of the words stands: those of states, and nodes' names."""
    marks = "SELECT word FROM marks UNION SELECT node FROM marks"
    texts = connection.execute(f"SELECT id, text FROM texts WHERE id IN ({marks})")
    return [number for number, text in texts if any(word in text.lower() for word in wanted.words)]


def _second_if_known(row: tuple[bytes, int | None]) -> tuple[bool, int]:
    """What SQLite orders by: nothing comes first."""
    return (row[1] is not None, row[1] or 0)


def _key_facts(row: Sequence[Any]) -> KeyFacts:
    (
        folder, name, revision, version, resource, namespace, storage, state, word, error, uid, owner, created, deleted,
        finalizers, labels, node, size, managed, annotations, last_applied, data, manager, managed_at, misnamed,
    ) = row  # fmt: skip
    return KeyFacts(
        folder + name, revision, version, resource, namespace, storage_of(storage), STATES[state], word, error or "",
        unpacked_uid(uid or ""), unpacked_uid(owner or ""), created, deleted,
        tuple(json.loads(finalizers)) if finalizers else (), json.loads(labels) if labels else {}, node or "", size,
        managed, annotations, last_applied, data, manager or "", managed_at, bool(misnamed),
    )  # fmt: skip
