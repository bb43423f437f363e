"""Searches in values: their scope, their kinds, what is masked, and the API's answer beside the page's."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster.window import Window
from etcdview.errors import DeniedError, NotFoundError, QueryError
from etcdview.pages import content_search
from etcdview.pages.content_search import ContentQuery, content_found, content_page, parse_kind
from etcdview.stores.files.dump import read_dump
from tests.unit.pages.registry_of import kv, obj, window_on

KVS = (
    kv("/registry/configmaps/shop/a", obj("ConfigMap", "shop", "a", data={"word": "needle"})),
    kv("/registry/configmaps/shop/b", obj("ConfigMap", "shop", "b", data={"word": "Needles"})),
    kv("/registry/configmaps/other/c", obj("ConfigMap", "other", "c", data={"word": "needle"})),
    kv("/registry/configmaps/shop/broken", b"k8s\0\xff\xffneedle"),
    kv("/registry/secrets/shop/s", obj("Secret", "shop", "s", data={"word": "bmVlZGxl"})),
)
NINA = Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets")))


def search(viewer: Viewer = LOCAL, limit: int = 10, **query: str) -> list[str]:
    found = content_found(window_on(KVS, viewer), ContentQuery(**query), limit)  # type: ignore[arg-type]
    return [hit.key.decode().rpartition("/")[2] for hit in found.hits]


def test_a_text_is_found_whatever_its_case_and_never_in_what_is_masked() -> None:
    assert search(text="needle") == ["c", "a", "b"]
    assert search(text="bmVlZGxl") == []


def test_a_type_and_a_namespace_narrow_the_search() -> None:
    assert search(text="needle", resource="configmaps", namespace="shop") == ["a", "b"]
    assert search(text="needle", prefix="/registry/configmaps/other/") == ["c"]


def test_the_answer_counts_what_could_not_be_searched() -> None:
    progress = content_found(window_on(KVS), ContentQuery("needle"), 10).progress
    assert (progress.looked, progress.undecodable, progress.masked, progress.complete) == (5, 1, 1, True)


def test_a_search_that_ends_at_its_limit_is_not_complete_and_says_why() -> None:
    progress = content_found(window_on(KVS), ContentQuery("needle"), 2).progress
    assert (progress.found, progress.complete) == (2, False)
    assert "first 2 hits" in progress.why


def test_the_page_shows_the_hits_of_the_answer() -> None:
    page = content_page(window_on(KVS), ContentQuery("needle"))
    assert page.steps is not None
    assert [hit.key.rpartition("/")[2] for step in page.steps for hit in step.hits] == ["c", "a", "b"]


def test_a_limited_viewer_has_to_say_where_and_is_denied_what_is_outside() -> None:
    assert search(NINA, text="needle", resource="configmaps", namespace="shop") == ["a", "b"]
    with pytest.raises(QueryError, match="No scope was given"):
        search(NINA, text="needle")
    with pytest.raises(DeniedError):
        search(NINA, text="needle", resource="secrets")


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (ContentQuery("x", namespace="shop"), QueryError),
        (ContentQuery("x", resource="nosuch"), NotFoundError),
        (ContentQuery("a in (", "labels"), QueryError),
        (ContentQuery("{.spec[", "jsonpath"), QueryError),
        (ContentQuery("   "), QueryError),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_read(
    query: ContentQuery, error: type[Exception]
) -> None:
    window: Window = window_on(KVS)
    with pytest.raises(error):
        content_found(window, query, 10)


def test_an_unknown_kind_names_the_kinds() -> None:
    with pytest.raises(QueryError, match="Unknown search kind 'x'") as error:
        parse_kind("x")
    assert "text, labels, fields, jsonpath" in error.value.remedy
    assert parse_kind("") == "text"


@pytest.mark.parametrize(
    "text", ["needle", "needles", "NEEDLE", "bmVlZGxl", "word", "shop", "qq-not-there", "fingerprint"]
)
def test_looking_in_stored_bytes_finds_what_decoding_everything_finds(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = content_found(window_on(KVS), ContentQuery(text), 10)
    monkeypatch.setattr(content_search, "_sought", lambda query: "")
    slow = content_found(window_on(KVS), ContentQuery(text), 10)

    assert [(hit.key, hit.match.path) for hit in quick.hits] == [(hit.key, hit.match.path) for hit in slow.hits]
    assert (quick.progress.looked, quick.progress.masked) == (slow.progress.looked, slow.progress.masked)


@pytest.fixture(scope="module")
def captured(capture: Path) -> Window:
    return window_on(read_dump(capture / "registry.jsonl.gz"))


@pytest.mark.parametrize(
    ("fields", "is_told"),
    [
        ("metadata.name=cart", True),
        ("metadata.namespace=kube-system", True),
        ("spec.nodeName=worker-1,status.phase!=Pending", True),
        ("spec.host=worker-1", True),
        ("status.phase=Running", True),
        ("involvedObject.kind=Pod", True),
        ("source=kubelet", True),
        ("kind=ReplicaSet", True),
        ("apiVersion=apps/v1", True),
        ("type=Opaque", True),
        ("spec.containers[*].image=registry.k8s.io/pause:3.10", True),
        ("metadata.name!=cart", False),
        ("spec.replicas=2", False),
        ("spec.unschedulable=false", False),
        ("status.successful=0", False),
        ("data.password=", False),
    ],
)
def test_fields_are_found_by_stored_bytes_as_by_decoding_everything(
    captured: Window, fields: str, is_told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ContentQuery(fields, "fields")
    quick = content_found(captured, query, 1_000)
    assert bool(content_search.slowly(query)) != is_told
    monkeypatch.setattr(content_search, "_sought", lambda query: "")
    slow = content_found(captured, query, 1_000)

    assert quick.hits == slow.hits
    assert (quick.progress.looked, quick.progress.masked) == (slow.progress.looked, slow.progress.masked)


def test_the_page_says_why_every_value_is_decoded() -> None:
    said = {text: content_page(window_on(KVS), ContentQuery(text)).slowly for text in ("needle", "12", "fingerprint")}

    assert said == {"needle": "", "12": "a number or a time could hold it", "fingerprint": "a mask could hold it"}
