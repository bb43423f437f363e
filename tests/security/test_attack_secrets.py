"""Attacks on what may not be seen: secret data on every way out, and names outside of a role's part."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.window import Window
from etcdview.index.changes import ChangeLog
from etcdview.index.churn import Churn
from etcdview.kube.redaction import Redactor
from etcdview.models import Event, KeyValue, Range
from tests.security.hostile import LEAKS, PASSWORD, PASSWORD64
from tests.security.lab import Lab, post
from tests.security.table import attack

SECRETS = "Secret data"
REVEAL = "Revealing"
SCOPE = "Outside of one's part"
CREDENTIALS = "/registry/secrets/payments/db-credentials"
SECRET_FIELD = {"key": CREDENTIALS, "field": "data.password", "revision": "273"}

WAYS_OUT = (
    "/object?key={}", "/object?view=json&key={}", "/object?view=raw&key={}", "/object?view=wire&key={}",
    "/object?managed=1&served=1&key={}", "/history?key={}", "/download?key={}", "/download?format=json&key={}",
    "/download?format=raw&key={}", "/api/v1/object?key={}", "/api/v1/history?key={}", "/search?q={}",
    "/watch?prefix={}",
)  # fmt: skip
DISGUISES = (
    CREDENTIALS, "/registry/secrets/shop/annotated", "/registry/secrets/shop/nokind",
    "/registry/secrets/shop/otherkind", "/registry/secrets/shop/text", "/registry/secrets/shop/extra",
    "/registry/secrets/shop/broken", "/registry/configmaps/shop/repeats-broken",
    "/registry/secrets/shop/plaintext", "/registry/configmaps/shop/disguised", "/registry/configmaps/shop/repeats",
    "/elsewhere/secret", "/registry/secrets/shop/deep/er",
)  # fmt: skip


def leaks(client: FlaskClient, path: str) -> list[bytes]:
    with client.get(path) as response:
        body = response.get_data()
    return [leak for leak in LEAKS if leak in body]


@attack(
    SECRETS, "a Secret by every way out: YAML, JSON, bytes, wire, history, downloads, API", "masked, for admins too"
)
@pytest.mark.parametrize("way", WAYS_OUT)
def test_a_secret_is_masked_on_every_way_out(everybody: Lab, way: str) -> None:
    for who in ("vera", "olga", "ann"):
        assert leaks(everybody.as_token(who), way.format(quote(CREDENTIALS, safe=""))) == []


@attack(
    SECRETS,
    "a Secret that says it is something else, or nothing, or lies elsewhere, or is cut off",
    "masked by its place and by its kind",
)
@pytest.mark.parametrize("key", DISGUISES)
def test_a_disguised_secret_is_masked(everybody: Lab, key: str) -> None:
    for way in WAYS_OUT:
        assert leaks(everybody.as_token("ann"), way.format(quote(key, safe=""))) == [], way


INSIDE = (
    "/registry/configmaps/shop/inside-yaml", "/registry/configmaps/shop/inside-json",
    "/registry/configmaps/shop/inside-packed", "/registry/configmaps/shop/inside-helm",
    "/registry/configmaps/shop/inside-kustomize", "/registry/work.example.org/works/shop/inside",
    "/registry/bitnami.com/sealedsecrets/shop/inside", "/registry/secrets/shop/tagged",
)  # fmt: skip


@attack(
    SECRETS,
    "a Secret inside another object: custom resources, texts in ConfigMaps, Helm, kustomize, SealedSecrets",
    "masked at any depth",
)
@pytest.mark.parametrize("key", INSIDE)
def test_a_secret_inside_another_object_is_masked(everybody: Lab, key: str) -> None:
    assert everybody.as_token("ann").get(f"/api/v1/object?key={key}").status_code == 200
    for way in WAYS_OUT:
        assert leaks(everybody.as_token("ann"), way.format(quote(key, safe=""))) == [], way


@attack(SECRETS, "searching for what a Secret inside another object holds", "masked before it is searched")
def test_searching_finds_no_secret_inside_another_object(everybody: Lab) -> None:
    client = everybody.as_token("ann")
    for resource in ("configmaps", "works.work.example.org", "sealedsecrets.bitnami.com"):
        for guess in (PASSWORD, PASSWORD64):
            with client.get("/search/content", query_string={"q": guess, "resource": resource}) as response:
                assert "inside" not in response.text


@attack(SECRETS, "copies in annotations: last-applied-configuration and those of other tools", "masked")
def test_copies_in_annotations_are_masked(everybody: Lab) -> None:
    body = everybody.as_token("ann").get("/api/v1/object?key=/registry/secrets/shop/annotated").get_json()

    assert all("fingerprint" in text for text in body["object"]["metadata"]["annotations"].values())


@attack(
    SECRETS, "tables of Secrets, wide, sorted and filtered by their values", "no cell and no order tells of a value"
)
def test_tables_of_secrets_tell_nothing(everybody: Lab) -> None:
    client = everybody.as_token("ann")
    for more in ("", "&wide=1", "&namespace=shop", "&sort=Data", f"&filter={quote(PASSWORD)}", "&labels=a"):
        assert leaks(client, f"/registry?resource=secrets{more}") == []


@attack(
    SECRETS,
    "searching the values for the password, to see whether it is found (an oracle)",
    "masked before it is searched",
)
def test_searching_values_is_no_oracle(everybody: Lab) -> None:
    client = everybody.as_token("ann")
    for guess in (PASSWORD, "correct horse", PASSWORD64, PASSWORD64[:12]):
        with client.get("/search/content", query_string={"q": guess, "resource": "secrets"}) as response:
            right = response.text
        with client.get("/search/content", query_string={"q": guess[::-1], "resource": "secrets"}) as response:
            wrong = response.text

        assert right.count("db-credentials") == wrong.count("db-credentials") == 0


@attack(SECRETS, "testing guesses against the fingerprint", "it is made with a key that is never shown")
def test_a_fingerprint_needs_the_key() -> None:
    raw = PASSWORD.encode()

    assert Redactor(b"one").mask_text(raw) != Redactor(b"other").mask_text(raw)
    assert Redactor(b"one").mask_text(raw) == Redactor(b"one").mask_text(raw)
    assert "one" not in repr(Redactor(b"one"))


@attack(SECRETS, "the keys of the EncryptionConfiguration, on any page or in any error", "never shown")
def test_no_encryption_key_is_shown(everybody: Lab, cluster: Cluster) -> None:
    keys = [key.secret for key in cluster.codec.encryption.all_keys()]
    texts = [base64.b64encode(key).decode() for key in keys] + [key.hex() for key in keys]
    client = everybody.as_token("ann")

    assert keys
    for path in ("/encryption", "/", f"/object?key={quote(CREDENTIALS)}", "/health", "/metrics", "/api/v1/health"):
        text = client.get(path).text
        assert [found for found in texts if found in text] == []
    assert not any(text in repr(cluster.codec.encryption) for text in texts)


@attack(
    SECRETS, "the error page or the log of a value that cannot be decoded, which quotes it", "nothing of it is quoted"
)
def test_no_error_quotes_a_secret(everybody: Lab, caplog: pytest.LogCaptureFixture) -> None:
    for key in ("/registry/secrets/shop/broken", "/registry/secrets/shop/plaintext"):
        for path in ("/object", "/api/v1/object", "/download", "/history"):
            assert leaks(everybody.as_token("ann"), f"{path}?key={quote(key)}") == []
    assert PASSWORD not in caplog.text


@attack(REVEAL, "revealing as a viewer, or where nobody has logged in", "403, logged with key and name")
def test_a_viewer_reveals_nothing(made: Lab, capture_client: FlaskClient) -> None:
    for who in ("vera", "nina"):
        response = post(made.logged_in(who), "/reveal", "/account", **SECRET_FIELD)
        assert response.status_code == 403
        assert PASSWORD not in response.text
    assert (made.audit[-1]["who"], made.audit[-1]["key"]) == ("nina", CREDENTIALS)
    # what the address says beside the form does not cover up what was asked for
    post(made.logged_in("vera"), "/reveal?key=/registry/pods/shop/x", "/account", **SECRET_FIELD)
    assert made.audit[-1]["key"] == CREDENTIALS
    assert capture_client.get("/reveal", query_string={"key": CREDENTIALS}).status_code == 403
    assert not LOCAL.may("reveal")


@attack(
    REVEAL,
    "revealing by GET, so that an address or an image tag would do",
    "a list of masked fields; 400 without a token",
)
def test_nothing_is_revealed_by_get(made: Lab) -> None:
    query = "&".join(f"{name}={quote(value)}" for name, value in SECRET_FIELD.items())

    assert leaks(made.logged_in("ann"), f"/reveal?{query}") == []
    assert made.logged_in("ann").post(f"/reveal?{query}").status_code == 400


@attack(
    REVEAL,
    "a revealed value that stays: in caches, history, the page, the log",
    "no-store, gone after a minute, never logged",
)
def test_a_revealed_value_does_not_stay(made: Lab) -> None:
    client = made.logged_in("olga")

    response = post(client, "/reveal", f"/reveal?key={quote(CREDENTIALS)}", **SECRET_FIELD)

    assert PASSWORD in response.text
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Refresh"].startswith("60; url=/reveal?")
    assert 'data-gone-after="60"' in response.text
    assert leaks(client, f"/reveal?key={quote(CREDENTIALS)}") == []
    log = (made.folder / "audit.jsonl").read_text()
    assert not any(leak.decode() in log for leak in LEAKS)
    reveals = [
        {k: e.get(k) for k in ("who", "key", "revision", "detail", "result")}
        for e in made.audit
        if e["action"] == "reveal"
    ]
    assert reveals == [
        {"who": "olga", "key": CREDENTIALS, "revision": 273, "detail": "data.password", "result": "done"}
    ]


@attack(
    REVEAL,
    "other fields by the reveal form: metadata, all of data, attributes of objects",
    "404: only single values of data",
)
def test_only_single_values_of_data_are_revealed(made: Lab) -> None:
    client = made.logged_in("ann")
    for path in ("metadata.name", "data", "data.", "", "data.password.x", "stringData", "__class__", "*", "data.*"):
        response = post(client, "/reveal", "/account", **(SECRET_FIELD | {"field": path}))
        assert response.status_code == 404
        assert PASSWORD not in response.text


@attack(REVEAL, "revealing another value than the one that was asked for and logged", "409 if it was written since")
def test_what_is_revealed_is_what_was_asked_for(made: Lab) -> None:
    response = post(made.logged_in("ann"), "/reveal", "/account", **(SECRET_FIELD | {"revision": "272"}))

    assert response.status_code == 409


@attack(REVEAL, "revealing every Secret in a loop", "429 after sixty a minute, each one logged")
def test_reveals_are_counted(made: Lab) -> None:
    client = made.logged_in("ann")
    statuses = [post(client, "/reveal", "/account", **SECRET_FIELD).status_code for _ in range(62)]

    assert statuses == [200] * 60 + [429] * 2
    assert sum(entry["action"] == "reveal" for entry in made.audit) == 60


@attack(SCOPE, "counts, totals and pages of what one may not see (how many Secrets are there?)", "counted without it")
def test_counts_are_of_what_one_may_see(everybody: Lab, cluster: Cluster) -> None:
    scope = Scope(("shop",), ("*", "!secrets"))
    allowed = [
        kv.key for kv in cluster.store.range(Range(b"\0", b"\0")).kvs if scope.has(cluster.keyspace.object_key(kv.key))
    ]
    client = everybody.as_token("nina")

    resources = client.get("/api/v1/resources").get_json()["resources"]
    assert {r["resource"] for r in resources} & {"secrets", "nodes", "clusterroles"} == set()
    assert all(set(r["namespaces"]) <= {"shop"} for r in resources)
    keys = client.get("/api/v1/keys?limit=1000").get_json()
    assert keys["count"] == len(keys["keys"]) == len(allowed)
    for query in ("contains=e", "regex=.", "glob=*"):
        assert client.get(f"/api/v1/keys?{query}&limit=1").get_json()["count"] <= len(allowed)


@attack(
    SCOPE, "a search that tells by its answer whether a denied name exists", "the same answer as for one that does not"
)
def test_a_search_is_no_oracle_for_names(everybody: Lab) -> None:
    client = everybody.as_token("nina")
    for real, invented in (
        ("db-credentials", "db-credentialx"),
        ("/registry/secrets/payments", "/registry/secrets/paymentx"),
    ):
        for mode in ("contains", "prefix", "regex", "glob"):
            answers = [client.get(f"/api/v1/keys?{mode}={text}").get_json() for text in (real, invented)]
            assert {key: answers[0][key] for key in ("count", "keys", "next")} == {"count": 0, "keys": [], "next": None}
            assert answers[0] == answers[1]


def sentence(response: TestResponse) -> str:
    """What an answer says, without its request's number."""
    return response.text if response.is_json else response.text.partition('role="alert"')[2].partition("</main>")[0]


