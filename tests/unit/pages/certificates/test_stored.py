"""Certificates in the registry: which objects hold them, how long they last, and what was not looked at."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from etcdview.access.roles import Scope, Viewer
from etcdview.cluster.window import Window
from etcdview.demo.certificates import Authority
from etcdview.pages.certificates import stored
from etcdview.pages.certificates.stored import StoredSection, stored_section
from tests.unit.webapp.fixed_reports import cluster_of

WEBHOOKS = "/registry/validatingwebhookconfigurations"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ca", "our-ca")


def packed(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def secret(name: str, authority: Authority, folder: Path, days: float, namespace: str = "shop") -> tuple[str, Any]:
    pair = authority.issue(folder, name, name, lifetime=timedelta(days=days))
    return f"/registry/secrets/{namespace}/{name}", {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "type": "kubernetes.io/tls",
        "data": {"tls.crt": packed(pair.cert), "tls.key": packed(pair.key)},
    }


def webhook(name: str, *bundles: str) -> tuple[str, Any]:
    return f"{WEBHOOKS}/{name}", {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{"name": f"w{i}", "clientConfig": {"caBundle": text}} for i, text in enumerate(bundles)],
    }


def look(*objects: tuple[str, Any], viewer: Viewer | None = None) -> StoredSection:
    window = Window(cluster_of(None, dict(objects)), *((viewer,) if viewer else ()))
    return stored_section(window, None, datetime.now(UTC))


def test_tls_secrets_and_ca_bundles_are_told_with_the_days_that_are_left(authority: Authority, tmp_path: Path) -> None:
    ca = packed(authority.files.cert)
    api = {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": "v1.metrics.example"},
        "spec": {"caBundle": ca},
    }
    found = look(
        secret("late", authority, tmp_path, 100.01),
        secret("soon", authority, tmp_path, 5.01),
        webhook("guard", ca, ca),
        ("/registry/apiregistration.k8s.io/apiservices/v1.metrics.example", api),
    )
    assert [(r.owner, r.field, r.subject, r.state) for r in found.rows] == [
        ("Secret shop/soon", "tls.crt", "CN=soon", "expires very soon"),
        ("Secret shop/late", "tls.crt", "CN=late", "valid"),
        ("APIService v1.metrics.example", "caBundle", "CN=our-ca", "valid"),
        ("ValidatingWebhookConfiguration guard", "caBundle for w0", "CN=our-ca", "valid"),
    ]
    assert found.rows[0].left == "5 days"
    assert (found.checked, found.total, found.problem, found.scoped) == (4, 4, "", False)


def test_of_several_in_one_field_the_first_to_expire_counts(authority: Authority, tmp_path: Path) -> None:
    short = authority.issue(tmp_path, "short", "short", lifetime=timedelta(days=9))
    both = base64.b64encode(authority.files.cert.read_bytes() + short.cert.read_bytes()).decode()
    assert [row.subject for row in look(webhook("guard", both)).rows] == ["CN=short"]


def test_what_holds_no_certificate_is_named_and_its_contents_are_not_shown(tmp_path: Path) -> None:
    key, obj = secret("odd", Authority(tmp_path), tmp_path, 9)
    obj["data"]["tls.crt"] = base64.b64encode(b"hunter2").decode()
    found = look((key, obj), webhook("guard", "Cg=="))
    assert [field.text for field in found.corrupt] == [
        "caBundle for w0 of ValidatingWebhookConfiguration guard",
        "tls.crt of Secret shop/odd",
    ]
    assert "hunter2" not in str(found)
    assert obj["data"]["tls.crt"] not in str(found)


def test_other_secrets_are_not_looked_at(authority: Authority, tmp_path: Path) -> None:
    key, obj = secret("other", authority, tmp_path, 9)
    assert look((key, {**obj, "type": "Opaque"})).rows == ()


@pytest.mark.parametrize(
    ("scope", "owners"),
    [
        (Scope(namespaces=("shop",)), ["Secret shop/one"]),
        (Scope(resources=("*", "!secrets")), ["ValidatingWebhookConfiguration guard"]),
    ],
)
def test_only_what_the_viewer_may_see_is_told(
    authority: Authority, tmp_path: Path, scope: Scope, owners: list[str]
) -> None:
    objects = (
        secret("one", authority, tmp_path, 9),
        secret("two", authority, tmp_path, 9, namespace="bank"),
        webhook("guard", packed(authority.files.cert)),
    )
    found = look(*objects, viewer=Viewer("eve", "viewer", scope, "password"))
    assert [row.owner for row in found.rows] == owners
    assert (found.total, found.scoped) == (1, True)


def test_it_says_where_it_ends(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "AT_MOST", 2)
    found = look(*(secret(f"s{n}", authority, tmp_path, 9) for n in range(4)))
    assert (len(found.rows), found.checked, found.total) == (2, 2, 4)


def test_what_cannot_be_decoded_is_counted() -> None:
    found = look(("/registry/secrets/shop/sealed", json.dumps("no object")))
    assert (found.rows, found.undecodable) == ((), 1)
