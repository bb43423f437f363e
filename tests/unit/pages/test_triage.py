"""The verdict on what Kubernetes has stored: its word, its reason, and the objects that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import LOCAL, Scope
from etcdview.cluster.window import Window
from etcdview.index.facts.reading import FactReader, KeyFacts, Wanted
from etcdview.models import KeyValue
from etcdview.pages.attention import ALL, WORST, AttentionQuery
from etcdview.pages.triage import KubernetesVerdict, kubernetes_verdict
from etcdview.relations.severity import severity_of_word
from tests.unit.pages.registry_of import Obj, kv, obj, window_on
from tests.unit.pages.test_problems_by_facts import CRASHING, Known

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EVERYTHING = AttentionQuery()
OLD = {"creationTimestamp": "2026-11-20T12:00:00Z"}


def node(name: str, ready: str) -> KeyValue:
    status = {"conditions": [{"type": "Ready", "status": ready}]}
    return kv(f"/registry/minions/{name}", obj("Node", "", name, metadata=OLD, status=status))


def pod(namespace: str, name: str, status: Obj) -> KeyValue:
    return kv(f"/registry/pods/{namespace}/{name}", obj("Pod", namespace, name, metadata=OLD, status=status))


def lease(name: str, renewed: datetime) -> KeyValue:
    spec = {"renewTime": renewed.isoformat(), "leaseDurationSeconds": 15, "holderIdentity": "cp1"}
    value = obj("Lease", "kube-system", name, "coordination.k8s.io/v1", spec=spec)
    return kv(f"/registry/leases/kube-system/{name}", value)


def verdict_on(
    folder: Path,
    kvs: Iterable[KeyValue],
    *,
    live: bool = True,
    scope: Scope | None = None,
    query: AttentionQuery = EVERYTHING,
) -> KubernetesVerdict:
    given = tuple(sorted(kvs, key=lambda each: each.key))
    window = window_on(given)
    window.cluster.store.live = live  # type: ignore[misc]
    window.cluster.facts = Known(folder, given)  # type: ignore[assignment]
    if scope is not None:
        window = Window(window.cluster, replace(LOCAL, scope=scope))
    try:
        return kubernetes_verdict(window, NOW, query)
    finally:
        window.cluster.close()


def test_where_all_is_well_it_says_what_was_judged(tmp_path: Path) -> None:
    found = verdict_on(tmp_path, [node("a", "True"), lease("kube-scheduler", NOW)])

    assert (found.status, found.attention.rows, found.unhealthy) == ("healthy", (), 0)
    assert found.reason == "No problems found in 1 object of the kinds that are judged."
    assert ("Scheduler", "ok", "lease renewed 0s ago") in [(p.name, p.severity, p.words) for p in found.parts]
    assert ("Nodes", "ok", "1, all ready") in [(p.name, p.severity, p.words) for p in found.parts]


def test_the_reason_is_one_sentence_gravest_first(tmp_path: Path) -> None:
    silent = [lease(name, NOW - timedelta(hours=5)) for name in ("kube-scheduler", "kube-controller-manager")]
    pods = [pod("shop", "a", CRASHING), pod("pay", "b", {"phase": "Pending"})]
    found = verdict_on(tmp_path, [*silent, *pods, node("a", "True"), node("b", "False")])

    assert found.status == "degraded"
    assert found.reason == (
        "The scheduler and the controller manager have not renewed their leases; 1 of 2 nodes is not ready; "
        "2 of 2 pods are not ready, in 2 namespaces."
    )
    assert [(w.severity, w.kind, w.name, w.namespace) for w in found.attention.rows] == [
        ("error", "Node", "b", ""),
        ("error", "Pod", "a", "shop"),
        ("warning", "Pod", "b", "pay"),
    ]
    assert found.attention.rows[1].cause.startswith("CrashLoopBackOff")
    assert found.attention.rows[1].age == "3d"


def test_no_node_that_is_ready_is_degraded_and_one_that_is_not_a_risk(tmp_path: Path) -> None:
    assert verdict_on(tmp_path, [node("a", "True"), node("b", "False")]).status == "at risk"
    (tmp_path / "all").mkdir()
    assert verdict_on(tmp_path / "all", [node("a", "False")]).status == "degraded"


def test_of_a_file_the_leases_say_nothing(tmp_path: Path) -> None:
    found = verdict_on(tmp_path, [node("a", "True"), lease("kube-scheduler", NOW - timedelta(days=9))], live=False)

    assert found.status == "healthy"
    assert [part.name for part in found.parts] == ["Nodes"]


def test_only_the_worst_are_named_and_all_are_counted(tmp_path: Path) -> None:
    found = verdict_on(tmp_path, [pod("shop", f"p{n:02}", CRASHING) for n in range(WORST + 3)])

    assert (len(found.attention.rows), found.unhealthy) == (WORST, WORST + 3)


def chips(found: KubernetesVerdict) -> dict[str, list[tuple[str, int]]]:
    return {row.name: [(chip.text, chip.count) for chip in row.chips] for row in found.attention.chips}


def test_chips_count_what_the_other_choices_leave_and_lead_back(tmp_path: Path) -> None:
    pods = [pod("shop", "a", CRASHING), pod("shop", "b", {"phase": "Pending"}), pod("pay", "c", CRASHING)]
    kvs = [*pods, node("n", "False")]
    everything = chips(verdict_on(tmp_path, kvs))
    assert everything == {
        "severity": [("critical", 3), ("warning", 1)],
        "kind": [("Pod", 3), ("Node", 1)],
        "namespace": [("shop", 2), ("pay", 1)],
    }

    (tmp_path / "narrowed").mkdir()
    query = AttentionQuery("critical", namespace="shop")
    found = verdict_on(tmp_path / "narrowed", kvs, query=query)
    assert [each.name for each in found.attention.rows] == ["a"]
    assert chips(found) == {
        "severity": [("critical", 1), ("warning", 1)],
        "namespace": [("shop", 1), ("pay", 1)],
    }
    chosen = next(chip for row in found.attention.chips for chip in row.chips if chip.text == "shop")
    assert (chosen.chosen, chosen.href) == (True, "/?severity=critical#attention")
    assert (found.unhealthy, found.attention.clear_href) == (4, "/#attention")
    assert found.attention.href == "/?severity=critical&namespace=shop"  # read again: an anchor would scroll there


@pytest.mark.parametrize(("count", "all_href"), [(WORST, ""), (WORST + 1, "/?all=1#attention")])
def test_where_there_are_more_than_ten_a_link_shows_them_all(tmp_path: Path, count: int, all_href: str) -> None:
    pods = [pod("shop", f"p{n:02}", CRASHING) for n in range(count)]
    found = verdict_on(tmp_path, pods).attention
    assert (found.all_href, len(found.rows), found.matching) == (all_href, WORST, count)

    (tmp_path / "all").mkdir()
    every = verdict_on(tmp_path / "all", pods, query=AttentionQuery(every=True)).attention
    assert (every.all_href, len(every.rows)) == ("", min(count, ALL))


def test_of_too_many_to_look_at_kinds_and_namespaces_are_still_counted_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdview.pages.attention.LOOKED_AT", 3)
    kvs = [pod("shop", f"p{n}", CRASHING) for n in range(4)] + [pod("pay", "c", CRASHING), node("n", "False")]
    found = verdict_on(tmp_path, kvs)
    assert (found.attention.some, found.attention.matching) == (True, 6)
    assert chips(found) == {"kind": [("Pod", 5), ("Node", 1)], "namespace": [("shop", 4), ("pay", 1)]}

    (tmp_path / "narrowed").mkdir()
    narrowed = verdict_on(tmp_path / "narrowed", kvs, query=AttentionQuery(kind="Pod", namespace="pay"))
    assert ([each.name for each in narrowed.attention.rows], narrowed.attention.matching) == (["c"], 1)


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The type and the namespace of each query of unhealthy objects."""
    seen: list[tuple[str, str]] = []
    ask = FactReader.facts

    def noted(reader: FactReader, wanted: Wanted, **how: Any) -> tuple[KeyFacts, ...]:
        seen.append((wanted.resource, wanted.namespace))
        return ask(reader, wanted, **how)

    monkeypatch.setattr(FactReader, "facts", noted)
    return seen


