"""Every address of the app, for everybody: what each role gets, and that none gets a glimpse of what it may not see."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from etcdview.access.roles import Scope
from etcdview.cluster.cluster import Cluster
from etcdview.models import Range
from tests.security.hostile import LEAKS
from tests.security.lab import Lab, post

CRASHLOOP = "/registry/pods/shop/crashloop"
CREDENTIALS = "/registry/secrets/payments/db-credentials"
STORE = "hostile"  # the name of the store that the lab reads
ROLES = ("anonymous", "nina", "vera", "olga", "ann")
LOGIN = 303  # sent to the login page
REFUSED = 401
DENIED = 403
NINA = Scope(("shop",), ("*", "!secrets"))


def at(path: str, key: str, **more: str) -> str:
    return f"{path}?key={quote(key, safe='')}" + "".join(f"&{k}={v}" for k, v in more.items())


@dataclass(frozen=True)
class Row:
    """A request to the address, and its status for ROLES in their order."""

    path: str
    statuses: tuple[int, int, int, int, int]


def everybody_in(path: str, status: int = 200) -> Row:
    return Row(path, (LOGIN, status, status, status, status))


def api(path: str) -> Row:
    return Row(path, (REFUSED, 200, 200, 200, 200))


def kube(path: str) -> Row:
    """Of the Kubernetes API. Tokens of olga and ann reveal Secrets there: test_kube_secrets.py."""
    return Row(path, (REFUSED, 200, 200, 200, 200))


# nina sees the namespace shop without its Secrets, vera all but secret data; olga is an operator, ann an admin.
GET: dict[str, tuple[Row, ...]] = {
    "static": (Row("/static/css/base.css", (200,) * 5),),
    "assets.htmx": (Row("/static-packages/htmx.js", (200,) * 5),),
    "machines.healthz": (Row("/healthz", (200,) * 5),),
    "machines.readyz": (Row("/readyz", (200,) * 5),),
    "machines.metrics": (everybody_in("/metrics"),),
    "accounts.login_page": (Row("/login", (200,) * 5),),
    "accounts.begin_oidc": (Row("/login/oidc", (404,) * 5),),
    "accounts.finish_oidc": (Row("/login/oidc/callback?code=x&state=y", (404,) * 5),),
    "accounts.account_page": (everybody_in("/account"),),
    "audit.audit_page": (Row("/audit", (LOGIN, DENIED, DENIED, DENIED, 200)),),
    "reveal.reveal_page": (
        Row(at("/reveal", CREDENTIALS), (LOGIN, DENIED, DENIED, 200, 200)),
        Row(at("/reveal", CRASHLOOP), (LOGIN, DENIED, DENIED, 400, 400)),
    ),
    "encryption.encryption_page": (everybody_in("/encryption"),),
    "overview.overview_page": (everybody_in("/"),),
    "space.space_page": (
        everybody_in("/space"),
        everybody_in("/space?resource=pods"),
        everybody_in("/space?resource=pods&namespace=shop"),
        Row("/space?namespace=payments", (LOGIN, DENIED, 200, 200, 200)),
        Row("/space?resource=secrets", (LOGIN, DENIED, 200, 200, 200)),
    ),
    "space.space_csv": (everybody_in("/space.csv?by=object"), everybody_in("/space.csv?by=namespace")),
    "compare.compare_page": (
        everybody_in("/compare"),
        everybody_in(f"/compare?from=empty&to={STORE}"),
        everybody_in(f"/compare?from={STORE}&to=mixed&all=1"),
        everybody_in("/compare?from=nosuch&to=mixed", 400),
        Row("/compare?from=empty&to=mixed&resource=secrets", (LOGIN, DENIED, 200, 200, 200)),
    ),
    "rescue.rescue_page": (
        everybody_in("/rescue"),
        everybody_in("/rescue?from=mixed"),
        everybody_in("/rescue?from=nosuch", 400),
        Row("/rescue?from=mixed&resource=secrets", (LOGIN, DENIED, 200, 200, 200)),
    ),
    "export.export_list": (
        everybody_in("/export?resource=pods&as=zip"),
        everybody_in("/export?resource=pods&namespace=shop&as=stream&apply=1"),
        everybody_in("/export?q=/registry/&as=list"),
        everybody_in("/export?q=/registry/&as=dump"),
        everybody_in("/export?q=.*&mode=regex&as=dump"),
        everybody_in("/export?resource=unplaced&as=dump"),
        everybody_in("/export?resource=pods&as=tar", 400),
        Row("/export?resource=secrets&as=stream", (LOGIN, DENIED, 200, 200, 200)),
        Row("/export?resource=pods&namespace=payments&as=dump", (LOGIN, DENIED, 200, 200, 200)),
    ),
    "restore_plan.restore_plan_page": (
        Row("/restore-plan", (LOGIN, DENIED, 200, 200, 200)),
        Row("/restore-plan?run=1", (LOGIN, DENIED, 400, 400, 400)),  # dumps cannot be restored
    ),
    "health.health_page": (everybody_in("/health"),),
    "health.certificates_page": (everybody_in("/certificates"),),
    "registry.registry_page": (
        everybody_in("/registry"),
        everybody_in("/registry?resource=pods&wide=1"),
        everybody_in("/registry?resource=pods&namespace=shop"),
        Row("/registry?resource=pods&namespace=payments", (LOGIN, DENIED, 200, 200, 200)),
        Row("/registry?resource=secrets", (LOGIN, DENIED, 200, 200, 200)),
        Row("/registry?resource=secrets&namespace=shop", (LOGIN, DENIED, 200, 200, 200)),
        Row("/registry?resource=nodes", (LOGIN, DENIED, 200, 200, 200)),
        everybody_in("/registry?resource=unplaced"),
        everybody_in(f"/registry?resource=pods&namespace=shop&key={CRASHLOOP}"),
    ),
    "object.object_page": (
        everybody_in(at("/object", CRASHLOOP)),
        everybody_in(at("/object", CRASHLOOP, view="raw")),
        everybody_in(at("/object", CRASHLOOP, view="wire")),
        Row(at("/object", CREDENTIALS), (LOGIN, DENIED, 200, 200, 200)),
        Row(at("/object", CREDENTIALS, view="raw"), (LOGIN, DENIED, 200, 200, 200)),
        Row(at("/object", "/registry/secrets/shop/nokind"), (LOGIN, DENIED, 200, 200, 200)),
        Row(at("/object", "/registry/pods/payments/there-is-none"), (LOGIN, DENIED, 404, 404, 404)),
        Row(at("/object", "/elsewhere/secret"), (LOGIN, DENIED, 200, 200, 200)),
    ),
    "object.history_page": (
        everybody_in(at("/history", CRASHLOOP)),
        Row(at("/history", CREDENTIALS), (LOGIN, DENIED, 200, 200, 200)),
    ),
    "object.download_value": (
        everybody_in(at("/download", CRASHLOOP, format="raw")),
        Row(at("/download", CREDENTIALS), (LOGIN, DENIED, 200, 200, 200)),
        Row(at("/download", CREDENTIALS, format="raw"), (LOGIN, DENIED, DENIED, DENIED, DENIED)),
    ),
    "search.search_page": (
        everybody_in("/search?q=e"),
        everybody_in("/search?q=/registry/secrets/"),
        everybody_in("/search?q=payments&mode=contains"),
        everybody_in("/search?q=.*&mode=regex"),
    ),
    "search.content_search_page": (
        everybody_in("/search/content?q=crash&resource=pods"),
        Row("/search/content?q=correct&resource=secrets", (LOGIN, DENIED, 200, 200, 200)),
        everybody_in("/search/content?q=correct&prefix=/"),
    ),
    # a file does not change
    "watch.watch_page": (everybody_in("/watch?prefix=/registry/secrets/", 501), everybody_in("/watch", 501)),
    "watch.freshness_bar": (everybody_in("/freshness"),),
    "namespaces_and_storage.namespaces_page": (everybody_in("/namespaces"),),
    "namespaces_and_storage.storage_page": (everybody_in("/storage"),),
    "api.operations": (api("/api/v1/"),),
    "api.openapi": (api("/api/v1/openapi.json"),),
    "api.cluster": (api("/api/v1/cluster"),),
    "api.health": (api("/api/v1/health"),),
    "api.space": (api("/api/v1/space"), api("/api/v1/space?by=namespace"), api("/api/v1/space?by=object")),
    "api.compare": (
        api(f"/api/v1/compare?from=mixed&to={STORE}&all=1&limit=10000"),
        api("/api/v1/compare?from=empty&to=mixed"),
        Row("/api/v1/compare?from=empty&to=mixed&resource=nodes", (REFUSED, DENIED, 200, 200, 200)),
    ),
    "api.resources": (api("/api/v1/resources"),),
    "api.table": (
        api("/api/v1/table?resource=pods&namespace=shop&wide=1"),
        api("/api/v1/table?resource=pods&q=e&sort=-age"),
        Row("/api/v1/table?resource=pods&namespace=payments", (REFUSED, DENIED, 200, 200, 200)),
        Row("/api/v1/table?resource=secrets", (REFUSED, DENIED, 200, 200, 200)),
        Row("/api/v1/table?resource=nodes", (REFUSED, DENIED, 200, 200, 200)),
    ),
    "api.keys": (api("/api/v1/keys?limit=1000"), api("/api/v1/keys?contains=payments"), api("/api/v1/keys?regex=.")),
    "api.certificates": (api("/api/v1/certificates"),),
    "api.storage": (api("/api/v1/storage"),),
    "api.namespaces": (
        api("/api/v1/namespaces"),
        Row("/api/v1/namespaces?namespace=payments", (REFUSED, DENIED, 200, 200, 200)),
    ),
    "api.content": (
        api("/api/v1/content?q=crash&resource=pods"),
        Row("/api/v1/content?q=correct&resource=secrets", (REFUSED, DENIED, 200, 200, 200)),
        Row("/api/v1/content?q=correct", (REFUSED, 400, 200, 200, 200)),
        api("/api/v1/content?q=correct&prefix=/"),
    ),
    "api.object_": (
        api(at("/api/v1/object", CRASHLOOP)),
        Row(at("/api/v1/object", CREDENTIALS), (REFUSED, DENIED, 200, 200, 200)),
    ),
    "api.history": (
        api(at("/api/v1/history", CRASHLOOP)),
        Row(at("/api/v1/history", CREDENTIALS), (REFUSED, DENIED, 200, 200, 200)),
    ),
    # a registry that is read from a file is never changed: nobody gets further than that
    "edit.edit_page": (Row(at("/edit", CRASHLOOP), (LOGIN, 404, 404, 404, 404)),),
    "edit.restore_page": (Row(at("/restore", CRASHLOOP, revision="1"), (LOGIN, 404, 404, 404, 404)),),
    "edit.create_page": (everybody_in("/create", 404),),
    "edit.confirm_delete": (Row(at("/delete", CRASHLOOP), (LOGIN, 404, 404, 404, 404)),),
    "edit.confirm_delete_prefix": (everybody_in("/delete-prefix?prefix=/registry/pods/shop/", 404),),
    "maintenance.maintenance_page": (everybody_in("/maintenance", 404),),
    "maintenance.confirm_operation": (
        everybody_in("/maintenance/snapshot", 404),
        everybody_in("/maintenance/compact", 404),
    ),
    "search.palette_page": (everybody_in("/palette?q=po+crash", 302),),
    "learn.learn_page": (
        everybody_in("/learn"),
        everybody_in("/learn?without=cp1&exercise=1&answer=x"),
        everybody_in(at("/learn", CRASHLOOP)),
        everybody_in(at("/learn", CREDENTIALS)),
    ),
    "patterns.patterns_page": (everybody_in("/patterns", 404),),  # 200 in debug only
    "kubectl.kubectl_page": (everybody_in("/kubectl"),),
    "kube.kube_api": (
        kube("/kube/"),
        kube("/kube/version"),
        kube("/kube/apis"),
        kube("/kube/api/v1/pods"),
        kube("/kube/api/v1/namespaces/shop/pods/crashloop"),
        kube("/kube/api/v1/namespaces"),
        Row("/kube/api/v1/namespaces/payments/pods", (REFUSED, DENIED, 200, 200, 200)),
        Row("/kube/api/v1/namespaces/payments/pods/there-is-none", (REFUSED, DENIED, 404, 404, 404)),
        Row("/kube/api/v1/nodes", (REFUSED, DENIED, 200, 200, 200)),
        Row("/kube/api/v1/namespaces/shop/pods/crashloop/log", (REFUSED, 405, 405, 405, 405)),
        Row("/kube/no/such/path", (REFUSED, 404, 404, 404, 404)),
    ),
    "edit.changed_page": (Row(at("/changed", CRASHLOOP, revision="1"), (LOGIN, 404, 404, 404, 404)),),
}
# By POST with a token of the form: (path, the fields, statuses for nina, vera, olga, ann)
SECRET_FIELD = {"key": CREDENTIALS, "field": "data.password", "revision": "273"}
POST: dict[str, tuple[str, dict[str, str], tuple[int, int, int, int]]] = {
    "accounts.log_in": ("/login", {"name": "ann", "password": "no"}, (401, 401, 401, 401)),
    "accounts.log_out": ("/logout", {}, (303, 303, 303, 303)),
    "reveal.reveal_field": ("/reveal", SECRET_FIELD, (403, 403, 200, 200)),
    "health.compare_members": ("/health/compare", {}, (404, 404, 404, 404)),  # a file has no members
    "encryption.count_values": ("/encryption", {}, (403, 303, 303, 303)),
    "encryption.stop_count": ("/encryption/stop", {}, (403, 303, 303, 303)),
    "space.read_values": ("/space", {}, (403, 303, 303, 303)),
    "kube.kube_api": ("/kube/api/v1/namespaces", {}, (405, 405, 405, 405)),
    "edit.preview_change": ("/edit", {"key": CRASHLOOP, "text": "x"}, (404, 404, 404, 404)),
    "edit.reopen_editor": ("/edit/back", {"key": CRASHLOOP, "text": "x"}, (404, 404, 404, 404)),
    "edit.convert_draft": ("/edit/convert", {"key": CRASHLOOP, "text": "x", "to": "json"}, (404, 404, 404, 404)),
    "edit.apply_change": ("/edit/apply", {"key": CRASHLOOP, "text": "x"}, (404, 404, 404, 404)),
    "edit.delete_key": ("/delete", {"key": CRASHLOOP, "typed": "crashloop"}, (404, 404, 404, 404)),
    "maintenance.run_operation": ("/maintenance/compact", {"revision": "1", "typed": "1"}, (404, 404, 404, 404)),
    "edit.delete_prefix": ("/delete-prefix", {"prefix": "/registry/pods/shop/"}, (404, 404, 404, 404)),
}
ROWS = [(endpoint, row) for endpoint, rows in GET.items() for row in rows]


def asker(lab: Lab, who: str) -> FlaskClient:
    return lab.anonymous() if who == "anonymous" else lab.as_token(who)


def test_every_route_of_the_app_is_in_these_tables(everybody: Lab) -> None:
    routes = {
        (method, rule.endpoint)
        for rule in everybody.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }

    assert routes == {("GET", name) for name in GET} | {("POST", name) for name in POST}


@pytest.mark.parametrize(("endpoint", "row"), ROWS, ids=[row.path for _, row in ROWS])
@pytest.mark.parametrize("who", ROLES)
def test_each_role_gets_what_the_table_says(everybody: Lab, endpoint: str, row: Row, who: str) -> None:
    with everybody.app.test_request_context(row.path) as context:
        assert context.request.endpoint == endpoint

    with asker(everybody, who).get(row.path) as response:
        assert response.status_code == row.statuses[ROLES.index(who)]


@pytest.mark.parametrize("endpoint", POST)
@pytest.mark.parametrize("who", ["nina", "vera", "olga", "ann"])
def test_each_role_may_post_what_the_table_says(made: Lab, endpoint: str, who: str) -> None:
    path, fields, statuses = POST[endpoint]
    page = "/login" if endpoint == "accounts.log_in" else "/account"

    response = post(made.logged_in(who), path, page, **fields)

    assert response.status_code == statuses[("nina", "vera", "olga", "ann").index(who)]


@pytest.mark.parametrize("endpoint", POST)
def test_nobody_posts_without_a_login(made: Lab, endpoint: str) -> None:
    path, fields, _ = POST[endpoint]

    response = post(made.anonymous(), path, "/login", **fields)

    assert response.status_code == (303 if endpoint == "accounts.log_out" else 401)


@pytest.mark.parametrize(("endpoint", "row"), ROWS, ids=[row.path for _, row in ROWS])
@pytest.mark.parametrize("who", ROLES)
def test_no_role_sees_secret_data_anywhere(everybody: Lab, endpoint: str, row: Row, who: str) -> None:
    with asker(everybody, who).get(row.path) as response:
        body = response.get_data()

    assert [leak for leak in LEAKS if leak in body] == []


@pytest.mark.parametrize(("endpoint", "row"), ROWS, ids=[row.path for _, row in ROWS])
def test_a_narrowed_role_sees_no_name_from_outside(everybody: Lab, cluster: Cluster, endpoint: str, row: Row) -> None:
    with asker(everybody, "nina").get(row.path) as response:
        text = response.get_data().decode("utf-8", "replace")

    # what the address itself holds may come back, as what was asked for
    assert [name for name in names_outside(cluster) if name in text and name not in row.path] == []


@pytest.mark.parametrize(("endpoint", "row"), ROWS, ids=[row.path for _, row in ROWS])
def test_nobody_without_a_login_learns_a_name(everybody: Lab, cluster: Cluster, endpoint: str, row: Row) -> None:
    with everybody.anonymous().get(row.path) as response:
        text = response.get_data().decode("utf-8", "replace")

    assert [name for name in names_outside(cluster) if name in text and name not in row.path] == []
    assert "shop-cluster" not in text
    assert "hostile" not in text


@cache
def names_outside(cluster: Cluster, scope: Scope = NINA) -> frozenset[str]:
    """Names of objects and namespaces that are in no key and no value of what is in the scope.

    CRDs are called as the types that they define, and our own texts speak of kube-system.
    """
    kvs = cluster.store.range(Range(b"\0", b"\0")).kvs
    places = [(kv, cluster.keyspace.object_key(kv.key)) for kv in kvs]
    seen = b"\n".join(kv.key + b" " + kv.value for kv, object_key in places if scope.has(object_key))
    outside = {object_key for _, object_key in places if object_key is not None and not scope.has(object_key)}
    names = {object_key.name for object_key in outside if object_key.resource.plural != "customresourcedefinitions"} - {
        "kube-system"
    }
    return frozenset(name for name in names if re.fullmatch(r"[\w.:-]{8,}", name) and name.encode() not in seen)


def test_there_are_names_to_look_for(cluster: Cluster) -> None:
    assert len(names_outside(cluster)) > 150
    assert {"payments", "monitoring"} <= names_outside(cluster)
