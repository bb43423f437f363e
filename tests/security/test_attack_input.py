"""Attacks by what is asked for: paths, keys, patterns, numbers, and values that want to become large."""

from __future__ import annotations

import base64
import gzip
import io
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from etcdview.cluster.cluster import Cluster
from etcdview.codec import Codec
from etcdview.kube.go_text import go_json
from etcdview.models import Range
from etcdview.pages.registry.query import RegistryQuery
from etcdview.pages.registry.reading import query_table
from tests.security.hostile import PASSWORD
from tests.security.lab import Lab, post, token_of
from tests.security.table import attack
from tests.unit.pages.registry_of import kv, obj, window_on

PATHS = "Paths and keys"
PATTERNS = "Patterns and numbers"
BOMBS = "Values that explode"
BODIES = "Bodies"
API = "/api/v1/object"


@attack(PATHS, "`../../etc/passwd` as a key", "a key is bytes in etcd, never a file: 404")
def test_a_key_is_never_a_file(everybody: Lab) -> None:
    for key in ("../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "/registry/../../etc/passwd"):
        for path in ("/object", "/history", "/download", "/api/v1/object"):
            response = everybody.as_token("vera").get(path, query_string={"key": key})

            assert response.status_code == 404
            assert "root:" not in response.text


@attack(PATHS, "a stored key with `../` in it, opened and downloaded", "shown; its file name has no slash")
def test_a_stored_key_with_dots_names_a_harmless_file(everybody: Lab) -> None:
    key = "/registry/configmaps/shop/../../../etc/passwd"

    response = everybody.as_token("vera").get("/download", query_string={"key": key})

    assert response.status_code == 200
    name = response.headers["Content-Disposition"].partition("filename=")[2]
    assert "/" not in name
    assert "\\" not in name


@attack(PATHS, "`../` in the address of a static file, encoded once and twice", "404")
@pytest.mark.parametrize(
    "path",
    ["/static/../wsgi.py", "/static/%2e%2e/wsgi.py", "/static/..%2fwsgi.py", "/static/%252e%252e/wsgi.py",
     "/static/....//wsgi.py", "/static//etc/passwd", "/static/css/../../wsgi.py"],
)  # fmt: skip
def test_no_static_address_leaves_its_folder(everybody: Lab, path: str) -> None:
    with everybody.as_token("vera").get(path) as response:
        assert response.status_code in (308, 404)
        assert b"create_app" not in response.get_data()


@attack(PATHS, "a line break in a key, to add a header to a download", "no header is added")
def test_a_line_break_in_a_key_adds_no_header(everybody: Lab) -> None:
    key = "/registry/configmaps/shop/line\nbreak\r\nSet-Cookie: evil=1"

    for path in ("/object", "/download", "/history"):
        response = everybody.as_token("vera").get(path, query_string={"key": key})

        assert response.status_code == 200
        assert "evil" not in str(response.headers.get("Set-Cookie", ""))
        assert "\n" not in response.headers.get("Content-Disposition", "")


@attack(PATHS, "keys that are empty, no UTF-8, or hold NUL", "shown or 400, never an error of the server")
def test_odd_keys_are_shown_or_refused(everybody: Lab) -> None:
    client = everybody.as_token("vera")
    for query in ("key64=AA", "key64=__4", "key64=!!!", "key=%00", "key=%ff%fe", "key=", "key64=" + "A" * 7000):
        for path in ("/object", "/history", "/download", "/api/v1/object", "/api/v1/history"):
            assert client.get(f"{path}?{query}").status_code in (200, 400, 404, 422)


@attack(PATHS, "the parameter `key` twice, one allowed and one denied", "one of them is meant, and it is checked")
def test_a_parameter_twice_passes_no_check(everybody: Lab) -> None:
    allowed, denied = quote("/registry/pods/shop/crashloop"), quote("/registry/secrets/payments/db-credentials")
    client = everybody.as_token("nina")

    for first, second in ((allowed, denied), (denied, allowed)):
        for path in ("/object", "/download", "/api/v1/object"):
            assert b"db-credentials" not in client.get(f"{path}?key={first}&key={second}").get_data()


@attack(
    PATHS,
    "another spelling of a denied key: doubled, trailing and encoded slashes, `key64`, capitals",
    "denied or unknown",
)
def test_no_other_spelling_opens_a_denied_key(everybody: Lab) -> None:
    spellings = [
        "key=/registry//secrets/payments/db-credentials", "key=/registry/secrets/payments/db-credentials/",
        "key=//registry/secrets/payments/db-credentials", "key=/registry/secrets%2Fpayments%2Fdb-credentials",
        "key64=L3JlZ2lzdHJ5L3NlY3JldHMvcGF5bWVudHMvZGItY3JlZGVudGlhbHM",
        "key=/registry/pods/shop/../../secrets/payments/db-credentials",
        "key=/Registry/Secrets/payments/db-credentials",
        "key=/registry/secrets/payments/db-credentials%00", "key=/registry/pods/shop/%2e%2e/secrets/payments/x",
    ]  # fmt: skip
    for spelling in spellings:
        for path in ("/object", "/history", "/download", API, "/api/v1/history"):
            assert everybody.as_token("nina").get(f"{path}?{spelling}").status_code == 403


@attack(PATHS, "a cursor made by hand that points into what is denied", "the page after it holds only what is allowed")
def test_a_forged_cursor_shows_nothing_denied(everybody: Lab) -> None:
    client = everybody.as_token("nina")
    for after in (b"/registry/secrets/", b"/registry/pods/payments/", b"", b"\xff", b"/registry/pods/a"):
        cursor = base64.urlsafe_b64encode(after).decode().rstrip("=")
        body = client.get("/api/v1/keys", query_string={"cursor": cursor, "limit": "1000"}).get_json()

        assert all("/shop" in row["key"] for row in body["keys"])
        page = client.get("/registry", query_string={"resource": "pods", "cursor": cursor})
        assert "payments" not in page.text


@attack(PATTERNS, "`(a+)+$` and other expressions that backtrack for ever", "RE2 takes linear time")
@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*)*x", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"])
def test_an_evil_expression_is_answered_at_once(everybody: Lab, pattern: str) -> None:
    response = everybody.as_token("vera").get("/api/v1/keys", query_string={"regex": pattern})

    assert response.status_code == 200


