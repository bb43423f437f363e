"""A registry under another prefix, as OpenShift has it, is not called empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.access.roles import LOCAL, Scope, Viewer
from etcdview.cli.main import run
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.codec import Codec
from etcdview.codec.protobuf import wire
from etcdview.codec.protobuf.from_json import Writer
from etcdview.codec.protobuf.schema import schema
from etcdview.config import Settings
from etcdview.errors import DeniedError
from etcdview.index import names_for
from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.kube.openshift import TYPES
from etcdview.kube.redaction import Redactor
from etcdview.kube.resources import find
from etcdview.models import KeyValue
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.prefixes import find_elsewhere, look_elsewhere, places_of
from webapp import create_app

DUMP = Path(__file__).parents[2] / "testdata/cases/openshift-prefixes/dump.jsonl"

BY_KIND = {resource.kind: resource for resource in TYPES}


@pytest.mark.parametrize("words", [["pods", "-A"], ["pods"], ["pod", "web"], ["routes", "-A"], ["pods", "-o", "json"]])
def test_an_empty_registry_beside_others_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", *words, "--from", str(DUMP)]) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "No key is below /registry; there are keys below /kubernetes.io and /openshift.io." in shown.err
    assert "--etcd-prefix" in shown.err


def test_with_the_prefix_pods_appear(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "pods", "-A", "--from", str(DUMP), "--etcd-prefix", "/kubernetes.io"]) == 0

    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["shop", "web"]


TOLD = "No key is below /registry; there are keys below /kubernetes.io and /openshift.io."


@pytest.mark.parametrize(
    "words",
    [
        ["search", "nothing"],
        ["search", "/registry/pods/"],
        ["describe", "pod", "web", "-n", "shop"],
        ["export", "OUT", "--prefix", "/registry/"],
    ],
)
def test_every_command_tells_why_its_answer_is_empty(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "out.jsonl.gz") if word == "OUT" else word for word in words]

    assert run([*words, "--from", str(DUMP)]) == 1

    shown = capsys.readouterr()
    assert (shown.out, TOLD in shown.err) == ("", True)


NO_PODS = "No pods are below /openshift.io; there are pods below /kubernetes.io."
NO_ROUTES = "No routes are below /kubernetes.io; there are routes below /openshift.io."


@pytest.mark.parametrize(
    ("words", "prefix", "told"),
    [
        (["get", "pods"], "/openshift.io", NO_PODS),
        (["get", "pod", "web"], "/openshift.io", NO_PODS),
        (["get", "svc,pods", "-A", "-o", "json"], "/openshift.io", NO_PODS),
        (["get", "all", "-A"], "/openshift.io", NO_PODS),
        (["describe", "pod", "web", "-n", "shop"], "/openshift.io", NO_PODS),
        (["get", "routes", "-A"], "/kubernetes.io", NO_ROUTES),
        (["get", "route/front", "-n", "shop"], "/kubernetes.io", NO_ROUTES),
        (
            ["search", "/openshift.io/pods/sh*", "--mode", "glob"],
            "/openshift.io",
            "No key is below /openshift.io/pods/sh; there are keys below /kubernetes.io/pods/sh.",
        ),
        (
            ["export", "OUT", "--prefix", "/openshift.io/pods/"],
            "/registry",
            "No key is below /openshift.io/pods/; there are keys below /kubernetes.io/pods/.",
        ),
    ],
)
def test_an_empty_answer_tells_that_another_prefix_has_the_type(
    words: list[str], prefix: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [str(tmp_path / "out.jsonl.gz") if word == "OUT" else word for word in words]

    assert run([*words, "--from", str(DUMP), "--etcd-prefix", prefix]) == 1

    shown = capsys.readouterr()
    assert (shown.out, told in shown.err) == ("", True)


def test_what_is_nowhere_is_not_found_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "services", "-A", "--from", str(DUMP), "--etcd-prefix", "/kubernetes.io"]) == 0

    assert capsys.readouterr().err == "No resources found\n"


def test_openshifts_own_types_are_listed_and_decoded(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--etcd-prefix", "/openshift.io", "--from", str(DUMP), "--now", "2026-11-28T00:00:00Z"]
    assert run(["get", "routes", "-A", *words]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["NAMESPACE", "NAME", "AGE"]
    assert rows[1][:2] == ["shop", "front"]
    assert re.fullmatch(r"\d+[dyh].*", rows[1][2])

    for name in ("routes.route.openshift.io", "users", "oauthclients"):
        run(["get", name, "-A", "-o", "name", *words])
        assert len(capsys.readouterr().out.splitlines()) == 1
    assert run(["get", "route/front", "-n", "shop", "-o", "jsonpath={.spec.host} {.spec.to.name}", *words]) == 0
    assert capsys.readouterr().out == "front.example.test web"
    assert run(["get", "oauthclients", "-o", "yaml", *words]) == 0
    assert "not-a-real-secret" not in capsys.readouterr().out


def test_openshifts_types_are_those_of_its_prefix_alone() -> None:
    assert KeySpace("/openshift.io").object_key(b"/openshift.io/oauth/clients/console") == ObjectKey(
        BY_KIND["OAuthClient"], "", "console"
    )
    assert KeySpace("/registry").object_key(b"/registry/routes/shop/front") is None
    assert KeySpace("/openshift.io").object_key(b"/openshift.io/pods/shop/web") is not None


@pytest.fixture
def browser() -> Iterator[Callable[..., FlaskClient]]:
    opened: list[Cluster] = []

    def browse(**settings: str) -> FlaskClient:
        wanted = Settings(from_file=str(DUMP), **settings)  # type: ignore[arg-type]
        opened.append(open_cluster(wanted))
        return create_app(wanted, opened[-1]).test_client()

    yield browse
    for cluster in opened:
        cluster.close()


def test_every_page_and_the_api_tell_it(browser: Callable[..., FlaskClient]) -> None:
    client = browser()
    for address in ("/", "/registry", "/registry?resource=pods", "/search?q=nothing", "/namespaces", "/storage"):
        assert TOLD in client.get(address).text, address
    assert client.get("/api/v1/resources").get_json()["elsewhere"] == ["/kubernetes.io", "/openshift.io"]

    found = browser(etcd_prefix="/kubernetes.io")
    assert "No key is below" not in found.get("/registry?resource=pods").text
    assert found.get("/api/v1/resources").get_json()["elsewhere"] == []


def test_pages_and_the_api_tell_that_another_prefix_has_the_type(browser: Callable[..., FlaskClient]) -> None:
    client = browser(etcd_prefix="/openshift.io")
    for address in ("/registry?resource=pods", "/registry?resource=pods&namespace=shop"):
        assert NO_PODS in client.get(address).text, address
    assert "there are keys below /kubernetes.io/pods/." in client.get("/search?q=/openshift.io/pods/").text
    told = [
        client.get(f"/api/v1/{query}").get_json().get("elsewhere")
        for query in (
            "table?resource=pods",
            "keys?prefix=/openshift.io/pods/",
            "table?resource=routes",
            "keys?prefix=/openshift.io/routes/",
            "table?resource=services",
            "keys?contains=nothing",
        )
    ]
    assert told == [["/kubernetes.io"], ["/kubernetes.io"], None, None, None, None]

    other = browser(etcd_prefix="/kubernetes.io")
    assert NO_ROUTES in other.get("/registry?resource=routes").text
    assert NO_ROUTES in other.get("/api/v1/table?resource=routes").get_json()["detail"]


def test_a_route_has_its_page_and_a_clients_secret_is_not_in_it(browser: Callable[..., FlaskClient]) -> None:
    client = browser(etcd_prefix="/openshift.io")
    page = client.get("/object?key=/openshift.io/routes/shop/front&view=yaml").text
    assert "front.example.test" in page
    assert "11111111-1111-1111-1111-111111111111" in page  # the UID

    secret = "/openshift.io/oauth/clients/console"
    for view in ("summary", "yaml", "json", "raw", "wire"):
        assert "not-a-real-secret" not in client.get(f"/object?key={secret}&view={view}").text, view
    assert b"not-a-real-secret" not in client.get(f"/api/v1/object?key={secret}").data
    assert b"not-a-real-secret" not in client.get(f"/download?key={secret}&format=raw").data


def test_a_secret_in_a_template_is_masked() -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "not-a-real-one"}}
    template = {"apiVersion": "template.openshift.io/v1", "kind": "Template", "objects": [secret]}
    table, head = schema(), wire.text(1, "template.openshift.io/v1") + wire.text(2, "Template")
    number = table.find("template.openshift.io/v1", "Template")
    assert number is not None
    stored = b"k8s\0" + wire.delimited(1, head) + wire.delimited(2, Writer(table).message(number, template))
    decoded = Codec().decode(b"/openshift.io/templates/shop/t", stored).object

    assert decoded is not None
    assert decoded["objects"] == [secret]
    assert "not-a-real-one" not in str(Redactor(b"key").mask(decoded, raw=stored))


@pytest.mark.parametrize("kind", ["OAuthClient", "OAuthAccessToken", "OAuthAuthorizeToken"])
def test_what_logs_in_to_openshift_is_masked(kind: str) -> None:
    obj = {"apiVersion": "oauth.openshift.io/v1", "kind": kind, "metadata": {"name": "a"}, "secret": "s3cret"}

    masked = Redactor(b"key").mask(obj)

    assert masked["metadata"] == {"name": "a"}
    assert "s3cret" not in str(masked)


TOKENS = ("/openshift.io/oauth/accesstokens/bare-token", "/openshift.io/oauth/authorizetokens/bare-code")
WITHOUT_TOKENS = ("*", "!oauthaccesstokens.oauth.openshift.io", "!oauthauthorizetokens.oauth.openshift.io")


def test_a_role_without_openshifts_tokens_sees_no_name_of_one() -> None:
    """Before OpenShift 4.6 the name was the token."""
    store, keyspace = _store(*TOKENS, "/openshift.io/routes/shop/front"), KeySpace("/openshift.io")
    cluster = Cluster(name="x", store=store, index=names_for(store, keyspace), codec=Codec(), keyspace=keyspace)
    window = Window(cluster, Viewer("ann", "viewer", Scope(resources=WITHOUT_TOKENS)))

    assert [key.decode() for key in window.index.page(b"/", b"0").keys] == ["/openshift.io/routes/shop/front"]
    assert window.index.search("bare", "contains").count == 0
    assert [t.resource.plural for t in window.index.tree().types] == ["routes"]
    for key in TOKENS:
        with pytest.raises(DeniedError):
            window.get(key.encode())
    assert len(Window(cluster, LOCAL).index.page(b"/", b"0").keys) == 3  # a key is shown as it is


@pytest.mark.parametrize(
    ("keys", "others"),
    [
        ([], ()),
        (["/registry/pods/a/b", "/other/x"], ()),
        (["/other/x", "/other/y", "/z"], ("/other", "/z")),
        (["/registry-old/pods/a", "/registryx"], ("/registry-old", "/registryx")),
        (["/registry", "/other/x"], ("/other",)),
        (["plain"], ()),
    ],
)
def test_the_first_parts_of_other_keys_are_found(keys: list[str], others: tuple[str, ...]) -> None:
    found = look_elsewhere(_store(*keys), KeySpace("/registry"))

    assert (found.prefixes if found else ()) == others


PODS = places_of(find("pods"))


@pytest.mark.parametrize(
    ("prefix", "keys", "others"),
    [
        ("/registry", ["/registry/minions/n", "/kubernetes.io/pods/a/b"], ("/kubernetes.io",)),
        ("/registry", ["/registry/pods/a/b", "/kubernetes.io/pods/a/b"], ()),
        ("/registry", ["/registry/minions/n", "/kubernetes.io/services/specs/a/b"], ()),
        ("/registry", ["/registry/minions/n", "/registry-old/pods/a/b", "/a/pods/x/y"], ("/a", "/registry-old")),
        ("/registry", ["/registry/minions/n", "/kubernetes.io/podsecuritypolicy/p"], ()),
        ("/", ["/registry/pods/a/b"], ("/registry",)),
        ("/z", ["/z/x", "/zz/pods/a/b", *(f"/{n:02}/x" for n in range(20)), "/registry/pods/a/b"], ("/registry",)),
    ],
)
def test_keys_of_one_type_are_found_below_other_prefixes(prefix: str, keys: list[str], others: tuple[str, ...]) -> None:
    found = look_elsewhere(_store(*keys), KeySpace(prefix), PODS)

    assert (found.prefixes if found else ()) == others


def test_what_etcd_would_count_in_a_registry_that_is_not_empty_is_not_requested() -> None:
    asked: list[tuple[bytes, bytes]] = []

    def first(start: bytes, end: bytes) -> bytes | None:
        asked.append((start, end))
        return None

    assert find_elsewhere(KeySpace("/registry"), first, PODS) is None
    assert asked == [(b"/", b"/registry/"), (b"/registry0", b"0")]


def _store(*keys: str) -> StaticStore:
    return StaticStore("some", [KeyValue(key.encode(), 1, 1, 1) for key in sorted(keys)], 1)


BOTH = ["--etcd-prefix", "/kubernetes.io", "--etcd-prefix", "/openshift.io", "--from", str(DUMP)]


@pytest.mark.parametrize("words", [BOTH, ["--etcd-prefix", "openshift.io/,/kubernetes.io", "--from", str(DUMP)]])
def test_several_prefixes_are_one_registry(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """In any order: Kubernetes' own types are below the one that is not OpenShift's."""
    assert run(["get", "pods,routes,users", "-A", "-o", "name", *words]) == 0
    assert capsys.readouterr().out.split() == [
        "pod/web",
        "route.route.openshift.io/front",
        "user.user.openshift.io/ann",
    ]
    assert run(["get", "oauthclients", "-o", "yaml", *words]) == 0
    assert "not-a-real-secret" not in capsys.readouterr().out
    assert run(["space", *words]) == 0
    table, _, _ = capsys.readouterr().out.partition("\n\n")
    assert [line.split()[0] for line in table.splitlines()[1:]] == [
        "pods",
        "routes.route.openshift.io",
        "oauthclients.oauth.openshift.io",
        "users.user.openshift.io",
        "namespaces",
        "total",
    ]


def test_pages_the_api_and_the_kubernetes_api_show_both_prefixes(browser: Callable[..., FlaskClient]) -> None:
    client = browser(etcd_prefix="/kubernetes.io,/openshift.io", kube_api=True)
    overview, registry = client.get("/").text, client.get("/registry").text
    for page in (overview, registry):
        assert "routes" in page
        assert "No key is below" not in page
    assert "front" in client.get("/registry?resource=routes&namespace=shop").text
    assert "web" in client.get("/registry?resource=pods").text
    assert "/openshift.io/routes/shop/front" in client.get("/search?q=front").text
    assert client.get("/object?key=/openshift.io/routes/shop/front&view=summary").status_code == 200
    hits = client.get("/api/v1/content?kind=text&q=example").get_json()
    assert [hit["key"] for hit in hits["keys"]] == ["/openshift.io/routes/shop/front"]
    resources = client.get("/api/v1/resources").get_json()
    assert resources["elsewhere"] == []
    assert {(r["resource"], r["prefix"]) for r in resources["resources"]} >= {
        ("routes", "/openshift.io/routes/"),
        ("pods", "/kubernetes.io/pods/"),
    }
    routes = client.get("/kube/apis/route.openshift.io/v1/namespaces/shop/routes").get_json()
    assert [route["spec"]["host"] for route in routes["items"]] == ["front.example.test"]
    assert client.get("/kube/api/v1/namespaces/shop/pods/web").get_json()["metadata"]["name"] == "web"
    assert "not-a-real-secret" not in client.get("/kube/apis/oauth.openshift.io/v1/oauthclients").text


def test_a_role_sees_its_part_of_both_prefixes() -> None:
    keys = (
        "/kubernetes.io/pods/shop/web",
        "/kubernetes.io/secrets/shop/s",
        "/openshift.io/pods/shop/of-another-server",
        "/openshift.io/routes/bank/other",
        "/openshift.io/routes/shop/front",
        "/openshift.io/secrets/shop/of-another-server",
        TOKENS[0],
    )
    store, keyspace = _store(*keys), KeySpace("/kubernetes.io,/openshift.io")
    cluster = Cluster(name="x", store=store, index=names_for(store, keyspace), codec=Codec(), keyspace=keyspace)
    scope = Scope(namespaces=("shop",), resources=("*", "!secrets"))
    window = Window(cluster, Viewer("ann", "viewer", scope))

    assert window.index.page(b"/", b"0").keys == (
        b"/kubernetes.io/pods/shop/web",
        b"/openshift.io/routes/shop/front",
    )
    for key in (*keys[1:4], *keys[5:]):
        with pytest.raises(DeniedError):
            window.get(key.encode())


def test_a_custom_type_below_a_further_prefix_is_one_of_the_registry() -> None:
    keyspace = KeySpace("/registry,/extra")
    found = keyspace.object_key(b"/extra/wardle.example.com/flunders/shop/f")

    assert found is not None
    assert (found.resource.id, found.namespace, found.name) == ("flunders.wardle.example.com", "shop", "f")
    assert keyspace.range_prefix(found.resource, "shop") == b"/extra/wardle.example.com/flunders/shop/"
    assert keyspace.object_key(b"/extra/pods/shop/web") is None
    assert keyspace.object_key(b"/registry/pods/shop/web") is not None
