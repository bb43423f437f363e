"""Facts through a scope: whatever is asked and whatever the scope, the answer is of permitted keys alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from etcdview.access.roles import NO_NAMESPACE, Scope
from etcdview.cluster.scope import ScopedFacts
from etcdview.cluster.scope.ranges import PermittedRanges
from etcdview.codec import Codec
from etcdview.errors import SettingError
from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader, KeyFacts, Total, Wanted
from etcdview.kube.keys import KeySpace
from etcdview.kube.selectors import parse_labels
from etcdview.models import KeyValue

KEYSPACE = KeySpace()
TYPES = (
    "configmaps", "pods", "secrets", "services/specs", "services/endpoints", "events", "minions", "namespaces",
    "clusterroles", "deployments", "example.org/backups", "example.org/clusters",
)  # fmt: skip
NAMESPACES = ("shop", "shop2", "web", "")
ODD = (b"/registry/pods", b"/registry/pods/shop", b"/registry/a/b/c/d/e/f", b"/other/key", b"\xff\x00", b"plain")
QUESTIONS = (
    Wanted(),
    Wanted(resource="pods"),
    Wanted(namespace="shop"),
    Wanted(resource="namespaces"),
    Wanted(labels=parse_labels("app=a")),
    Wanted(labels=parse_labels("app!=a")),
    Wanted(state="unhealthy"),
    Wanted(state="unknown"),
    Wanted(uid="one"),
    Wanted(owner="one"),
    Wanted(node="n1"),
    Wanted(error=True),
    Wanted(misnamed=True),
    Wanted(deleting=True),
)


def keys() -> Iterator[bytes]:
    for prefix in TYPES:
        for namespace in NAMESPACES:
            for name in ("shop", "web", "x"):
                yield "/".join(("/registry", prefix, *((namespace,) if namespace else ()), name)).encode()
    yield from ODD


def stored() -> Iterator[KeyValue]:
    """One value a key: of all shapes that a question tells apart."""
    for number, key in enumerate(keys()):
        metadata = {"name": key.rpartition(b"/")[2].decode("latin-1"), "uid": ("one", "two", f"u{number}")[number % 3]}
        if number % 2:
            metadata |= {"labels": {"app": "ab"[number % 4 // 2]}, "ownerReferences": [{"uid": "one"}]}
        if number % 5 == 0:
            metadata["deletionTimestamp"] = "2026-11-20T00:00:00Z"
        obj = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"nodeName": f"n{number % 2}"}}
        obj["status"] = {"phase": ("Running", "Failed")[number % 7 == 0]}
        value = b"\x00" if number % 11 == 0 else json.dumps(obj).encode()
        yield KeyValue(key, 1, number + 1, 1, value=value)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FactReader]:
    path: Path = tmp_path_factory.mktemp("facts") / "facts.db"
    create(path)
    writer = FactWriter(path)
    extractor = Extractor(Codec(), KEYSPACE, lambda: datetime(2026, 11, 28, tzinfo=UTC))
    writer.write(map(extractor.fact, stored()))
    writer.complete()
    writer.close()
    made = FactReader(path)
    yield made
    made.close()


# fmt: off
NAMESPACE_PATTERNS = st.lists(
    st.sampled_from(("shop", "shop*", "web", "s*", "*", "!shop", "!shop*", "!web", NO_NAMESPACE, f"!{NO_NAMESPACE}")),
    min_size=1, max_size=3,
)
TYPE_PATTERNS = st.lists(
    st.sampled_from(("pods", "*", "!secrets", "services", "*.example.org", "backups.example.org", "!pods", "namespaces",
                     "!namespaces", "nodes", "events", "!*.example.org")),
    min_size=1, max_size=3,
)
# fmt: on


def scope_of(namespaces: list[str], resources: list[str]) -> Scope:
    try:
        return Scope(namespaces=tuple(namespaces), resources=tuple(resources))
    except SettingError:  # it could match nothing
        assume(False)
        raise


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(NAMESPACE_PATTERNS, TYPE_PATTERNS, st.sampled_from(QUESTIONS))
def test_an_answer_is_what_a_look_at_every_permitted_key_gives(
    reader: FactReader, namespaces: list[str], resources: list[str], wanted: Wanted
) -> None:
    scope = scope_of(namespaces, resources)
    assume(not scope.whole)
    scoped = ScopedFacts(reader, PermittedRanges(scope, KEYSPACE, tuple))

    expected = [f for f in reader.facts(wanted) if scope.has(KEYSPACE.object_key(f.key))]

    assert list(scoped.facts(wanted)) == expected
    assert list(scoped.keys(wanted)) == [f.key for f in expected]
    assert scoped.count(wanted) == len(expected)
    assert scoped.keys(wanted, order="size", offset=1, limit=2) == tuple(
        f.key for f in sorted(expected, key=lambda f: (f.size, f.key))[1:3]
    )
    everything = [f.key for f in reader.facts(Wanted())]
    assert set(scoped.of(everything)) == set(scoped.keys(Wanted()))
    assert summed(scoped.totals()) == summed(map(total_of, scoped.facts(Wanted())))


def total_of(f: KeyFacts) -> Total:
    return Total(
        f.resource, f.namespace, f.storage, f.state, 1, f.size, f.managed_bytes, f.annotation_bytes,
        f.last_applied_bytes, f.data_bytes,
    )  # fmt: skip


def summed(totals: Iterator[Total] | tuple[Total, ...] | map[Total]) -> tuple[Counter[object], Counter[object]]:
    """Keys and bytes by type, namespace, way of storing and state."""
    counts, sizes = Counter[object](), Counter[object]()
    for total in totals:
        group = (total.resource, total.namespace, total.storage, total.state)
        counts[group] += total.keys
        sizes[group] += total.bytes
    return counts, sizes


def test_a_page_behind_a_key_that_may_not_be_seen_is_as_if_it_did_not_exist(reader: FactReader) -> None:
    scoped = ScopedFacts(reader, PermittedRanges(scope_of(["shop"], ["*"]), KEYSPACE, tuple))
    inside, outside = b"/registry/pods/shop/web", b"/registry/pods/web/web"
    pages = [
        scoped.page(Wanted(resource="pods"), "size", descending=True, after=after, limit=5)
        for after in (None, inside, outside, b"/registry/pods/web/none")
    ]

    assert [page is not None for page in pages] == [True, True, False, False]
    assert reader.page(Wanted(resource="pods"), "size", descending=True, after=outside, limit=5) is not None