@attack(PATTERNS, "`((a{1,1000}){1,1000})` and other expressions that grow", "400: too large")
@pytest.mark.parametrize(
    "pattern", ["((a{1,1000}){1,1000}){1,1000}", "(?:a{999}){999}", "a" * 600, "(" * 400 + ")" * 400]
)
def test_an_expression_that_grows_is_refused(everybody: Lab, pattern: str) -> None:
    assert everybody.as_token("vera").get("/search", query_string={"q": pattern, "mode": "regex"}).status_code == 400


@attack(PATTERNS, "a glob of a hundred stars", "linear time")
def test_a_glob_of_stars_is_answered(everybody: Lab) -> None:
    response = everybody.as_token("vera").get("/api/v1/keys", query_string={"glob": "*a" * 100 + "*"})

    assert response.status_code == 200


@attack(PATTERNS, "numbers out of bounds: limits, revisions, digits of other scripts", "400")
def test_numbers_out_of_bounds_are_refused(everybody: Lab) -> None:
    client = everybody.as_token("vera")
    for number in ("-1", "99999999999999999999", "1e9", "0x10", "١٢", "1_0", "NaN", " 1"):
        assert client.get("/search", query_string={"q": "a", "limit": number}).status_code == 400
        assert client.get("/api/v1/keys", query_string={"limit": number}).status_code in (200, 400)
        assert client.get("/object", query_string={"key": "/x", "revision": number}).status_code == 400


@attack(PATTERNS, "revisions that no etcd can ever reach, wherever one is given", "400 or 504")
def test_a_revision_beyond_all_bounds_is_refused(everybody: Lab) -> None:
    beyond, key = 2**63, "key=/registry/pods/shop/crashloop"
    client = everybody.as_token("vera")
    for path in (
        f"/at/{beyond}/registry", f"/registry?at={beyond}", f"/compare?from=live@{beyond}&to=live",
        f"/api/v1/compare?from=live@{beyond}&to=live", f"/object?{key}&revision={beyond}",
        f"/api/v1/object?{key}&revision={beyond}", f"/rescue?from=live@{beyond}",
    ):  # fmt: skip
        found = client.get(path, follow_redirects=True)

        assert found.status_code in (400, 504), path


