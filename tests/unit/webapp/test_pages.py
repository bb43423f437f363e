"""Each address answers as docs/interfaces.md promises: pages whole without JavaScript, fragments when htmx asks."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from etcdview.config import Settings
from tests.unit.cluster.opened import opened
from webapp import create_app

CRASHLOOP = "/registry/pods/shop/crashloop"
CREDENTIALS = "/registry/secrets/payments/db-credentials"


def at(path: str, key: str, **more: str) -> str:
    return f"{path}?key={quote(key, safe='')}" + "".join(f"&{k}={v}" for k, v in more.items())


PAGES = [
    "/",
    "/registry",
    "/registry?resource=pods",
    "/registry?resource=pods&namespace=shop&wide=1",
    "/registry?resource=backups.example.org",
    "/registry?resource=deployments.apps",
    "/registry?resource=masterleases",
    at("/object", CRASHLOOP),
    at("/object", CRASHLOOP, view="yaml"),
    at("/object", CRASHLOOP, view="json"),
    at("/object", CRASHLOOP, view="raw"),
    at("/object", CRASHLOOP, view="wire"),
    at("/object", CRASHLOOP, managed="1", served="1"),
    at("/object", CREDENTIALS),
    at("/object", CREDENTIALS, view="raw"),
    at("/history", CRASHLOOP),
    "/health",
    "/certificates",
    "/search",
    "/search?q=/registry/pods/mon",
    "/search?q=crash&mode=contains",
    "/search?q=*crash*&mode=glob",
    "/search?q=pods/.*/crash&mode=regex",
    "/search/content",
    "/search/content?q=CrashLoop&resource=pods",
    "/search/content?q=CrashLoop",
    "/namespaces",
    "/namespaces?namespace=shop",
    "/storage",
    "/freshness",
    "/kubectl",
    "/learn",
]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_html_with_one_heading_and_one_main(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    html = response.text

    assert response.status_code == 200
    assert html.startswith("<!doctype html>")
    assert len(re.findall(r"<h1\b", html)) == 1
    assert len(re.findall(r"<main\b", html)) == 1


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_inline(client: FlaskClient, path: str) -> None:
    html = client.get(path).text

    assert re.search(r"<script(?![^>]*src=)[^>]*>|\sstyle=|\son\w+=", html) is None


@pytest.mark.parametrize("path", PAGES)
def test_no_answer_may_be_kept_and_each_says_what_a_browser_may_do(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers

    assert "no-store" in headers["Cache-Control"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "HX-Request" in headers["Vary"]


def test_every_type_of_the_capture_is_in_the_tree_with_its_count(client: FlaskClient) -> None:
    html = client.get("/registry").text

    assert "of 65 resource types" in re.sub(r"\s+", " ", html)
    assert html.count('href="/registry?resource=') == 65


def test_every_type_of_the_capture_has_a_table_of_all_its_objects(client: FlaskClient) -> None:
    hrefs = set(re.findall(r'href="(/registry\?resource=[^"]+)"', client.get("/registry").text))

    rows = 0
    for href in hrefs:
        response = client.get(href)
        assert response.status_code == 200, href
        assert "row-error" not in response.text, href
        rows += len(re.findall(r'<th scope="row">', response.text))

    assert rows == 573


def test_the_pod_page_shows_it_decoded(client: FlaskClient) -> None:
    html = client.get(at("/object", CRASHLOOP)).text

    assert "CrashLoopBackOff" in html
    assert "protobuf" in html


def test_an_encrypted_object_says_by_which_provider_and_key(client: FlaskClient) -> None:
    body = client.get("/api/v1/keys", query_string={"prefix": "/registry/secrets/payments/"}).get_json()

    providers = set()
    for key in (row["key"] for row in body["keys"]):
        storage = client.get("/api/v1/object", query_string={"key": key}).get_json()["storage"]
        providers.add((storage["provider"], storage["keyName"]))

    assert {("aescbc", "key-2026"), ("aesgcm", "gcm-a"), ("secretbox", "box-new")} <= providers


@pytest.mark.parametrize(
    "path",
    [
        at("/object", CREDENTIALS),
        at("/object", CREDENTIALS, view="json"),
        at("/object", CREDENTIALS, view="raw"),
        at("/object", CREDENTIALS, view="wire"),
        at("/object", CREDENTIALS, managed="1", served="1"),
        at("/download", CREDENTIALS),
        at("/download", CREDENTIALS, format="json"),
        at("/download", CREDENTIALS, format="raw"),
        at("/history", CREDENTIALS),
        at("/api/v1/object", CREDENTIALS),
        at("/api/v1/history", CREDENTIALS),
        "/registry?resource=secrets&namespace=payments&wide=1",
    ],
)
def test_no_way_out_gives_a_secret_away(client: FlaskClient, path: str) -> None:
    body = client.get(path).get_data()

    for leak in (b"correct horse", b"Y29ycmVjdCBob3JzZ", b"636f727265637420686f727365", b"63 6f 72 72 65 63 74"):
        assert leak not in body


@pytest.mark.parametrize(
    ("query", "found", "looked"),
    [
        ("q=CrashLoop&resource=pods", 2, 40),
        ("q=app%3Dcart&kind=labels&prefix=/registry/", 8, 573),
        ("q=.spec.nodeName&kind=jsonpath&resource=pods&namespace=shop", 27, 27),
        ("q=status.phase%3DPending&kind=fields&resource=po", 10, 40),
        ("q=correct+horse&prefix=/registry/", 0, 573),
    ],
)
def test_a_search_in_content_says_what_it_covered(client: FlaskClient, query: str, found: int, looked: int) -> None:
    text = re.sub(r"<[^>]+>|\s+", " ", client.get(f"/search/content?{query}").text)

    assert f"{found} found" in re.sub(r"\s+", " ", text)
    assert re.search(rf"searched {looked} of {looked} keys", re.sub(r"\s+", " ", text))
    assert "All keys were searched." in text


def test_htmx_gets_the_fragment_it_asks_for_and_a_boosted_link_the_whole_page(client: FlaskClient) -> None:
    fragment = client.get("/search?q=/registry/pods/mon", headers={"HX-Request": "true", "HX-Target": "results"}).text
    boosted = client.get("/search?q=/", headers={"HX-Request": "true", "HX-Boosted": "true"}).text
    restored = client.get("/search", headers={"HX-Request": "true", "HX-History-Restore-Request": "true"}).text

    assert fragment.lstrip().startswith('<section id="results"')
    assert "<!doctype" not in fragment
    assert boosted.startswith("<!doctype")
    assert restored.startswith("<!doctype")


def test_an_error_is_a_fragment_when_htmx_asks(client: FlaskClient) -> None:
    response = client.get("/search?q=(&mode=regex", headers={"HX-Request": "true", "HX-Target": "results"})

    assert response.status_code == 400
    assert "<!doctype" not in response.text
    assert 'role="alert"' in response.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/object?key=nope", 404),
        ("/object", 400),
        ("/object?key64=!!!", 400),
        (at("/object", CRASHLOOP, view="nonsense"), 400),
        (at("/object", CRASHLOOP, revision="x"), 400),
        (at("/object", CRASHLOOP, revision="-1"), 400),
        (at("/object", CRASHLOOP, revision="99999999999999999999"), 400),
        (at("/object", CRASHLOOP, revision="9999"), 400),
        (at("/download", CRASHLOOP, format="exe"), 400),
        (at("/download", CREDENTIALS, format="raw"), 403),
        ("/registry?resource=nonsense", 404),
        ("/registry?resource=pods&limit=0", 400),
        ("/registry?resource=pods&limit=x", 400),
        ("/registry?resource=pods&cursor=%21", 400),
        ("/registry?resource=pods&wide=perhaps", 400),
        ("/search?q=(&mode=regex", 400),
        ("/search?mode=nonsense&q=a", 400),
        ("/search?q=" + "a" * 501, 400),
        ("/nonsense", 404),
        ("/watch", 501),
        ("/search/content?q=x&resource=nonsense", 404),
        ("/search/content?q=((&kind=labels&resource=pods", 400),
        ("/search/content?q=x&kind=nonsense&resource=pods", 400),
        ("/registry?resource=pods&labels=((", 400),
        ("/registry?resource=pods&sort=nonsense", 400),
        ("/history?key=nope", 404),
        ("/api/v1/keys?limit=x", 400),
        ("/api/v1/keys?limit=0", 400),
        ("/api/v1/keys?nonsense=1", 400),
        ("/api/v1/keys?prefix=a&regex=b", 400),
        ("/api/v1/object", 400),
        ("/api/v1/object?key=nope", 404),
        ("/api/v1/nonsense", 404),
    ],
)
def test_bad_input_gets_its_status_and_a_sentence(client: FlaskClient, path: str, status: int) -> None:
    response = client.get(path)

    assert response.status_code == status
    assert "Traceback" not in response.text
    if path.startswith("/api/"):
        problem = response.get_json()
        assert response.mimetype == "application/problem+json"
        assert problem["status"] == status
        assert len(problem["detail"]) > 10
    else:
        assert 'role="alert"' in response.text


@pytest.mark.parametrize("method", ["put", "post", "delete", "patch"])
@pytest.mark.parametrize("path", ["/api/v1/object?key=%2Fx", "/", "/object?key=%2Fx"])
def test_nothing_can_be_written(client: FlaskClient, method: str, path: str) -> None:
    response = getattr(client, method)(path, data=b"{}")

    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


def test_another_host_name_is_not_answered(client: FlaskClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/", headers={"Host": "localhost:8000"}).status_code == 200


def test_pages_of_a_list_follow_one_another_without_gap(client: FlaskClient) -> None:
    seen: list[str] = []
    path = "/registry?resource=pods&limit=7"
    while path:
        html = client.get(path).text
        seen += re.findall(r'<a id="row-[^"]+" href="/object\?key=([^"]+)"', html)
        following = re.search(r'<a href="([^"]+)" rel="next">', html)
        path = following[1].replace("&amp;", "&") if following else ""

    assert len(seen) == len(set(seen)) == 40


def test_a_list_of_all_namespaces_is_sorted_by_its_namespaces(client: FlaskClient) -> None:
    first = client.get("/registry?resource=pods").text
    assert 'href="/registry?resource=pods&amp;sort=namespace">Namespace' in first
    page = client.get("/registry?resource=pods&sort=-namespace").text
    namespaces = re.findall(r'class="plain" href="/registry\?resource=pods&amp;namespace=([^"]*)"', page)

    assert re.search(
        r'aria-sort="descending"\s*>\s*<a class="sort" href="/registry\?resource=pods&amp;sort=namespace"', page
    )
    assert len(set(namespaces)) == 3
    assert namespaces == sorted(namespaces, reverse=True)
    assert (
        ">Namespace"
        not in client.get("/registry?resource=pods&namespace=shop").text.split("<thead>")[1].split("</thead>")[0]
    )


def test_keys_come_in_pages_with_one_count(client: FlaskClient) -> None:
    query = {"prefix": "/registry/events/", "limit": 50}
    keys: list[str] = []
    while True:
        body = client.get("/api/v1/keys", query_string=query).get_json()
        keys += [row["key"] for row in body["keys"]]
        assert body["count"] == 131
        if body["next"] is None:
            break
        query["cursor"] = body["next"]

    assert len(set(keys)) == 131
    assert keys == sorted(keys)


def test_the_api_counts_573_keys_in_65_types(client: FlaskClient) -> None:
    body = client.get("/api/v1/resources").get_json()

    assert body["complete"] is True
    assert len(body["resources"]) == 65
    assert sum(row["count"] for row in body["resources"]) == 573
    pods = next(row for row in body["resources"] if row["resource"] == "pods")
    assert pods == {
        "resource": "pods",
        "group": "",
        "version": "v1",
        "kind": "Pod",
        "prefix": "/registry/pods/",
        "count": 40,
        "namespaces": {"monitoring": 7, "payments": 6, "shop": 27},
    }


def test_machines_are_told_that_it_lives_and_is_ready(client: FlaskClient) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").get_json()["ready"] is True
    assert 'etcdview_keys{group="",resource="pods"} 40.0' in client.get("/metrics").text


def test_htmx_comes_from_the_installed_package(client: FlaskClient) -> None:
    with client.get("/static-packages/htmx.js") as response:
        assert response.status_code == 200
        assert b"htmx" in response.data


COUNTED = {f"/registry/configmaps/shop/c{n}": b'{"apiVersion":"v1","kind":"ConfigMap","metadata":{}}' for n in range(3)}


@pytest.mark.parametrize("counted", [{}, COUNTED], ids=["nothing", "nothing any more of what was counted"])
def test_every_page_of_an_etcd_without_objects_says_so(counted: dict[str, bytes]) -> None:
    cluster, full = opened({}), opened(counted)
    cluster.index = full.index
    client = create_app(Settings(), cluster).test_client()
    rules = [rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or ())]
    paths = [rule.rule for rule in rules if not rule.arguments]

    wrong = []
    for path in [*paths, "/storage?run=1", *PAGES]:
        with client.get(path) as response:
            wrong += [(path, response.status_code)] if response.status_code in (500, 503) else []

    assert wrong == []
    nothing = "No objects to check" if not counted else "Nothing could be checked"
    assert nothing in client.get("/storage").text