SPREAD = [pod(f"n{n}", "a", CRASHING) for n in range(9)] + [node("n", "False")]


@pytest.mark.parametrize("namespace", ["", "n3", "nosuch"])
def test_each_type_costs_one_query_however_many_namespaces_there_are(
    tmp_path: Path, places: list[tuple[str, str]], namespace: str
) -> None:
    found = verdict_on(tmp_path, SPREAD, query=AttentionQuery(namespace=namespace)).attention
    assert places == [("minions", ""), ("pods", "")]
    assert found.matching == {"": 10, "n3": 1, "nosuch": 0}[namespace]


@pytest.mark.parametrize(
    ("namespace", "looked_at"),
    [("", ["", "n0", "n1", "n2", "n3"]), ("n7", ["n7"]), ("nosuch", [])],
)
def test_of_too_many_only_the_chosen_namespace_is_looked_at(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    places: list[tuple[str, str]],
    namespace: str,
    looked_at: list[str],
) -> None:
    monkeypatch.setattr("etcdview.pages.attention.LOOKED_AT", 3)
    found = verdict_on(tmp_path, SPREAD, query=AttentionQuery(namespace=namespace)).attention
    assert [where for _, where in places] == looked_at
    assert [each.namespace for each in found.rows] == looked_at
    assert found.some is not bool(namespace)


