"""The database of facts: a newer fact wins whoever writes it, sums follow, and questions are answered exactly."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.codec import Codec
from etcdview.errors import UnreachableError
from etcdview.index.facts import database
from etcdview.index.facts.database import FactWriter, create, new_folder, open_reader, packed_uid, unpacked_uid
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader, Part, Spread, Wanted
from etcdview.kube.keys import KeySpace
from etcdview.kube.selectors import parse_labels
from etcdview.models import KeyValue
from etcdview.relations.states import status_in

EXTRACTOR = Extractor(Codec(), KeySpace(), lambda: datetime(2026, 11, 28, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "facts.db"
    create(made)
    return made


@pytest.fixture
def writer(path: Path) -> Iterator[FactWriter]:
    made = FactWriter(path)
    yield made
    made.close()


@pytest.fixture
def reader(path: Path) -> Iterator[FactReader]:
    made = FactReader(path)
    yield made
    made.close()


def stored(name: str, revision: int = 1, version: int = 1, namespace: str = "shop", **metadata: object) -> KeyValue:
    """A config map under its own key."""
    obj = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, **metadata},
    }
    key = f"/registry/configmaps/{namespace}/{name}".encode()
    return KeyValue(key, 1, revision, version, value=json.dumps(obj).encode())


def write(
    writer: FactWriter, *kvs: KeyValue, deleted: tuple[tuple[bytes, int], ...] = (), filling: bool = False
) -> None:
    writer.write(map(EXTRACTOR.fact, kvs), deleted, filling=filling)


def test_an_older_fact_never_replaces_a_newer_one(writer: FactWriter, reader: FactReader) -> None:
    write(writer, stored("a", 5))
    write(writer, stored("a", 3), filling=True)

    assert [found.revision for found in reader.facts(Wanted())] == [5]


def test_a_key_that_was_deleted_does_not_come_back_with_what_a_pass_read_before(
    writer: FactWriter, reader: FactReader
) -> None:
    key = stored("a").key
    write(writer, deleted=((key, 7),), filling=True)
    write(writer, stored("a", 6), filling=True)
    assert reader.keys(Wanted()) == ()

    write(writer, stored("a", 8), filling=True)  # it was created again
    assert reader.keys(Wanted()) == (key,)


def test_sums_are_those_of_all_facts_after_any_writes(writer: FactWriter, reader: FactReader) -> None:
    chance = random.Random(7)  # noqa: S311 - the same steps each time
    for revision in range(1, 200):
        if revision == 100:  # what was written before is counted then, what comes after as it comes
            writer.complete()
        name, namespace = f"n{chance.randrange(20)}", f"ns{chance.randrange(3)}"
        kv = stored(name, revision, namespace=namespace, annotations={"a": "x" * chance.randrange(50)})
        gone = ((kv.key, revision),) if chance.random() < 0.3 else ()
        write(writer, *(() if gone else (kv,)), deleted=gone)

    facts, totals = reader.facts(Wanted()), reader.totals()

    assert facts
    for total in totals:
        mine = [f for f in facts if f.namespace == total.namespace]
        assert total.keys == len(mine)
        assert total.bytes == sum(f.size for f in mine)
        assert total.annotation_bytes == sum(f.annotation_bytes for f in mine)
    assert sum(total.keys for total in totals) == len(facts)


def pod(name: str, revision: int, phase: str, node: str) -> KeyValue:
    """A pod on a node, or on none."""
    spec = {"nodeName": node} if node else {}
    metadata = {"name": name, "namespace": "shop"}
    obj = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": {"phase": phase}}
    return KeyValue(f"/registry/pods/shop/{name}".encode(), 1, revision, 1, value=json.dumps(obj).encode())


def test_marks_are_those_of_all_facts_after_any_writes(writer: FactWriter, reader: FactReader) -> None:
    chance = random.Random(11)  # noqa: S311 - the same steps each time
    for revision in range(1, 300):
        if revision == 150:
            writer.complete()
        phase = chance.choice(("Running", "Pending", "Succeeded", "Failed"))
        kv = pod(f"p{chance.randrange(20)}", revision, phase, chance.choice(("", "n1", "n2", "n3")))
        gone = ((kv.key, revision),) if chance.random() < 0.3 else ()
        write(writer, stored("c", revision), *(() if gone else (kv,)), deleted=gone)

    facts, marks = reader.facts(Wanted(resource="pods")), reader.marks_of("pods")

    assert len(facts) > 5
    assert marks.statuses == Counter(status_in(fact.word) for fact in facts)
    assert marks.nodes == Counter(fact.node for fact in facts if fact.node)
    assert reader.marks_of("nodes").nodes == reader.marks_of("never-seen").statuses == {}


@pytest.mark.parametrize(
    "selector", ["a=1", "a", "!a", "a!=1", "a in (1,2)", "a notin (1)", "a=1,b", "a>1", "a<2", "b=", ""]
)
def test_labels_select_what_they_select_of_each_object(writer: FactWriter, reader: FactReader, selector: str) -> None:
    sets: list[dict[str, str]] = [{}, {"a": "1"}, {"a": "2"}, {"a": "1", "b": "x"}, {"b": ""}, {"a": "10"}]
    write(writer, *(stored(f"n{i}{j}", labels=labels) for i, labels in enumerate(sets) for j in range(3)))
    wanted = parse_labels(selector)

    found = reader.facts(Wanted(resource="configmaps", labels=wanted))

    expected = [f for f in reader.facts(Wanted()) if wanted.matches(f.labels)]
    assert list(found) == expected
    assert reader.count(Wanted(labels=wanted)) == len(expected)


def test_keys_come_in_every_order_and_page_by_page(writer: FactWriter, reader: FactReader) -> None:
    write(writer, *(stored(f"n{i}", version=10 - i, annotations={"a": "x" * (i % 4)}) for i in range(8)))

    by_size = reader.facts(Wanted(), order="size", descending=True)
    pages = [reader.keys(Wanted(), order="size", descending=True, offset=at, limit=3) for at in range(0, 9, 3)]

    assert [f.size for f in by_size] == sorted((f.size for f in by_size), reverse=True)
    assert [key for page in pages for key in page] == [f.key for f in by_size]
    assert reader.facts(Wanted(), order="version", descending=True, limit=1)[0].version == 10


def test_owners_orphans_and_uids_that_stand_twice_are_found(writer: FactWriter, reader: FactReader) -> None:
    uid = "2f3a0c1e-0000-4000-8000-00000000000a"
    owned = {"ownerReferences": [{"uid": "other"}, {"uid": uid, "controller": True}]}
    write(
        writer, stored("owner", uid=uid), stored("child", **owned), stored("twin1", uid="t"), stored("twin2", uid="t")
    )
    write(writer, stored("orphan", ownerReferences=[{"uid": "gone"}]))

    assert [k.rpartition(b"/")[2] for k in reader.keys(Wanted(owner=uid))] == [b"child"]
    assert [k.rpartition(b"/")[2] for k in reader.orphans(10)] == [b"orphan"]
    assert reader.shared_uids(10) == (("t", 2),)
    assert reader.count_shared_uids() == (1, 2)
    assert len(reader.keys(Wanted(uid="t"))) == 2


@pytest.mark.parametrize(
    "uid",
    ["2f3a0c1e-0000-4000-8000-00000000000a", "2F3A0C1E-0000-4000-8000-00000000000A", "x", "a" * 16, "é" * 36, "2" * 36],
)
def test_a_uid_comes_back_as_it_was(uid: str) -> None:
    packed = packed_uid(uid)
    assert packed is not None
    assert unpacked_uid(packed) == uid
    assert packed_uid("") is None


def test_the_folder_of_a_process_that_died_is_removed() -> None:
    left = new_folder()
    dead = left.with_name(left.name.replace(str(os.getpid()), "999999999"))
    left.rename(dead)

    mine = new_folder()

    assert not dead.exists()
    assert mine.exists()
    mine.rmdir()


def test_what_cannot_be_decoded_is_kept_with_the_reason(writer: FactWriter, reader: FactReader) -> None:
    write(writer, stored("a"), KeyValue(b"/registry/pods/a/b", 1, 1, 1, value=b"\x00"), KeyValue(b"\xff", 1, 1, 1))

    found = reader.facts(Wanted(error=True))

    assert [f.key for f in found] == [b"/registry/pods/a/b", b"\xff"]
    assert all(f.error for f in found)


def test_a_database_that_is_gone_is_an_error_that_says_what_to_do(path: Path, reader: FactReader) -> None:
    path.unlink()

    with pytest.raises(UnreachableError, match="being read again"):
        reader.totals()
    assert not path.exists()  # so that who keeps it sees that it is gone


def test_a_part_holds_whole_types_within_namespaces_and_single_keys(writer: FactWriter, reader: FactReader) -> None:
    write(writer, stored("a"), stored("b"), stored("c", namespace="other"), stored("d", namespace="third"))
    part = Part(
        frozenset({("configmaps", "shop"), ("secrets", "none")}), frozenset({stored("c", namespace="other").key})
    )

    found = reader.keys(Wanted(part=part))

    assert [key.rpartition(b"/")[2] for key in found] == [b"c", b"a", b"b"]
    assert reader.count(Wanted(part=Part(frozenset()))) == 0


def test_labels_and_namespaces_that_came_and_went_leave_nothing(
    path: Path, reader: FactReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "CLEAN_AFTER", 50)
    writer = FactWriter(path)
    write(writer, stored("stays", labels={"app": "stays"}))
    before = reader.facts(Wanted())
    for number in range(2, 600):
        kv = stored("a", number, namespace=f"ns{number}", labels={"job": str(number)})
        write(writer, kv)
        write(writer, deleted=((kv.key, number),))

    with contextlib.closing(open_reader(path)) as connection:
        (texts,) = connection.execute("SELECT count(*) FROM texts").fetchone()
        (totals,) = connection.execute("SELECT count(*) FROM totals").fetchone()
        (marks,) = connection.execute("SELECT count(*) FROM marks").fetchone()
    assert (texts < 300, totals < 150, marks < 150) == (True, True, True), (texts, totals, marks)
    assert reader.facts(Wanted()) == before
    write(writer, stored("b", 1000, labels={"job": "2"}))  # a text that was taken out comes back
    assert [f.labels for f in reader.facts(Wanted(labels=parse_labels("job=2")))] == [{"job": "2"}]
    writer.close()


def test_the_log_of_changes_does_not_grow_with_their_number(path: Path, writer: FactWriter, reader: FactReader) -> None:
    for number in range(1, 120):
        write(writer, *(stored(f"n{i}", number, annotations={"a": "x" * 200}) for i in range(20)))
        reader.totals()

    assert path.with_name(f"{path.name}-wal").stat().st_size < 6 * 1024 * 1024


@pytest.mark.parametrize("name", ["99999999999999999999999-x", "-x", "x", "²-x", "٣-x", "0-x"])
def test_a_folder_of_any_name_does_not_hinder_the_start(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"etcdview-facts-{name}").mkdir()

    mine = new_folder()

    assert (mine.parent, mine.is_dir()) == (tmp_path, True)


def test_facts_that_changed_while_all_values_were_read_are_counted_once(
    path: Path, writer: FactWriter, reader: FactReader
) -> None:
    with contextlib.closing(FactWriter(path)) as following:  # another connection, as of another process
        write(following, stored("a", 5), filling=True)
        write(writer, stored("a", 3), stored("b", 4), filling=True)
        writer.complete()
        write(following, stored("b", 6), stored("c", 7), deleted=((stored("a").key, 8),))

        assert sum(total.keys for total in reader.totals()) == 2
        assert reader.facts(Wanted())[0].revision == 6


def test_names_and_uids_are_found_of_which_an_index_has_a_part(writer: FactWriter, reader: FactReader) -> None:
    write(writer, *(stored(f"n{n}", uid=f"not-a-uuid-{n}") for n in range(300)))
    writer.complete()

    for n in (0, 17, 299):
        assert reader.of([stored(f"n{n}").key]).keys() == {stored(f"n{n}").key}
        assert reader.keys(Wanted(uid=f"not-a-uuid-{n}")) == (stored(f"n{n}").key,)
    assert reader.keys(Wanted(uid="not-a-uuid-300")) == ()
    assert reader.of([stored("n300").key]) == {}


def test_each_database_has_digests_of_its_own(tmp_path: Path) -> None:
    digests = set()
    for n in range(3):
        create(tmp_path / f"{n}.db")
        with contextlib.closing(open_reader(tmp_path / f"{n}.db")) as connection:
            digests.add(connection.execute("SELECT digest(x'61')").fetchone())

    assert len(digests) == 3


def test_the_largest_values_are_found_over_all_types(writer: FactWriter, reader: FactReader) -> None:
    sizes = [30, 900, 5, 700, 60, 800]
    write(writer, *(stored(f"n{n}", annotations={"a": "x" * size}) for n, size in enumerate(sizes)))
    lease = KeyValue(b"/registry/leases/shop/l", 1, 2, 1, value=b'{"kind":"Lease","x":"' + b"y" * 800 + b'"}')
    write(writer, lease)
    writer.complete()

    found = [fact.key.rpartition(b"/")[2] for fact in reader.top(Wanted(), "size", 3)]
    assert found == [b"n1", b"n5", b"l"]


def test_why_a_secret_cannot_be_decoded_quotes_nothing_of_it(writer: FactWriter, reader: FactReader) -> None:
    write(writer, KeyValue(b"/registry/secrets/a/b", 1, 1, 1, value=b'{"kind": "Secret", "data": hunter2'))

    (found,) = reader.facts(Wanted(error=True))

    assert "among Secrets" in found.error


def test_the_spread_of_sizes_is_that_of_all_values(writer: FactWriter, reader: FactReader) -> None:
    kvs = [stored(f"n{i:03}", annotations={"a": "x" * (i * i % 97)}) for i in range(250)]
    write(writer, *kvs)
    sizes = sorted((kv.size_bytes for kv in kvs), reverse=True)

    assert reader.spread(Wanted()) == Spread(250, sizes[125], sizes[25], sizes[2], sizes[0], 2, sum(sizes[:2]))
    assert reader.spread(Wanted(resource="configmaps")) == reader.spread(Wanted())
    assert reader.spread(Wanted(resource="pods")) == Spread()


def test_each_of_several_owners_has_its_dependents_and_one_that_is_left_keeps_them(
    writer: FactWriter, reader: FactReader
) -> None:
    two = [{"uid": "gone", "controller": True}, {"uid": "there"}]
    write(writer, stored("owner", uid="there"), stored("child", 2, ownerReferences=two))
    write(writer, stored("orphan", ownerReferences=[{"uid": "gone"}, {"uid": "gone too"}]))

    child = stored("child").key
    assert reader.keys(Wanted(owner="there")) == (child,)
    assert set(reader.keys(Wanted(owner="gone"))) == {child, stored("orphan").key}
    assert reader.orphans(10) == (stored("orphan").key,)

    write(writer, stored("child", 1, ownerReferences=[{"uid": "a"}, {"uid": "older"}]))  # what a pass read before
    assert reader.keys(Wanted(owner="older")) == ()
    write(writer, stored("child", 3, ownerReferences=two[:1]))
    assert reader.keys(Wanted(owner="there")) == ()
    assert reader.orphans(10) == (child, stored("orphan").key)
    write(writer, stored("child", 4, ownerReferences=two), deleted=((child, 5),))
    assert reader.keys(Wanted(owner="there")) == ()


def test_the_most_written_keys_are_found_and_what_was_never_rewritten_is_none(
    writer: FactWriter, reader: FactReader
) -> None:
    write(writer, *(stored(f"{n}", version=version) for n, version in enumerate((1, 3, 9, 3, 1, 7))))

    assert [found.version for found in reader.top(Wanted(), "version", 3)] == [9, 7, 3]
    assert [found.version for found in reader.top(Wanted(), "version", 99)] == [9, 7, 3, 3]


def test_the_log_of_changes_is_empty_once_the_database_is_filled(path: Path, writer: FactWriter) -> None:
    write(writer, *(stored(f"{n}") for n in range(200)))
    writer.complete()

    assert path.with_name(f"{path.name}-wal").stat().st_size == 0


def test_one_reader_sees_the_sums_of_each_write(writer: FactWriter, reader: FactReader) -> None:
    writer.complete()
    seen = []
    for name in "abc":
        write(writer, stored(name))
        seen.append(sum(total.keys for total in reader.totals()))

    assert seen == [1, 2, 3]
    assert reader.totals() is reader.totals()  # nothing was written meanwhile


def test_nobody_waits_for_all_indexes_together(path: Path, writer: FactWriter) -> None:
    write(writer, *(stored(f"n{n}", uid=f"u{n}", labels={"n": str(n)}) for n in range(8_000)), filling=True)
    waits: list[float] = []
    over = threading.Event()

    def follow() -> None:
        with contextlib.closing(FactWriter(path)) as following:
            while not over.is_set():
                began = time.monotonic()
                write(following, stored("changed", len(waits) + 2), filling=True)
                waits.append(time.monotonic() - began)

    follower = threading.Thread(target=follow)
    follower.start()
    began = time.monotonic()
    writer.complete()
    took = time.monotonic() - began
    over.set()
    follower.join()

    assert max(waits) < took / 2, (took, sorted(waits)[-3:])


def test_a_write_that_finds_the_disk_full_says_that_and_leaves_what_was_there(
    writer: FactWriter, reader: FactReader
) -> None:
    write(writer, stored("a", 2))
    writer._connection.execute("PRAGMA max_page_count = 1")  # of what it has, at least

    with pytest.raises(sqlite3.OperationalError, match="database or disk is full"):
        write(writer, *(stored(f"n{n}", 3) for n in range(500)))
    assert reader.keys(Wanted()) == (stored("a").key,)
    writer._connection.execute("PRAGMA max_page_count = 100000")
    write(writer, stored("b", 3))
    assert reader.count(Wanted(namespace="shop")) == 2


def test_a_database_that_cannot_be_read_says_why_and_not_that_it_is_read_again(path: Path, writer: FactWriter) -> None:
    write(writer, stored("a"))
    writer.complete()
    path.write_bytes(b"x" * path.stat().st_size)
    with contextlib.closing(FactReader(path)) as reader, pytest.raises(UnreachableError, match="cannot be used"):
        reader.count(Wanted())
    with pytest.raises(UnreachableError, match="being read again"):  # it is closed
        reader.count(Wanted())


def test_all_of_the_largest_are_all(writer: FactWriter, reader: FactReader) -> None:
    write(writer, *(stored(f"n{n}", version=n + 2, annotations={"a": "x" * n}) for n in range(5)))
    writer.complete()

    assert len(reader.top(Wanted(), "size", -1)) == len(reader.top(Wanted(), "version", -1)) == 5
    assert [len(reader.top(Wanted(), "size", limit)) for limit in (0, 1, 4)] == [0, 1, 4]


def test_a_tally_of_a_namespace_is_of_all_that_is_in_it(writer: FactWriter, reader: FactReader) -> None:
    write(writer, *(stored(f"n{n}", namespace="a") for n in range(30)), stored("b", namespace="b"))
    lease = KeyValue(b"/registry/leases/b/l", 1, 2, 1, value=b'{"kind":"Lease"}')
    write(writer, lease)

    tallied = reader.tally(Wanted(resource="configmaps", namespace="b"), 10)

    assert [(alike.namespace, alike.keys) for alike in tallied] == [("b", 1)]
    assert sum(alike.keys for alike in reader.tally(Wanted(resource="configmaps", namespace="a"), 10)) == 10
