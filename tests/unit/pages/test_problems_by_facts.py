"""Pages on more objects than they read: judged by the facts of all values, for whole clusters and for a part."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.checks import integrity
from etcdview.cluster import fact_checks
from etcdview.cluster.fact_checks import FactChecks
from etcdview.cluster.window import Window
from etcdview.codec import Codec, StorageFormat
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.live import FactStatus
from etcdview.index.facts.reading import FactReader, Total
from etcdview.kube.keys import KeySpace
from etcdview.kube.release import Release
from etcdview.models import KeyValue
from etcdview.pages import namespaces_and_storage, problems, problems_by_facts
from etcdview.pages.encryption import encryption_page
from etcdview.pages.namespaces_and_storage import namespaces_page, storage_page
from etcdview.pages.object.related import around
from etcdview.pages.problems import StoragePage
from etcdview.pages.problems_by_facts import LEFT_OUT
from etcdview.stores.files.dump import read_dump
from tests.unit.pages.registry_of import kv, obj, window_on

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
STUCK = {"deletionTimestamp": "2026-11-20T00:00:00Z", "finalizers": ["example.org/hold"]}
CRASHING = {
    "phase": "Running",
    "containerStatuses": [{"name": "a", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}],
}
OWNED = {"ownerReferences": [{"uid": "gone", "kind": "ReplicaSet", "name": "rs", "controller": True}]}
KVS = (
    kv("/registry/namespaces/calm", obj("Namespace", "", "calm", status={"phase": "Active"})),
    kv("/registry/namespaces/shop", obj("Namespace", "", "shop", metadata=STUCK, status={"phase": "Terminating"})),
    kv("/registry/configmaps/calm/a", obj("ConfigMap", "calm", "a", metadata={"uid": "twin"})),
    kv("/registry/configmaps/calm/b", obj("ConfigMap", "calm", "b", metadata={"uid": "twin"})),
    kv("/registry/configmaps/calm/c", obj("ConfigMap", "calm", "other")),
    kv("/registry/pods/shop/crashing", obj("Pod", "shop", "crashing", metadata=OWNED, status=CRASHING)),
    kv("/registry/pods/shop/stuck", obj("Pod", "shop", "stuck", metadata=STUCK, status={"phase": "Running"})),
    kv("/registry/pods/shop/broken", b"k8s\0\xff\xff"),
    kv("/registry/events/shop/e", obj("Event", "shop", "e", type="Warning", reason="BackOff")),
    kv("/registry/secrets/shop/s", obj("Secret", "shop", "s")),
)


STORED = (("batch/v1beta1", "CronJob"), ("batch/v1", "CronJob"), ("networking.k8s.io/v1beta1", "Ingress"), ("", ""))


class Known:
    """The facts of these objects, complete."""

    status = FactStatus("complete")

    def __init__(self, folder: Path, kvs: tuple[KeyValue, ...] = KVS) -> None:
        create(folder / "facts.db")
        writer = FactWriter(folder / "facts.db")
        writer.write(map(Extractor(Codec(), KeySpace(), lambda: NOW).fact, kvs))
        writer.complete()
        writer.close()
        self.reader = FactReader(folder / "facts.db")

    def close(self) -> None:
        self.reader.close()


@pytest.fixture
def window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """The registry with its facts, too large to be read by a page."""
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 2)
    monkeypatch.setattr(namespaces_and_storage, "AT_MOST", 2)
    made = window_on(KVS)
    made.cluster.facts = Known(tmp_path)  # type: ignore[assignment]
    yield made
    made.cluster.close()


def part_of(window: Window, **scope: tuple[str, ...]) -> Window:
    return Window(window.cluster, Viewer("eve", "viewer", Scope(**scope)))


def said(page: StoragePage) -> dict[str, tuple[str, ...]]:
    """What was found, and about what."""
    return {finding.summary: finding.lines for finding in page.findings}


def led_to(page: StoragePage) -> dict[str, set[str]]:
    """What was found, and where the evidence leads."""
    return {f.summary: {line.href for line in (*f.evidence, *f.rest)} for f in page.findings}


def test_each_namespace_says_how_many_of_its_objects_are_unhealthy(window: Window) -> None:
    page = namespaces_page(window, "", NOW)

    rows = {row.name: row for row in page.rows}
    assert (page.too_many, page.by_facts) == (False, True)
    assert {name: (row.healthy, row.phase, row.count) for name, row in rows.items()} == {
        "calm": (True, "", 3),
        "shop": (False, "Terminating", 5),
    }
    assert [finding.summary for finding in rows["shop"].findings] == ["1 warning event", "1 Pod is unhealthy"]


def test_one_namespace_names_its_unhealthy_objects_with_their_states(window: Window) -> None:
    (row,) = namespaces_page(window, "shop", NOW).rows

    lines = [line for finding in row.findings for line in finding.lines]
    assert "crashing: CrashLoopBackOff, 0 of 0 containers ready" in lines
    assert "e: Warning: BackOff" in lines


def test_versions_that_the_next_release_drops_are_found_before_the_upgrade() -> None:
    class Stored:
        def totals(self) -> list[Total]:
            formats = [StorageFormat("protobuf", api_version=v, kind=k) for v, k in STORED]
            return [Total("", "", one, "healthy", 2, 0, 0, 0, 0, 0) for one in formats]

    (found,) = problems_by_facts._dropped(Stored(), Release(1, 24))  # type: ignore[arg-type]
    assert found.summary == "2 types stored in versions that Kubernetes 1.25 does not have"
    assert found.lines == (
        "CronJob: 2 objects as batch/v1beta1, which 1.25 drops",
        "Ingress: 2 objects as networking.k8s.io/v1beta1, which 1.22 drops",
    )
    assert list(problems_by_facts._dropped(Stored(), None)) == []  # type: ignore[arg-type]


def test_the_stored_state_is_judged_whole(window: Window) -> None:
    page = storage_page(window, False, NOW)

    found = said(page)
    assert (page.checked, page.total, page.undecodable, page.by_facts) == (10, 10, 1, True)
    assert set(found) == {
        "2 objects stuck in deletion",
        "1 value cannot be decoded",
        "1 object stored under the key of another object",
        "1 object whose owner is gone",
        "1 UID that several objects have",
    }
    assert found["1 object whose owner is gone"] == ("/registry/pods/shop/crashing",)
    (twins,) = (finding for finding in page.findings if finding.summary == "1 UID that several objects have")
    assert [(line.text, line.href) for line in twins.evidence] == [
        (f"/registry/configmaps/calm/{name}: UID twin", f"/object?key=/registry/configmaps/calm/{name}")
        for name in "ab"
    ]
    assert twins.more == 0
    assert found["2 objects stuck in deletion"][1] == "/registry/pods/shop/stuck: for 3d, held by example.org/hold"


def test_what_was_compared_earlier_says_when(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = datetime.now(UTC)
    first = storage_page(window, False, NOW).compared_at
    again = storage_page(window, True, NOW).compared_at  # another question, so made anew; compared just before
    part = storage_page(part_of(window, namespaces=("shop",)), False, NOW)
    monkeypatch.setattr(fact_checks, "KEPT_SECONDS", 0.0)
    window.cluster._fact_checks = None
    kept = [window.cluster.fact_checks(window.cluster.facts.reader).at for _ in range(2)]  # type: ignore[union-attr]
    for thread in threading.enumerate():
        if thread.name == "etcdview-facts-checks":
            thread.join()

    assert first is not None
    assert begun <= first == again
    assert part.compared_at is None
    assert kept[0] == kept[1] < window.cluster.fact_checks(window.cluster.facts.reader).at  # type: ignore[union-attr]


def test_a_page_does_not_wait_for_a_long_comparison_and_says_what_it_lacks(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on, compared = threading.Event(), fact_checks._checked

    def slowly(reader: FactReader) -> FactChecks:
        assert goes_on.wait(30)
        return compared(reader)

    monkeypatch.setattr(fact_checks, "_checked", slowly)
    monkeypatch.setattr(fact_checks, "FIRST_SECONDS", 0.01)
    window.cluster._fact_checks = None
    early = storage_page(window, False, NOW)
    goes_on.set()
    for thread in threading.enumerate():
        if thread.name == "etcdview-facts-checks":
            thread.join()
    late = storage_page(window, False, NOW)  # the early one was not kept

    assert (early.comparing, early.compared_at) == (True, None)
    assert "objects whose owner is gone" in early.left_out[-1]
    assert not late.comparing
    assert late.compared_at is not None
    assert set(late.left_out) == set(LEFT_OUT.values())
    assert set(said(early)) < set(said(late))


def test_each_rule_is_answered_by_facts_or_named_as_left_out(window: Window) -> None:
    answered = {
        integrity.deletion_stuck,
        integrity.owner_gone,
        integrity.key_differs,
        integrity.versions_mixed,
        integrity.version_dropped,
        integrity.endpoint_gone,
        integrity.role_gone,
        integrity.subject_gone,
        integrity.definition_gone,
        integrity.version_unserved,
    }

    assert answered | LEFT_OUT.keys() == set(integrity.RULES)
    assert not answered & LEFT_OUT.keys()
    assert set(storage_page(window, False, NOW).left_out) == set(LEFT_OUT.values())


def test_what_leads_nowhere_is_what_reading_every_object_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = tuple(f"/registry/{prefix}/".encode() for prefix in ("serviceaccounts", "clusterroles", "roles", "pods"))
    crds = b"/registry/apiextensions.k8s.io/customresourcedefinitions/"
    kvs = tuple(
        kv
        for number, kv in enumerate(read_dump(CAPTURE))
        if not kv.key.startswith(crds) and (number % 3 or not kv.key.startswith(lost))
    )
    window = window_on(kvs)
    whole = led_to(storage_page(window, True, NOW))
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 2)
    monkeypatch.setattr(namespaces_and_storage, "AT_MOST", 2)
    window.cluster.facts = Known(tmp_path, kvs)  # type: ignore[assignment]
    page = storage_page(window, False, NOW)
    window.cluster.close()

    found = led_to(page)
    told = {summary for summary in whole if "gone" in summary or "missing" in summary or "without" in summary}
    assert page.by_facts
    assert len([summary for summary in told if "owner" not in summary]) == 4
    assert {summary: found.get(summary) for summary in told} == {summary: whole[summary] for summary in told}


def test_a_file_without_any_pods_does_not_miss_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(namespaces_and_storage, "AT_ONCE", 2)
    monkeypatch.setattr(namespaces_and_storage, "AT_MOST", 2)
    kvs = tuple(kv for kv in read_dump(CAPTURE) if b"/endpointslices/" in kv.key or b"bindings/" in kv.key)
    window = window_on(kvs)
    window.cluster.facts = Known(tmp_path, kvs)  # type: ignore[assignment]
    page = storage_page(window, False, NOW)
    window.cluster.close()

    assert len(kvs) > 50
    assert page.by_facts
    assert not [summary for summary in said(page) if "binding" in summary or "missing" in summary]


def test_who_sees_a_part_is_told_of_that_part_alone(window: Window) -> None:
    calm = part_of(window, namespaces=("calm",))

    assert [row.name for row in namespaces_page(calm, "", NOW).rows] == ["calm"]
    page = storage_page(calm, False, NOW)
    assert (page.total, page.narrowed) == (4, True)  # its Namespace and what is in it
    assert set(said(page)) == {"1 object stored under the key of another object"}
    assert "only the whole cluster shows" in page.left_out[-1]
    assert "shop" not in repr(page)


def test_encryption_names_the_secrets_that_are_not_encrypted(window: Window) -> None:
    (finding,) = encryption_page(window, NOW).findings
    assert finding.evidence.endswith(": /registry/secrets/shop/s")
    assert "Give the API server an EncryptionConfiguration" in finding.action


def test_encryption_counts_all_values_by_their_facts(window: Window) -> None:
    page = encryption_page(window, NOW)

    secrets = next(row for row in (*page.rows, *page.others) if row.name == "secrets")
    assert page.count.full
    assert (secrets.looked_at, secrets.total) == (1, 1)
    assert all(row.complete for row in page.others)


def test_an_object_page_shows_what_it_owns_and_its_owners_by_the_facts_of_all_objects(tmp_path: Path) -> None:
    def owned(name: str, owner: str, number: int = 0) -> KeyValue:
        kind = "Job" if number else "Widget"
        reference = {"apiVersion": "a.io/v1", "kind": "Widget", "name": owner, "uid": f"uid-{owner}"}
        metadata = {"uid": f"uid-{name}", "ownerReferences": [reference] if owner else []}
        prefix = "jobs" if number else "a.io/widgets"
        version = "batch/v1" if number else "a.io/v1"
        return kv(f"/registry/{prefix}/shop/{name}", obj(kind, "shop", name, version, metadata=metadata))

    jobs = [owned(f"job-{n}", "low", n) for n in range(1, 4)]
    kvs = (owned("top", ""), owned("middle", "top"), owned("low", "middle"), *jobs)
    made = window_on(kvs)
    made.cluster.facts = Known(tmp_path, kvs)  # type: ignore[assignment]
    (entry,) = made.get_many([b"/registry/a.io/widgets/shop/low"])
    assert entry.object is not None

    tree = around(made, entry.object, 0, NOW).owners

    assert tree is not None
    assert (tree.ref.name, tree.children[0].ref.name) == ("top", "middle")
    assert [child.ref.name for child in tree.children[0].children[0].children] == ["job-1", "job-2", "job-3"]
    made.cluster.close()


class Waiting:
    """Facts of more values than are read without a request."""

    status = FactStatus("waiting", total=len(KVS))
    reader = None

    def close(self) -> None: ...


def test_before_the_facts_both_pages_say_that_they_wait_and_who_may_begin_them(window: Window) -> None:
    window.cluster.facts = Waiting()  # type: ignore[assignment]
    eve = part_of(window, namespaces=("shop",))

    pages = [(namespaces_page(w, "", NOW), storage_page(w, False, NOW)) for w in (window, eve)]

    states = [[(page.facts.state, page.facts.may_begin) for page in both if page.facts] for both in pages]
    assert states == [[("waiting", True)] * 2, [("waiting", False)] * 2]


def test_a_page_of_many_namespaces_names_the_problems_of_those_it_shows(
    window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(problems, "NAMESPACES_AT_ONCE", 1)
    monkeypatch.setattr(problems_by_facts, "NAMESPACES_AT_ONCE", 1)

    first, second = namespaces_page(window, "", NOW), namespaces_page(window, "", NOW, after="calm")

    assert ([row.name for row in first.shown], first.next_href) == (["calm"], "/namespaces?after=calm")
    assert [(row.name, len(row.findings)) for row in second.shown] == [("shop", 2)]
    assert [(row.name, len(row.findings)) for row in first.first_unhealthy] == [("shop", 2)]  # on the overview
