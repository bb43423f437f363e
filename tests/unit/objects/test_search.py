"""A search in content looks into every key of its scope at one revision, and says so when it did not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etcdview.errors import CompactedError, QueryError, UnreachableError
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue, Range, RangeResult
from etcdview.objects.predicates import Kind, predicate_for
from etcdview.objects.search import Looked, SearchRange, SearchStep, search_content
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.paging import FIRST_PIECE, GROWTH

PODS, SECRETS = (
    SearchRange(b"/registry/pods/", b"/registry/pods0"),
    SearchRange(b"/registry/secrets/", b"/registry/secrets0"),
)
POD = {
    "metadata": {"name": "web", "labels": {"app": "shop", "tier.example.org/a": "front"}},
    "spec": {"nodeName": "worker-1", "containers": [{"name": "web", "image": "nginx:1.25"}, {"name": "side"}]},
    "status": {"phase": "Running", "ready": True, "restarts": 3},
}


def decode(kv: KeyValue) -> Looked:
    return Looked(json.loads(kv.value) if kv.value.startswith(b"{") else None, masked=b"secret" in kv.value)


def store_of(count: int, broken: int = 0) -> StaticStore:
    kvs = [KeyValue(b"/registry/pods/shop/%04d" % n, 1, n + 1, 1, value=b'{"n":"pod-%04d"}' % n) for n in range(count)]
    kvs += [KeyValue(b"/registry/secrets/shop/%04d" % n, 1, 1, 1, value=b"\xff") for n in range(broken)]
    return StaticStore("test", kvs, revision=count + 1)


def run(store: StaticStore, text: str, *scopes: SearchRange, **options: Any) -> list[SearchStep]:
    names = MemoryNames.of_store(store, KeySpace())
    return list(search_content(store, names, scopes or (PODS,), decode, predicate_for("text", text), **options))


def test_every_key_of_the_scope_is_looked_into() -> None:
    steps = run(store_of(500, broken=7), "pod-0", PODS, SECRETS)
    last = steps[-1]
    assert (last.looked, last.total, last.undecodable, last.found) == (507, 507, 7, 500)
    assert (last.done, last.complete, last.revision, last.why) == (True, True, 501, "")
    assert [hit.key for step in steps for hit in step.hits] == [b"/registry/pods/shop/%04d" % n for n in range(500)]
    assert [step.looked for step in steps] == sorted(step.looked for step in steps)


def test_only_the_scope_is_looked_into() -> None:
    assert (
        run(store_of(20), "pod", SearchRange(b"/registry/pods/shop/0005", b"/registry/pods/shop/0007"))[-1].looked == 2
    )


def test_it_stops_when_told_to_and_says_that_it_is_not_complete() -> None:
    last = run(store_of(5000), "pod", stop=lambda: True)[-1]
    assert (last.done, last.complete, last.why) == (True, False, "Stopped.")
    assert 0 < last.looked < 5000


def test_it_ends_at_the_most_hits_that_are_shown() -> None:
    steps = run(store_of(500), "pod", max_hits=25)
    assert sum(len(step.hits) for step in steps) == 25
    assert (steps[-1].complete, steps[-1].why) == (False, "The first 25 hits are shown.")


def test_values_that_are_masked_are_counted() -> None:
    store = StaticStore("test", [KeyValue(b"/registry/pods/a/b", 1, 1, 1, value=b'{"secret":"x"}')], revision=1)
    assert run(store, "nothing")[-1].masked == 1


def test_keys_that_have_gone_since_the_names_were_taken_make_no_read_without_an_end() -> None:
    store = store_of(5000)
    names = MemoryNames.of_store(store_of(0), KeySpace())  # an index that is ahead: it has none of them any more
    last = list(search_content(store, names, (PODS,), decode, predicate_for("text", "none")))[-1]
    assert (last.looked, last.complete) == (5000, True)


class FailingStore(StaticStore):
    """A store that answers so many times, and then raises."""

    answers = 2
    error: Exception = CompactedError("gone")

    def range(self, request: Range) -> RangeResult:
        if request.keys_only:
            return super().range(request)
        self.answers -= 1
        if self.answers < 0:
            raise self.error
        return super().range(request)


@pytest.mark.parametrize(
    ("error", "said"), [(CompactedError("gone"), "compacted"), (UnreachableError("No answer."), "No answer.")]
)
def test_a_search_that_breaks_off_keeps_what_it_found(error: Exception, said: str) -> None:
    store = FailingStore("failing", store_of(500).range(Range(b"\0", b"\0")).kvs, revision=501)
    store.error = error
    last = run(store, "pod")[-1]
    assert last.looked == FIRST_PIECE + GROWTH * FIRST_PIECE
    assert (last.done, last.complete) == (True, False)
    assert said in last.why
    assert "the rest was not searched" in last.why.lower()


def test_a_store_that_answers_nothing_raises() -> None:
    store = FailingStore("failing", store_of(5).range(Range(b"\0", b"\0")).kvs, revision=6)
    store.answers = 0
    with pytest.raises(CompactedError):
        run(store, "pod")


def test_a_search_without_a_scope_is_refused() -> None:
    store = store_of(1)
    with pytest.raises(QueryError):
        list(search_content(store, MemoryNames.of_store(store, KeySpace()), (), decode, predicate_for("text", "x")))


FOUND: list[tuple[Kind, str, str | None, str]] = [
    ("text", "nginx", ".spec.containers[0].image", "nginx:1.25"),
    ("text", "NGINX", ".spec.containers[0].image", "nginx:1.25"),
    ("text", "nodename", ".spec.nodeName", "nodeName"),
    ("text", "tier.example", r".metadata.labels.tier\.example\.org/a", "tier.example.org/a"),
    ("text", "true", ".status.ready", "true"),
    ("text", "3", ".status.restarts", "3"),
    ("text", "apache", None, ""),
    ("labels", "app=shop", ".metadata.labels", '{"app": "shop", "tier.example.org/a": "front"}'),
    ("labels", "app in (a,b)", None, ""),
    ("fields", "spec.nodeName=worker-1", "", ""),
    ("fields", "status.phase!=Running", None, ""),
    ("jsonpath", ".spec.containers[*].image", ".spec.containers[*].image", "nginx:1.25"),
    ("jsonpath", ".spec.volumes", None, ""),
]


@pytest.mark.parametrize(("kind", "text", "path", "excerpt"), FOUND)
def test_what_is_found_where(kind: Kind, text: str, path: str | None, excerpt: str) -> None:
    match = predicate_for(kind, text)(POD)
    if path is None:
        assert match is None
    else:
        assert match is not None
        assert (match.path, match.excerpt) == (path, excerpt)


@pytest.mark.parametrize(
    "broken", [{}, {"metadata": None}, {"metadata": {"labels": None}}, {"metadata": {"labels": []}}]
)
def test_objects_of_any_shape_are_looked_at(broken: dict[str, Any]) -> None:
    assert predicate_for("labels", "app=shop")(broken) is None
    assert predicate_for("labels", "!app")(broken) is not None
    assert predicate_for("text", "shop")(broken) is None


def test_a_long_text_is_shortened_around_what_was_found() -> None:
    match = predicate_for("text", "needle")({"data": "x" * 1000 + "needle" + "y" * 1000})
    assert match is not None
    assert match.excerpt == "…" + "x" * 40 + "needle" + "y" * 40 + "…"


def test_an_object_nested_very_deeply_is_looked_at() -> None:
    deep: Any = "needle"
    for _ in range(5000):
        deep = {"a": deep}
    assert predicate_for("text", "needle")(deep) is not None


@pytest.mark.parametrize(
    ("kind", "text"), [("text", " "), ("text", "x" * 501), ("labels", "a in b"), ("jsonpath", "[")]
)
def test_what_cannot_be_searched_for_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(QueryError):
        predicate_for(kind, text)