@attack(PATTERNS, "a text of 100 kB in every parameter", "400 or 404, quickly")
def test_a_long_text_is_refused(everybody: Lab) -> None:
    long = "a" * 100_000
    client = everybody.as_token("vera")
    for path in (
        "/search?q=", "/search/content?resource=pods&q=", "/registry?resource=", "/registry?resource=pods&namespace=",
        "/object?key=", "/api/v1/keys?contains=", "/api/v1/object?key=", "/nothing/",
    ):  # fmt: skip
        assert client.get(path + long).status_code in (200, 400, 404)


def bombs(cluster: Cluster, beginning: str) -> list[bytes]:
    prefix = f"/registry/configmaps/bombs/{beginning}".encode()
    found = [kv.key for kv in cluster.store.range(Range(prefix, prefix + b"\xff")).kvs]
    assert found
    return found


def look_at(lab: Lab, keys: list[bytes]) -> None:
    for key in keys:
        for path, view in (*(("/object", v) for v in ("yaml", "json", "wire", "raw")), ("/history", ""), (API, "")):
            query = {"key": key.decode()} | ({"view": view} if view else {})
            response = lab.as_token("vera").get(path, query_string=query)

            assert response.status_code in (200, 422), (key, path)
            assert len(response.get_data()) < 20_000_000
    table = lab.as_token("vera").get("/registry?resource=configmaps&namespace=bombs")
    assert table.status_code == 200


@attack(BOMBS, "JSON a hundred thousand levels deep, and a number of half a million digits", "shown as undecodable")
def test_json_bombs_are_shown_as_what_they_are(everybody: Lab, cluster: Cluster) -> None:
    look_at(everybody, bombs(cluster, "json"))


@attack(BOMBS, "CBOR: deep, with lengths of exabytes, with references to itself", "shown as undecodable")
def test_cbor_bombs_are_shown_as_what_they_are(everybody: Lab, cluster: Cluster) -> None:
    look_at(everybody, bombs(cluster, "cbor"))


@attack(BOMBS, "protobuf: nested thousands of times, with impossible lengths, with open groups", "shown as undecodable")
def test_protobuf_bombs_are_shown_as_what_they_are(everybody: Lab, cluster: Cluster) -> None:
    look_at(everybody, bombs(cluster, "protobuf"))


@attack(BOMBS, "a value encrypted in itself twenty thousand times; a key name of a megabyte", "shown as undecodable")
def test_sealed_bombs_are_shown_as_what_they_are(everybody: Lab, cluster: Cluster) -> None:
    look_at(everybody, bombs(cluster, "sealed"))


@attack(BOMBS, "YAML aliases that multiply (a billion laughs), in the editor", "400: aliases are not read")
def test_yaml_that_multiplies_is_refused() -> None:
    from etcdview.errors import EncodeError
    from etcdview.writes.manifests import read_manifest

    laughs = "a: &a [x, x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )

    with pytest.raises(EncodeError):
        read_manifest(laughs, "yaml")


@attack(BOMBS, "YAML tags that make objects (`!!python/object/apply`), typed in and stored", "refused, or quoted text")
def test_yaml_tags_make_nothing(everybody: Lab) -> None:
    from etcdview.errors import EncodeError
    from etcdview.writes.manifests import read_manifest

    with pytest.raises(EncodeError):
        read_manifest("a: !!python/object/apply:os.system ['id']", "yaml")
    text = everybody.as_token("vera").get("/download?key=/registry/configmaps/shop/texts").text
    assert '"!!python' in text or "'!!python" in text


@attack(BOMBS, "a value of many protobuf fields that no release knows", "decoded in bounded time")
def test_unknown_fields_by_the_thousand_are_bounded() -> None:
    pod = b"\xf8\x07\x01" * 333_333
    value = b"k8s\0\x0a\x09\x0a\x02v1\x12\x03Pod\x12\xbf\x84\x3d" + pod

    decoded = Codec().decode(b"/registry/pods/a/b", value)

    assert 0 < len(decoded.unknown_fields) < 10_000


