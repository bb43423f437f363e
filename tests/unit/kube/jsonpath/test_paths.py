"""JSONPath as Kubernetes writes it, and none that could keep a thread busy."""

from __future__ import annotations

import pytest

from etcdview.errors import QueryError
from etcdview.kube.jsonpath import compile_path

POD = {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web"}},
    "spec": {"containers": [{"name": "a", "image": "a:1"}, {"name": "b", "image": "b:1"}]},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Initialized", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (".metadata.name", ["web"]),
        ("{.metadata.name}", ["web"]),
        ("$.metadata.name", ["web"]),
        (r".metadata.labels.app\.kubernetes\.io/name", ["web"]),
        (".spec.containers[*].image", ["a:1", "b:1"]),
        (".spec.containers[0,1].name", ["a", "b"]),
        (".spec.containers[-1:].name", ["b"]),
        (".metadata['name','labels']", ["web", {"app.kubernetes.io/name": "web"}]),
        ("..image", ["a:1", "b:1"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".metadata.labels['app\\.kubernetes\\.io/name']", ["web"]),
        (".nothing.here", []),
    ],
)
def test_a_path_finds_what_kubectl_finds(path: str, found: list[object]) -> None:
    assert compile_path(path).find(POD) == found


@pytest.mark.parametrize(
    "path",
    [
        ".metadata[*,*,*,*,*,*]",
        ".metadata['name','name']",
        ".spec.containers[0,0]",
        ".spec.containers[0:2,0:2]",
        "..*..*..*",
        "..a..b..c",
        ".spec.containers[?(@..a)]",
        ".spec.containers[?(@.*.*.*)]",
        ".spec.containers[?(@[?(@.a)])]",
    ],
)
def test_a_path_that_could_come_to_a_value_in_many_ways_is_refused(path: str) -> None:
    with pytest.raises(QueryError):
        compile_path(path)


@pytest.mark.parametrize("path", [".a[", ".a[?(", "a b", ".a[?(@.b==)]", "$(" * 300])
def test_what_is_no_path_says_so(path: str) -> None:
    with pytest.raises(QueryError, match="Invalid JSONPath"):
        compile_path(path)