def test_of_more_than_a_page_holds_the_first_are_shown_and_the_lists_of_all_are_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdview.pages.attention.ALL", 12)
    pods = [pod("shop", f"p{n:02}", CRASHING) for n in range(13)]
    found = verdict_on(tmp_path, [*pods, node("n", "False")], query=AttentionQuery(kind="Pod")).attention
    assert (found.all_href, found.all_count, found.matching) == ("/?kind=Pod&all=1#attention", 12, 13)
    assert (found.holds_all, found.at_least) == (False, False)
    assert [(link.text, link.href) for link in found.lists] == [("pods", "/registry?resource=pods&state=unhealthy")]

    (tmp_path / "less").mkdir()
    less = verdict_on(tmp_path / "less", pods[:12]).attention
    assert (less.all_count, less.holds_all, less.lists) == (12, True, ())


def test_how_many_are_critical_is_a_least_number_where_not_all_were_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etcdview.pages.attention.LOOKED_AT", 3)
    found = verdict_on(tmp_path, SPREAD, query=AttentionQuery("critical")).attention
    assert (found.matching, found.at_least, found.holds_all) == (5, True, False)
    assert [link.text for link in found.lists] == ["nodes", "pods"]


def test_until_the_facts_are_known_the_word_is_unknown() -> None:
    found = kubernetes_verdict(window_on([pod("shop", "a", CRASHING)]), NOW)

    assert (found.status, found.attention.rows) == ("unknown", ())
    assert found.facts is not None


def test_while_nothing_is_heard_of_etcd_the_control_plane_is_unknown(tmp_path: Path) -> None:
    kvs = (node("a", "True"), lease("kube-scheduler", NOW))
    window = window_on(kvs)
    window.cluster.store.live = True  # type: ignore[misc]
    window.cluster.facts = Known(tmp_path, kvs)  # type: ignore[assignment]
    down = replace(window.index.freshness(), state="down")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(window.cluster.index), "freshness", lambda _: down)
        found = kubernetes_verdict(window, NOW)
    window.cluster.close()

    assert [(part.name, part.severity) for part in found.parts] == [("Control plane", "unknown"), ("Nodes", "ok")]


def test_a_viewer_of_a_part_is_told_of_that_part_alone(tmp_path: Path) -> None:
    kvs = [pod("shop", "a", CRASHING), pod("bank", "b", CRASHING), lease("kube-scheduler", NOW - timedelta(days=9))]
    found = verdict_on(tmp_path, kvs, scope=Scope(("shop",)))

    assert (found.narrowed, found.unhealthy, [w.name for w in found.attention.rows]) == (True, 1, ["a"])
    assert "scheduler" not in found.reason


@pytest.mark.parametrize(
    ("kind", "word", "young", "severity"),
    [
        ("Node", "NotReady", True, "error"),
        ("Pod", "Pending, 0 of 1 containers ready", True, "progressing"),
        ("Pod", "Pending, 0 of 1 containers ready", False, "warning"),
        ("Pod", "CrashLoopBackOff, 0 of 1 containers ready", True, "error"),
        ("Deployment", "0 of 2 ready", False, "error"),
        ("Deployment", "1 of 2 ready", False, "warning"),
        ("Deployment", "0 of 2 ready", True, "progressing"),
        ("PersistentVolumeClaim", "Pending", False, "warning"),
    ],
)
def test_how_grave_the_words_for_a_state_are(kind: str, word: str, young: bool, severity: str) -> None:
    created = NOW - timedelta(seconds=20) if young else NOW - timedelta(days=1)
    assert severity_of_word(kind, word, created, NOW) == severity
