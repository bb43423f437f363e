"""Commands, pages and the API on kine: lists, objects, search, health; what kine cannot do is told in a sentence."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.stores.files.dump import read_dump
from tests.integration.indexing import wait_for
from tests.kine.conftest import Kine, run
from webapp import create_app

pytestmark = pytest.mark.kine
PODS = "/registry/pods/"


@pytest.fixture(scope="module")
def browser(kine: Kine) -> Iterator[FlaskClient]:
    settings = Settings(endpoints=(kine.endpoint,))
    opened = open_cluster(settings)
    wait_for(lambda: opened.index.freshness().state == "live", opened.index.freshness)
    yield create_app(settings, opened).test_client()
    opened.close()


def keys_of(kine: Kine, part: str) -> list[str]:
    return sorted(key.decode() for key in kine.written if part in key.decode())


def test_get_lists_each_object_once(kine: Kine) -> None:
    done = run(kine, "get", "pods", "-A", "--no-headers")

    assert (done.returncode, done.stderr) == (0, "")
    rows = Counter("/registry/pods/" + "/".join(line.split()[:2]) for line in done.stdout.splitlines())
    assert rows == Counter(keys_of(kine, PODS))


def test_get_reads_one_object(kine: Kine) -> None:
    key = keys_of(kine, PODS)[0]
    namespace, name = key.removeprefix(PODS).split("/")

    done = run(kine, "get", "pod", name, "-n", namespace, "-o", "json")

    assert json.loads(done.stdout)["metadata"]["name"] == name, done.stderr


@pytest.mark.parametrize(("text", "mode"), [("shop/", "contains"), ("/registry/pods/", "prefix"), ("kube-*", "glob")])
def test_search_finds_each_name_once(kine: Kine, browser: FlaskClient, text: str, mode: str) -> None:
    done = run(kine, "search", text, "--mode", mode)

    found = done.stdout.splitlines()
    api = browser.get(f"/api/v1/keys?{mode}={quote(text)}&limit=1000").get_json()
    assert len(found) == len(set(found)) == api["count"], done.stderr
    assert sorted(found) == sorted(item["key"] for item in api["keys"])
    if mode != "glob":
        assert found == keys_of(kine, text)
    assert browser.get(f"/search?q={quote(text)}&mode={mode}").status_code == 200


def test_health_finds_a_working_server_healthy_and_says_what_it_does_not_tell(kine: Kine) -> None:
    done = run(kine, "health", "-o", "json")

    said = json.loads(done.stdout)
    assert (done.returncode, said["verdict"]) == (0, "healthy"), done.stdout
    assert {finding["severity"] for finding in said["findings"]} == {"info"}
    assert "unsupported" in {finding["id"] for finding in said["findings"]}


def test_doctor_passes_every_step(kine: Kine) -> None:
    done = run(kine, "doctor", "-o", "json")

    assert done.returncode == 0, done.stdout
    assert all(step["ok"] for step in json.loads(done.stdout)["diagnoses"][0]["steps"])


def test_members_has_one_that_is_healthy(kine: Kine) -> None:
    done = run(kine, "members")

    assert done.returncode == 0, done.stderr
    assert "kine" in done.stdout


def test_an_export_has_every_key_once(kine: Kine, tmp_path: Path) -> None:
    done = run(kine, "export", str(tmp_path / "dump.jsonl.gz"), "--prefix", "/registry/")

    assert done.returncode == 0, done.stderr
    exported = [kv.key for kv in read_dump(tmp_path / "dump.jsonl.gz")]
    assert len(exported) == len(set(exported))
    assert kine.written.keys() <= set(exported)


def test_a_snapshot_is_refused_in_a_sentence(kine: Kine, tmp_path: Path) -> None:
    done = run(kine, "snapshot", "save", str(tmp_path / "snapshot.db"))

    assert done.returncode == 1
    assert "snapshot is not supported" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "snapshot.db").exists()


def test_a_table_has_each_object_once(kine: Kine, browser: FlaskClient) -> None:
    table = browser.get("/api/v1/table?resource=pods&limit=500").get_json()

    assert [row["key"] for row in table["rows"]] == keys_of(kine, PODS)
    page = browser.get("/registry?resource=pods&namespace=shop").text
    for key in keys_of(kine, PODS + "shop/"):
        assert page.count(f'id="row-{key}"') == 1


def test_an_object_has_its_page_and_its_history(kine: Kine, browser: FlaskClient) -> None:
    key = keys_of(kine, PODS)[0]
    for view in ("summary", "yaml", "json", "raw", "wire"):
        page = browser.get(f"/object?key={quote(key)}&view={view}")
        assert page.status_code == 200, view
        assert key.split("/")[-1] in page.text


def test_the_history_has_all_lives_of_a_key(kine: Kine, browser: FlaskClient) -> None:
    """Created, changed, deleted and created again."""
    key = b"/registry/configmaps/kine/lives"
    store = kine.open()
    lived = [store.put(key, b"{}", mod_revision=0)]
    lived.append(store.put(key, b"[]", mod_revision=lived[-1]))
    lived.append(store.delete(key, mod_revision=lived[-1]))
    lived.append(store.put(key, b"{}", mod_revision=0))
    store.close()

    found = browser.get(f"/api/v1/history?key={key.decode()}").get_json()["revisions"]

    assert [(row["modRevision"], row["deleted"]) for row in found] == [
        (revision, revision == lived[2]) for revision in reversed(lived)
    ]
    assert browser.get(f"/history?key={key.decode()}").status_code == 200


def test_the_counts_by_type_are_those_that_were_written(kine: Kine, browser: FlaskClient) -> None:
    resources = browser.get("/api/v1/resources").get_json()

    counts = {row["prefix"]: row["count"] for row in resources["resources"]}
    assert resources["complete"] is True
    for prefix in (PODS, "/registry/services/specs/", "/registry/secrets/"):
        assert counts[prefix] == len(keys_of(kine, prefix)), sorted(counts)


def test_the_other_pages_stand(browser: FlaskClient) -> None:
    for address in (
        "/", "/registry", "/health", "/watch", "/namespaces", "/storage", "/certificates", "/encryption", "/space",
        "/search/content?kind=text&q=frontend", "/api/v1/cluster", "/api/v1/health", "/metrics",
    ):  # fmt: skip
        assert browser.get(address).status_code == 200, address
