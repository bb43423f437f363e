"""Whoever sees a part of the cluster is told the truth about it: what the whole says, or that it is outside the role.

Every object of the captured cluster as five narrow roles; `make test` takes a sample, the rest is long.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview.access.roles import NO_NAMESPACE, Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.models import Range
from etcdview.pages.namespaces_and_storage import namespaces_page, storage_page
from etcdview.pages.object.entry import read_entry
from etcdview.pages.object.related import Around, Branch
from etcdview.pages.object.views import ATTENTION, FieldView, SummaryView, summary_view
from etcdview.pages.problems import FindingView

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OUTSIDE = "outside your role"
ROLES = {
    "one namespace without Secrets": Scope(("shop",), ("*", "!secrets")),
    "pods": Scope(resources=("pods",)),
    "all but one namespace": Scope(("*", "!shop", "!kube-*")),
    "what is in no namespace": Scope((NO_NAMESPACE,)),
    "workloads of some namespaces": Scope(("shop", "pay*"), ("po", "*.apps", "svc", "pvc")),
}
SAMPLE = 14  # objects of each role


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    folder = Path(__file__).parents[3] / "testdata" / "cluster-shop"
    settings = Settings(
        from_file=str(folder / "registry.jsonl.gz"), encryption_config=str(folder / "encryption-config.yaml")
    )
    opened = open_cluster(settings)
    yield opened
    opened.close()


def viewer(scope: Scope) -> Viewer:
    return Viewer("nina", "viewer", scope, "password")


def keys_of(cluster: Cluster, scope: Scope) -> list[bytes]:
    """All keys that the role has."""
    kvs = cluster.store.range(Range(b"\0", b"\0", keys_only=True)).kvs
    return [kv.key for kv in kvs if scope.has(cluster.keyspace.object_key(kv.key))]


def sample_of(cluster: Cluster, scope: Scope) -> list[bytes]:
    """Some of them, the same each time."""
    keys = keys_of(cluster, scope)
    return random.Random(14).sample(keys, min(SAMPLE, len(keys)))  # noqa: S311 - a sample


def branches(branch: Branch | None) -> Iterator[Branch]:
    if branch is not None:
        yield branch
        for child in branch.children:
            yield from branches(child)


def check_around(window: Window, part: Around, whole: Around) -> None:
    """All that the part says the whole says too; what the whole says besides is outside."""
    known = {(r.words, r.ref): r for r in whole.relations}
    for relation in part.relations:
        truth = known[relation.words, relation.ref]
        if relation.state != OUTSIDE:
            assert replace(relation, href="") == replace(truth, href="")
        assert (relation.href, relation.missing) == ("", False) or relation == truth
    said = {(r.words, r.ref) for r in part.relations}
    hidden = {r.ref for r in part.relations if r.state == OUTSIDE}
    assert {ref.kind for words, ref in known if (words, ref) not in said and ref not in hidden} <= set(part.outside)
    assert set(part.events) <= set(whole.events)
    assert set(part.events) == set(whole.events) or "Event" in part.outside
    states = {branch.ref: branch.state for branch in branches(whole.owners)}
    for branch in branches(part.owners):
        assert branch.state in (OUTSIDE, states[branch.ref])
    for word in (OUTSIDE, "found"):
        assert all(r.href == "" for r in part.relations if r.state == word)


def check_attention(part: SummaryView, whole: SummaryView) -> None:
    """What needs attention in a part does so in the whole; what is left out there is outside."""
    said, truth = ({(f.label, f.value, f.severity) for f in attention(view)} for view in (part, whole))
    hidden = {r.ref.kind for r in part.around.relations if r.state == OUTSIDE}
    assert said <= truth
    assert {label for label, _, _ in truth - said} <= hidden | set(part.around.outside)


def attention(view: SummaryView) -> Iterator[FieldView]:
    return (field for section in view.sections if section.title == ATTENTION for field in section.fields)


def check_object(cluster: Cluster, scope: Scope, key: bytes) -> None:
    whole, part = Window(cluster), Window(cluster, viewer(scope))
    answer, truth = read_entry(part, key), read_entry(whole, key)
    assert answer == truth
    if answer.entry.object is None:
        return
    own, true = (summary_view(w, answer.entry.object, answer.revision, NOW) for w in (part, whole))
    check_attention(own, true)
    rest, true_rest = ([s for s in view.sections if s.title != ATTENTION] for view in (own, true))
    for section, other in zip(rest, true_rest, strict=True):
        assert [(f.label, f.value, f.severity) for f in section.fields] == [
            (f.label, f.value, f.severity) for f in other.fields
        ]
        assert replace(section, fields=()) == replace(other, fields=())
        assert all(f.href in ("", g.href) for f, g in zip(section.fields, other.fields, strict=True))
    check_around(part, own.around, true.around)


@pytest.mark.parametrize("role", ROLES)
def test_an_object_page_says_what_the_whole_truth_is_or_that_it_is_outside(cluster: Cluster, role: str) -> None:
    keys = sample_of(cluster, ROLES[role])
    assert keys
    for key in keys:
        check_object(cluster, ROLES[role], key)


@pytest.mark.long
@pytest.mark.parametrize("role", ROLES)
def test_every_object_page_says_what_the_whole_truth_is_or_that_it_is_outside(cluster: Cluster, role: str) -> None:
    for key in keys_of(cluster, ROLES[role]):
        check_object(cluster, ROLES[role], key)


def is_true(line: str, truth: set[str]) -> bool:
    """Whether the whole says so of that object too: it may name more that is missing."""
    about, _, said = line.partition(": ")
    true = ", ".join(other.partition(": ")[2] for other in truth if other.partition(": ")[0] == about)
    return OUTSIDE in line or set(said.split(", ")) <= set(true.split(", "))


def lines(findings: Iterable[FindingView]) -> set[str]:
    return {line for finding in findings for line in finding.lines}


@pytest.mark.parametrize("role", ROLES)
def test_no_problem_is_found_in_a_part_that_is_none_of_the_whole(cluster: Cluster, role: str) -> None:
    whole, part = Window(cluster), Window(cluster, viewer(ROLES[role]))
    everything = {row.name: lines(row.findings) for row in namespaces_page(whole, "", NOW).rows}
    for row in namespaces_page(part, "", NOW).rows:
        assert [line for line in lines(row.findings) if not is_true(line, everything[row.name])] == []
    stored = lines(storage_page(whole, False, NOW).findings)
    assert [line for line in lines(storage_page(part, False, NOW).findings) if not is_true(line, stored)] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_part_is_counted_as_it_is(cluster: Cluster, role: str) -> None:
    scope = ROLES[role]
    index, keys = Window(cluster, viewer(scope)).index, keys_of(cluster, scope)
    assert index.tree().count == len(keys) == index.search("", "prefix", limit=1).count
    for found in index.tree().types:
        inside = [key for key in keys if key.startswith(found.prefix)]
        assert found.count == len(inside) == sum(found.namespaces.values())
