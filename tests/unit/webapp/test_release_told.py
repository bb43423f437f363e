"""The page of an object says which release and which distribution of Kubernetes it is of, and by what."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app

CRD = "/registry/apiextensions.k8s.io/customresourcedefinitions/addons.k3s.cattle.io"


def _node(name: str, version: str, *labels: str) -> tuple[str, dict[str, Any]]:
    metadata = {"name": name, "labels": dict.fromkeys(labels, "x")}
    status = {"nodeInfo": {"kubeletVersion": version}}
    return f"/registry/minions/{name}", {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "status": status}


def _told(tmp_path: Path, *objects: tuple[str, dict[str, Any]]) -> str:
    """The words of a node's page that are beside its value."""
    rows = [
        {"key": key, "value": base64.b64encode(json.dumps(obj).encode()).decode(), "mod_revision": 7}
        for key, obj in objects
    ]
    path = tmp_path / "registry.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    settings = Settings(from_file=str(path))
    html = create_app(settings, open_cluster(settings)).test_client().get("/object?key=/registry/minions/n1").text
    return " ".join(re.sub(r"<[^>]+>", " ", html.split('<aside class="facts"')[1]).split())


def test_a_distribution_is_named_with_what_says_so(tmp_path: Path) -> None:
    shown = _told(tmp_path, _node("n1", "v1.33.1+k3s1"), (CRD, {"metadata": {"name": "addons.k3s.cattle.io"}}))

    assert "Kubernetes 1.33" in shown
    assert "K3s apiextensions.k8s.io/customresourcedefinitions/addons.k3s.cattle.io exists, a kubelet says" in shown


def test_evidence_of_two_distributions_names_both(tmp_path: Path) -> None:
    shown = _told(tmp_path, _node("n1", "v1.33.1+k3s1"), _node("n2", "v1.33.1", "eks.amazonaws.com/nodegroup"))

    assert "K3s or EKS a kubelet says v1.33.1+k3s1; nodes are labelled eks.amazonaws.com/nodegroup" in shown


def test_without_such_evidence_no_distribution_is_named(tmp_path: Path) -> None:
    shown = _told(tmp_path, _node("n1", "v1.33.1"))

    assert "All that says a release 1.33 decides" in shown.partition("Kubernetes 1.33")[2]