@attack(BOMBS, "a column that shows a text of 300 kB in every row", "cells of pages and API end after 1,000 characters")
def test_a_cell_is_bounded() -> None:
    long = "m" * 300_000
    kvs = [kv(f"/registry/events/shop/e{n}", obj("Event", "shop", f"e{n}", message=long)) for n in range(3)]
    found = query_table(window_on(kvs), RegistryQuery(resource="events"), datetime.now(UTC))

    assert [len(row.cells[-1]) for row in found.rows] == [300_000] * 3
    for row in found.rows:
        assert max(map(len, row.short_texts)) == max(len(str(cell)) for cell in row.short_cells) == 1001


@attack(
    BOMBS, "twenty columns of a CRD that each show a whole object of 300 kB", "no text is made beyond what is shown"
)
def test_a_column_of_whole_objects_makes_no_texts_beyond_what_is_shown() -> None:
    columns = [{"name": f"C{n}", "type": "string", "jsonPath": ".spec"} for n in range(20)]
    names = {"plural": "wides", "kind": "Wide"}
    version = {"name": "v1", "served": True, "storage": True, "additionalPrinterColumns": columns}
    spec = {"group": "evil.example", "scope": "Namespaced", "names": names, "versions": [version]}
    crd = obj("CustomResourceDefinition", "", "wides.evil.example", "apiextensions.k8s.io/v1", spec=spec)
    wide = obj("Wide", "shop", "w", "evil.example/v1", spec={f"f{n}": {"text": "y" * 1000} for n in range(300)})
    window = window_on(
        [
            kv("/registry/apiextensions.k8s.io/customresourcedefinitions/wides.evil.example", crd),
            kv("/registry/evil.example/wides/shop/w", wide),
        ]
    )

    (row,) = query_table(window, RegistryQuery(resource="wides"), datetime.now(UTC)).rows

    assert len(row.cells) == 21
    assert max(len(str(cell)) for cell in row.cells) < 3000
    whole = go_json(wide["spec"])
    assert set(row.short_cells[1:]) == {f"{whole[:1000]}…"}


@attack(BODIES, "a body of 3 MB", "413")
def test_a_body_over_the_limit_is_refused(made: Lab) -> None:
    client = made.anonymous()
    token = token_of(client.get("/login"))

    response = client.post("/login", data={"csrf_token": token, "name": "a", "password": "x" * 3_000_000})

    assert response.status_code == 413


@attack(BODIES, "a body without a length that never ends", "read no further than the limit")
def test_a_body_without_length_is_bounded(made: Lab) -> None:
    client = made.anonymous()

    response = client.post(
        "/login",
        input_stream=io.BytesIO(b"name=" + b"a" * 5_000_000),
        headers={"Transfer-Encoding": "chunked"},
        content_type="application/x-www-form-urlencoded",
    )

    assert response.status_code in (400, 413)


@attack(BODIES, "ten thousand form parts", "413")
def test_a_form_of_thousands_of_parts_is_refused(made: Lab) -> None:
    part = b'--b\r\nContent-Disposition: form-data; name="p"\r\n\r\nx\r\n'

    response = made.anonymous().post(
        "/login", data=part * 10_000 + b"--b--", content_type="multipart/form-data; boundary=b"
    )

    assert response.status_code == 413


@attack(BODIES, "a gzipped body that inflates", "it is not inflated")
def test_a_gzipped_body_is_not_inflated(made: Lab) -> None:
    client = made.anonymous()
    body = gzip.compress(b"name=ann&password=" + b"x" * 50_000_000)

    response = client.post(
        "/login", data=body, headers={"Content-Encoding": "gzip"}, content_type="application/x-www-form-urlencoded"
    )

    assert response.status_code == 400


@attack(BODIES, "a password of a megabyte, to keep the hash function busy", "only its beginning is looked at")
def test_a_long_password_costs_no_more(made: Lab) -> None:
    response = post(made.anonymous(), "/login", "/login", name="ann", password="p" * 400_000)

    assert response.status_code == 401
    assert PASSWORD not in response.text