@attack(SCOPE, "an error that tells whether a denied key or type exists", "403 with one and the same sentence")
def test_an_error_is_no_oracle_for_names(everybody: Lab) -> None:
    client = everybody.as_token("nina")
    pairs = (
        (f"/api/v1/object?key={CREDENTIALS}", "/api/v1/object?key=/registry/secrets/payments/there-is-none"),
        (f"/api/v1/history?key={CREDENTIALS}", "/api/v1/history?key=/registry/secrets/payments/there-is-none"),
        ("/api/v1/object?key=/registry/pods/payments/web", "/api/v1/object?key=/registry/pods/nowhere/web"),
        ("/api/v1/object?key=/elsewhere/secret", "/api/v1/object?key=/elsewhere/other"),
    )
    pairs += (("/registry?resource=zones.example.org", "/registry?resource=zonex.example.org"),)
    for real, invented in pairs:
        assert client.get(real).status_code == 403
        assert sentence(client.get(real)) == sentence(client.get(invented))


@attack(SCOPE, "a range or a prefix that begins in one's part and ends outside", "cut to one's part")
def test_a_range_is_cut_to_ones_part(cluster: Cluster) -> None:
    window = Window(cluster, Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets"))))

    for start, end in (
        (b"/registry/pods/shop/", b"/registry/t"),
        (b"\0", b"\0"),
        (b"/registry/pods/", b"/registry/pods0"),
    ):
        found = window.store.range(Range(start, end))
        assert found.kvs
        assert all(b"/shop" in kv.key and b"/secrets/" not in kv.key for kv in found.kvs)
        pieces = list(_in_pieces(window, start, end))
        assert pieces == [kv.key for kv in found.kvs]
    keys = [CREDENTIALS.encode(), b"/registry/pods/shop/crashloop", b"/registry/minions/worker-a"]
    assert list(window.facts(keys)) == [b"/registry/pods/shop/crashloop"]


def _in_pieces(window: Window, start: bytes, end: bytes) -> Iterator[bytes]:
    while True:
        found = window.store.range(Range(start, end, limit=3))
        yield from (kv.key for kv in found.kvs)
        if not found.more:
            return
        start = found.kvs[-1].key + b"\0"


@attack(SCOPE, "watching for changes outside of one's part, and how busy it is there", "not told, nor counted")
def test_changes_outside_are_not_told(cluster: Cluster) -> None:
    log = ChangeLog()
    log.restart(1)
    changed = (CREDENTIALS, "/registry/pods/shop/crashloop", "/registry/pods/payments/x", "/elsewhere/secret")
    log.note([Event(KeyValue(key.encode(), 2, 2, 1, 0, b"v")) for key in changed], 2, 0.0)
    window = Window(_Changing(cluster, log), Viewer("nina", "viewer", Scope(("shop",), ("*", "!secrets"))))  # type: ignore[arg-type]

    names = window.index

    seen = [b"/registry/pods/shop/crashloop"]
    assert [change.key for change in names.changes.recent()] == seen  # type: ignore[attr-defined]
    assert [change.key for change in names.changes.since(1).changes] == seen  # type: ignore[attr-defined]
    assert names.changes.value(CREDENTIALS.encode(), 2) is None  # type: ignore[attr-defined]
    assert names.churn() == ()  # type: ignore[attr-defined]


class _Changing:
    """The cluster, with names that change."""

    def __init__(self, cluster: Cluster, log: ChangeLog) -> None:
        self._cluster = cluster
        self.index = _ChangingNames(cluster, log)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cluster, name)


