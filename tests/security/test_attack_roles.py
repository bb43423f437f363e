"""Attacks on the words of a role: whatever it takes out, however it is spelt, is out on every page and API route."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from etcdview.access.roles import NO_NAMESPACE, Scope
from etcdview.cluster.cluster import Cluster
from etcdview.errors import SettingError
from etcdview.kube.keys import ObjectKey
from etcdview.kube.resources import BUILTIN
from etcdview.models import Range
from tests.security import lab
from tests.security.lab import Lab
from tests.security.table import attack
from tests.security.test_routes import ROWS, names_outside
from webapp import create_app

ROLES = "Words of a role"
BY_KEY = ("/object?key={}", "/object?view=raw&key={}", "/history?key={}", "/download?key={}",
          "/api/v1/object?key={}", "/api/v1/history?key={}")  # fmt: skip
UNMEANT = ("!core/secrets", "!secrets.v1", "!v1/secrets", "!sec*", "!secrets*", "! secrets", "!!secrets", "!all", "!")


@pytest.fixture(scope="module")
def narrowed(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Lab:
    return lab.build(tmp_path_factory.mktemp("roles"), cluster)


def give(made: Lab, scope: Scope) -> FlaskClient:
    """Somebody with that scope."""
    path = made.folder / "users.json"
    raw = json.loads(path.read_text())
    vera = next(user for user in raw["users"] if user["name"] == "vera")
    vera |= {"namespaces": list(scope.namespaces), "resources": list(scope.resources)}
    path.write_text(json.dumps(raw))
    return made.as_token("vera")


def outside(cluster: Cluster, scope: Scope) -> list[tuple[bytes, ObjectKey]]:
    """A key of each type and namespace that the scope leaves out."""
    keys = (kv.key for kv in cluster.store.range(Range(b"\0", b"\0", keys_only=True)).kvs)
    places = [(key, place) for key in keys if (place := cluster.keyspace.object_key(key)) is not None]
    return list({(p.resource.prefix, p.namespace): (k, p) for k, p in places if not scope.has(p)}.values())


def check(
    cluster: Cluster, client: FlaskClient, scope: Scope, keys: Sequence[tuple[bytes, ObjectKey]], step: int = 1
) -> None:
    """No page and no route shows what the scope leaves out; of the pages every `step`th."""
    own = " ".join(scope.namespaces)  # the account page shows the words of the role
    names = [name for name in names_outside(cluster, scope) if name not in own]
    for _, row in ROWS[::step]:
        with client.get(row.path) as response:
            text = response.get_data().decode("utf-8", "replace")
        assert [name for name in names if name in text and name not in row.path] == [], row.path
    for key, place in keys:
        for way in BY_KEY:
            assert client.get(way.format(quote(key, safe=""))).status_code == 403, (way, key)
        listed = client.get(
            "/api/v1/keys", query_string={"prefix": cluster.keyspace.range_prefix(place.resource, place.namespace)}
        )
        assert key.decode() not in listed.text


@attack(
    ROLES, "namespaces that a role takes out (`!payments`), opened by any page", "not there: 403, and no name of it"
)
def test_a_namespace_that_is_taken_out_is_out(narrowed: Lab, cluster: Cluster) -> None:
    scope = Scope(("*", "!payments", "!kube-*"))
    keys = outside(cluster, scope)

    assert {"payments", "kube-system"} <= {place.namespace for _, place in keys}
    check(cluster, give(narrowed, scope), scope, keys[::25], step=5)


@attack(ROLES, "Secrets taken out by another name: `!secret`, `!Secrets`, `!Secret`", "out, by each of their names")
@pytest.mark.parametrize("text", ["!secret", "!Secrets", "!Secret", "!SECRET."])
def test_secrets_are_out_by_each_of_their_names(narrowed: Lab, cluster: Cluster, text: str) -> None:
    client = give(narrowed, scope := Scope(resources=("*", text)))

    for key, _ in outside(cluster, scope):
        assert client.get(f"/object?key={quote(key, safe='')}").status_code == 403
    assert client.get("/api/v1/table?resource=secrets").status_code == 403
    assert "secrets" not in {r["resource"] for r in client.get("/api/v1/resources").get_json()["resources"]}


@attack(ROLES, "patterns that read as if they took something out, and match nothing", "etcdview does not start")
@pytest.mark.parametrize("text", UNMEANT)
def test_what_can_match_nothing_stops_the_start(made: Lab, text: str) -> None:
    (made.folder / "access.toml").write_text(f'[roles.viewer]\nresources = ["*", "{text}"]\n')
    with pytest.raises(SettingError, match="resources has"):
        create_app(made.settings, made.app.extensions["etcdview"])

    users = Path(made.settings.users_file)
    users.write_text(json.dumps({"users": [{"name": "eve", "role": "operator", "resources": ["*", text]}]}))
    with pytest.raises(SettingError, match="resources has"):
        create_app(replace(made.settings, access_file=""), made.app.extensions["etcdview"])


@attack(ROLES, "such a pattern, written into the users file while etcdview runs", "logins do not work")
def test_a_pattern_that_breaks_while_it_runs_lets_nobody_in(made: Lab) -> None:
    path = made.folder / "users.json"
    path.write_text(path.read_text().replace("!secrets", "!sec*"))

    assert "!sec*" in path.read_text()
    assert made.as_token("nina").get("/object?key=/registry/secrets/shop/annotated").status_code >= 400
    assert made.as_token("ann").get("/api/v1/resources").status_code >= 400


NARROW = (
    Scope(("shop",), ("*", "!secrets")),
    Scope(resources=("pods",)),
    Scope(("*", "!shop", "!kube-*")),
    Scope((NO_NAMESPACE,)),
    Scope(("shop", "pay*"), ("po", "*.apps", "svc", "pvc")),
)
OWN_PAGES = ("/", "/registry", "/namespaces", "/storage", "/encryption", "/certificates", "/search?q=e", "/health",
             "/account", "/api/v1/namespaces", "/api/v1/storage", "/api/v1/resources", "/api/v1/keys")  # fmt: skip


def check_own(
    narrowed: Lab, cluster: Cluster, scope: Scope, keys: Sequence[bytes], pages: Sequence[str] = OWN_PAGES
) -> None:
    """All pages of one's own part are there, and the API gives the values that it gives to admins."""
    client, admin = give(narrowed, scope), narrowed.as_token("ann")
    for path in pages:
        assert client.get(path).status_code == 200, path
    for key in keys:
        own = {way: client.get(way.format(quote(key, safe=""))) for way in BY_KEY}
        assert {way: answer.status_code for way, answer in own.items() if answer.status_code == 403} == {}, key
        at = "/api/v1/object?key={}"
        assert own[at].get_json() == admin.get(at.format(quote(key, safe=""))).get_json()


