"""A registry under another prefix, as OpenShift has it, is not called empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.kube.keys import KeySpace, ObjectKey
from etcdview.kube.openshift import TYPES
from etcdview.kube.redaction import Redactor
from etcdview.models import KeyValue
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.prefixes import other_prefixes
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


def test_openshifts_own_types_are_listed_by_their_keys_and_metadata(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--etcd-prefix", "/openshift.io", "--from", str(DUMP), "--now", "2026-11-28T00:00:00Z"]
    assert run(["get", "routes", "-A", *words]) == 1
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["NAMESPACE", "NAME", "AGE"]
    assert rows[1][:2] == ["shop", "front"]
    assert re.fullmatch(r"\d+[dyh].*", rows[1][2])

    for name in ("routes.route.openshift.io", "users", "oauthclients"):
        run(["get", name, "-A", "-o", "name", *words])
        assert len(capsys.readouterr().out.splitlines()) == 1


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


def test_a_route_has_its_page_and_a_clients_secret_is_not_in_it(browser: Callable[..., FlaskClient]) -> None:
    client = browser(etcd_prefix="/openshift.io")
    page = client.get("/object?key=/openshift.io/routes/shop/front").text
    assert "front" in page
    assert "11111111-1111-1111-1111-111111111111" in page  # the UID

    secret = "/openshift.io/oauth/clients/console"
    for view in ("summary", "yaml", "json", "raw", "wire"):
        assert "not-a-real-secret" not in client.get(f"/object?key={secret}&view={view}").text, view
    assert b"not-a-real-secret" not in client.get(f"/api/v1/object?key={secret}").data
    assert b"not-a-real-secret" not in client.get(f"/download?key={secret}&format=raw").data


@pytest.mark.parametrize("kind", ["OAuthClient", "OAuthAccessToken", "OAuthAuthorizeToken"])
def test_what_logs_in_to_openshift_is_masked(kind: str) -> None:
    obj = {"apiVersion": "oauth.openshift.io/v1", "kind": kind, "metadata": {"name": "a"}, "secret": "s3cret"}

    masked = Redactor(b"key").mask(obj)

    assert masked["metadata"] == {"name": "a"}
    assert "s3cret" not in str(masked)


@pytest.mark.parametrize(
    ("keys", "others"),
    [
        ([], ()),
        (["/registry/pods/a/b", "/other/x"], ()),
        (["/other/x", "/other/y", "/z"], ("/other", "/z")),
        (["/registry-old/pods/a", "/registryx"], ("/registry-old", "/registryx")),
        (["plain"], ()),
    ],
)
def test_the_first_parts_of_other_keys_are_found(keys: list[str], others: tuple[str, ...]) -> None:
    kvs = [KeyValue(key.encode(), 1, 1, 1) for key in sorted(keys)]

    assert other_prefixes(StaticStore("some", kvs, 1), b"/registry/") == others