class _ChangingNames:
    def __init__(self, cluster: Cluster, log: ChangeLog) -> None:
        self._names = cluster.index
        self.changes = log

    def churn(self) -> tuple[Churn, ...]:
        return (Churn("secrets", (5,)), Churn("pods", (3,)))

    def __getattr__(self, name: str) -> object:
        return getattr(self._names, name)


@attack(SCOPE, "an operator of one namespace, revealing in another", "403")
def test_an_operator_reveals_in_their_part_only(made: Lab) -> None:
    path = made.folder / "users.json"
    raw = json.loads(path.read_text())
    next(user for user in raw["users"] if user["name"] == "olga")["namespaces"] = ["shop"]
    path.write_text(json.dumps(raw))
    client = made.logged_in("olga")

    assert post(client, "/reveal", "/account", **SECRET_FIELD).status_code == 403
    assert client.get("/reveal?key=/registry/secrets/shop/annotated").status_code == 200


@attack(SCOPE, "acts on all of the cluster (snapshots, maintenance, the log) as a narrowed admin", "403")
def test_a_narrowed_admin_acts_on_no_more_than_their_part() -> None:
    admin = Viewer("ann", "admin", Scope(("shop",)), "password")

    assert admin.may("write")
    assert [act for act in ("snapshot", "maintain", "audit") if admin.may(act)] == []  # type: ignore[arg-type]