def keys_inside(cluster: Cluster, scope: Scope) -> list[bytes]:
    kvs = cluster.store.range(Range(b"\0", b"\0", keys_only=True)).kvs
    places = ((kv.key, cluster.keyspace.object_key(kv.key)) for kv in kvs if kv.key.isascii())
    return [key for key, place in places if scope.has(place) and b"bombs" not in key and key.decode().isprintable()]


@attack(ROLES, "a page of one's own part that would need something from outside", "shown; what is outside is called so")
def test_a_page_of_ones_own_part_is_never_refused(narrowed: Lab, cluster: Cluster) -> None:
    for i, scope in enumerate(NARROW):
        check_own(narrowed, cluster, scope, keys_inside(cluster, scope)[i * 9 : i * 9 + 1], OWN_PAGES[i::5])


@pytest.mark.long
@pytest.mark.parametrize("scope", NARROW, ids=str)
def test_no_page_of_ones_own_part_is_refused(narrowed: Lab, cluster: Cluster, scope: Scope) -> None:
    check_own(narrowed, cluster, scope, keys_inside(cluster, scope))


def accepted(seed: random.Random, namespaces: Sequence[str]) -> Scope:
    """Some scope that leaves something out, of words of every spelling."""
    words = [name for r in BUILTIN for name in (r.plural, r.kind, r.qualified, *r.short_names)]
    words += ["zones.example.org", "*.apps", "*.example.org", "*.k8s.io", "Secret", "po"]
    while True:
        out = [f"!{seed.choice((*namespaces, 'kube-*', NO_NAMESPACE))}" for _ in range(seed.randint(0, 2))]
        types = [f"!{seed.choice((str, str.lower, str.upper))(seed.choice(words))}" for _ in range(seed.randint(0, 3))]
        try:
            scope = Scope(("*", *out), ("*", *types))
        except SettingError:
            continue
        if not scope.whole:
            return scope


@pytest.mark.long
@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_accepted_takes_out_what_it_says_everywhere(narrowed: Lab, cluster: Cluster, seed: int) -> None:
    all_keys = (kv.key for kv in cluster.store.range(Range(b"\0", b"\0", keys_only=True)).kvs)
    places = filter(None, map(cluster.keyspace.object_key, all_keys))
    names = sorted({place.namespace for place in places if place.namespace.isascii() and place.namespace.islower()})
    scope = accepted(random.Random(seed), names)  # noqa: S311 - the same scopes each time

    check(cluster, give(narrowed, scope), scope, outside(cluster, scope)[:20])
