"""Attacks by how something is asked for: other sites, other hosts, forged headers, redirects, methods, caches."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.security.lab import PASSWORDS, Lab, local, log_in, post, token_of
from tests.security.table import attack

FORGERY = "Other sites (CSRF)"
HOSTS = "Hosts and redirects"
OUTWARDS = "Addresses within addresses (SSRF)"
METHODS = "Methods"
CACHES = "Caches across roles"
FRAMES = "Frames"
POSTS = ("/logout", "/reveal", "/encryption", "/login")


@attack(
    FORGERY,
    "a form on another site, with the victim's cookie and no token",
    "400, logged; the cookie is SameSite=Strict",
)
@pytest.mark.parametrize("path", POSTS)
def test_a_post_without_a_token_is_refused(made: Lab, path: str) -> None:
    client = made.logged_in("ann")

    response = client.post(path, data={"key": "/x"})

    assert response.status_code == 400
    assert made.audit[-1]["result"] == "refused"
    assert client.get("/account").status_code == 200


@attack(FORGERY, "the attacker's own token in the victim's browser", "400: a token belongs to one session")
@pytest.mark.parametrize("path", POSTS)
def test_a_token_of_another_session_is_refused(made: Lab, path: str) -> None:
    stolen = token_of(made.logged_in("vera").get("/account"))

    assert made.logged_in("ann").post(path, data={"csrf_token": stolen}).status_code == 400


@attack(FORGERY, "a token with one character changed, empty, or as a list", "400")
def test_a_token_that_is_not_right_is_refused(made: Lab) -> None:
    client = made.logged_in("ann")
    token = token_of(client.get("/account"))
    # not its last character: of that, base64 ignores two bits
    for wrong in (("A" if token[0] != "A" else "B") + token[1:], "", "x" * 5000):
        assert client.post("/logout", data={"csrf_token": wrong}).status_code == 400


@attack(FORGERY, "a request that the browser itself says is of another site (Sec-Fetch-Site)", "403, by GET too")
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_another_site_sends_is_refused(made: Lab, site: str) -> None:
    client = made.logged_in("ann")
    token = token_of(client.get("/account"))
    headers = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}

    assert client.get("/search?q=(a%2B)%2B", headers=headers).status_code == 403
    assert client.get("/api/v1/keys", headers=headers).status_code == 403
    form = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.post("/logout", data={"csrf_token": token}, headers=form).status_code == 403


@attack(FORGERY, "a page of ours in a frame or an object element of another site", "403; and frame-ancestors 'none'")
@pytest.mark.parametrize("element", ["iframe", "frame", "object", "embed"])
def test_nothing_is_given_into_a_frame(made: Lab, element: str) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": element}

    response = made.logged_in("ann").get("/", headers=headers)

    assert response.status_code == 403
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@attack(FORGERY, "a POST with another Origin", "403")
@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:81", "https://localhost.evil.example"])
def test_a_post_of_another_origin_is_refused(made: Lab, origin: str) -> None:
    client = made.logged_in("ann")
    token = token_of(client.get("/account"))

    assert client.post("/logout", data={"csrf_token": token}, headers={"Origin": origin}).status_code == 403


@attack(FORGERY, "a link from another site that somebody follows", "a page, and nothing is changed by it")
def test_a_followed_link_only_reads(made: Lab) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    client = made.logged_in("ann")

    assert client.get("/registry?resource=pods", headers=headers).status_code == 200
    for path in ("/logout", "/reveal?field=data.password&key=/registry/secrets/payments/db-credentials"):
        assert b"correct horse" not in client.get(path, headers=headers).get_data()
    assert client.get("/account").status_code == 200


@attack(FORGERY, "logging the victim in as the attacker", "the login form has a token too")
def test_a_login_cannot_be_forged(made: Lab) -> None:
    response = made.anonymous().post("/login", data={"name": "vera", "password": PASSWORDS["vera"]})

    assert response.status_code == 400
    assert "Set-Cookie" not in response.headers or "_user_id" not in response.headers["Set-Cookie"]


@attack(
    FORGERY,
    "the same against an etcdview without a login, from any page in the browser of the person who runs it",
    "400 or 403, logged",
)
def test_a_local_app_is_guarded_too(capture: Path, tmp_path: Path) -> None:
    drive_by = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    log = tmp_path / "audit.jsonl"
    client = local(capture, audit_log=str(log))

    assert client.get("/api/v1/keys", headers=drive_by).status_code == 403
    assert client.post("/encryption", data={}).status_code == 400
    assert client.post("/delete", data={"key": "/registry/x"}, headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/nonsense?revision=x").status_code == 404

    entries = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(e["detail"], e["result"], e.get("key", "")) for e in entries] == [
        ("GET /api/v1/keys 403", "refused", ""),
        ("POST /encryption 400", "refused", ""),
        ("POST /delete 400", "refused", "/registry/x"),
    ]


@attack(HOSTS, "another name in the Host header (DNS rebinding, poisoned links)", "400")
@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8000", "localhost@evil.example",
     "etcdview.example.org.evil.example", "xetcdview.example.org", "[::]", "10.0.0.1"],
)  # fmt: skip
def test_another_host_is_not_answered(made: Lab, host: str) -> None:
    for path in ("/", "/login", "/healthz", "/api/v1/cluster"):
        assert made.as_token("ann").get(path, headers={"Host": host}).status_code == 400


@attack(
    HOSTS,
    "another machine, where nobody has to log in and the server was told to listen to all",
    "403, whatever its Host says",
)
def test_without_a_login_another_machine_is_refused(capture_client: FlaskClient) -> None:
    for path in ("/", "/object?key=/registry/secrets/payments/db-credentials", "/api/v1/keys", "/static/css/base.css"):
        answer = capture_client.get(path, headers={"Host": "localhost"}, environ_base={"REMOTE_ADDR": "203.0.113.9"})
        assert answer.status_code == 403, path
    assert capture_client.get("/").status_code == 200


@attack(HOSTS, "X-Forwarded-Host, X-Forwarded-Proto, Forwarded", "not looked at")
def test_forwarded_hosts_are_not_believed(made: Lab) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil.example",
               "X-Original-URL": "/audit", "X-Rewrite-URL": "/audit"}  # fmt: skip

    response = made.anonymous().get("/registry", headers=headers)

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/login")


TARGETS = [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "https:evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example", "/%0d%0aSet-Cookie:x=1\r\nX: y",
    "/\t/evil.example", " //evil.example", "/\x00", "@evil.example", "http:///evil.example", "/..//evil.example\\",
]  # fmt: skip


@attack(HOSTS, "an open redirect by `next` of the login", "only paths of ours; else the overview")
@pytest.mark.parametrize("target", TARGETS)
def test_a_login_leads_to_no_other_site(made: Lab, target: str) -> None:
    client = made.anonymous()
    token = token_of(client.get("/login", query_string={"next": target}))
    data = {"name": "vera", "password": PASSWORDS["vera"], "csrf_token": token, "next": target}

    response = client.post("/login", data=data)

    assert response.status_code == 303
    assert response.headers["Location"] == "/"


@attack(
    HOSTS,
    "`?at=` behind a path with a line break, another host, or under another spelling",
    "one step to a page of ours",
)
def test_the_way_into_the_past_leads_to_pages_of_ours(everybody: Lab) -> None:
    client = everybody.as_token("vera")
    for path, place in (
        ("/x%0d%0aSet-Cookie:evil=1?at=5", "/at/5/x%0D%0ASet-Cookie%3Aevil%3D1"),
        ("/registry?%61t=5&resource=pods", "/at/5/registry?resource=pods"),
        ("/kube/a%3fb?at=5", "/at/5/kube/a%3Fb"),
    ):
        found = client.get(path)

        assert (found.status_code, found.location) == (303, place)
        assert "Set-Cookie" not in found.headers
    for path in ("/at/5//evil.example/", "/deleted//evil.example/"):
        assert 'href="//' not in client.get(path).text


@attack(HOSTS, "a redirect to the login page that carries a foreign address along", "it stays a path of ours")
def test_the_way_to_the_login_keeps_a_path(made: Lab) -> None:
    for path in ("//evil.example/x", "/\\evil.example", "/@evil.example", "/registry?next=//evil.example"):
        response = made.anonymous().get(path)

        assert response.status_code in (303, 308, 400, 404)
        assert response.headers.get("Location", "/").startswith(("/", "http://localhost/"))


@attack(
    METHODS,
    "PUT, PATCH, DELETE and TRACE everywhere; a method in a header or a field",
    "405; the method of the request counts",
)
def test_no_other_method_is_answered(made: Lab) -> None:
    client = made.as_token("ann")
    for path in ("/", "/object?key=/x", "/api/v1/object?key=/x", "/audit", "/encryption"):
        for method in ("PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"):
            assert client.open(path, method=method).status_code == 405
    overridden = client.get("/logout", headers={"X-HTTP-Method-Override": "POST"})
    assert overridden.status_code == 405


@attack(METHODS, "writing by the API", "405: it has no such operation")
def test_the_api_writes_nothing(made: Lab) -> None:
    client = made.as_token("ann")
    for path in ("cluster", "resources", "keys", "object?key=/x", "history?key=/x", "health"):
        for method in ("PUT", "POST", "DELETE", "PATCH"):
            assert client.open(f"/api/v1/{path}", method=method, data=b"{}").status_code == 405


@attack(CACHES, "a page of an admin, kept by a cache and given to a viewer", "no-store, and Vary by cookie and token")
@pytest.mark.parametrize(
    "path", ["/", "/registry?resource=secrets", "/audit", "/api/v1/keys", "/login", "/metrics", "/healthz"]
)
def test_no_answer_may_be_kept(everybody: Lab, path: str) -> None:
    for who in ("ann", "nina"):
        response = everybody.as_token(who).get(path)

        assert response.headers["Cache-Control"] == "no-store"
        assert {"Cookie", "Authorization"} <= {name.strip() for name in response.headers["Vary"].split(",")}
        assert "ETag" not in response.headers
        assert "Last-Modified" not in response.headers


@attack(CACHES, "the same address, asked for by an admin and right after it by a viewer", "each gets their own")
def test_nothing_of_an_admin_is_left_for_a_viewer(everybody: Lab) -> None:
    for path in ("/registry", "/search?q=db-cred&mode=contains", "/api/v1/resources", "/encryption", "/storage"):
        by_admin = everybody.as_token("ann").get(path).text
        by_viewer = everybody.as_token("nina").get(path).text

        assert by_admin != by_viewer
        assert "payments" not in by_viewer.replace(path, "")


@attack(CACHES, "the error page of a static address, kept by a cache", "no-store: it names who asks")
def test_an_error_is_not_kept_by_a_cache(everybody: Lab) -> None:
    for path in ("/static/nothere.css", "/static/css/", "/nowhere"):
        response = everybody.as_token("ann").get(path)
        assert (response.status_code, response.headers["Cache-Control"]) == (404, "no-store"), path


@attack(CACHES, "a static file with a query or a suffix that hides a page (cache deception)", "404")
def test_no_page_hides_behind_a_static_name(everybody: Lab) -> None:
    for path in ("/account/x.css", "/account;x.css", "/audit/style.css", "/object.css?key=/x", "/static/account"):
        with everybody.as_token("ann").get(path) as response:
            assert response.status_code == 404


@attack(FRAMES, "our pages in another site's frame, to have buttons clicked", "frame-ancestors 'none' on every answer")
def test_every_answer_forbids_frames(everybody: Lab) -> None:
    for path in ("/", "/login", "/nonsense", "/api/v1/cluster", "/audit", "/static/css/base.css"):
        with everybody.as_token("ann").get(path) as response:
            assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
            assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"


@attack(
    FRAMES, "the address of a page, told to another site by the browser (Referer)", "no-referrer; no link leads out"
)
def test_no_address_is_told(made: Lab) -> None:
    response = log_in(made.anonymous(), "vera", PASSWORDS["vera"])

    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert (
        post(made.anonymous(), "/login", "/login", name="a", password="b").headers["Referrer-Policy"] == "no-referrer"
    )
    assert quote("key=") not in response.headers["Location"]


@attack(FORGERY, "an Origin, or an address to go on to, that cannot be read", "403, or the login page; never 500")
@pytest.mark.parametrize("url", ["http://[x", "//[", "http://[::1", "http://a:99999999"])
def test_a_url_that_cannot_be_read_is_refused_or_ignored(made: Lab, url: str) -> None:
    client = made.logged_in("ann")
    token = token_of(client.get("/account"))

    assert client.post("/logout", data={"csrf_token": token}, headers={"Origin": url}).status_code == 403
    assert made.anonymous().get("/login", query_string={"next": url}).status_code == 200


@attack(HOSTS, "a Host header that is not a host name", "400 in one line, before anything else; nothing in the log")
@pytest.mark.parametrize("host", ["..", "a..b", "a b", "[x]", "a" * 64, "é"])
def test_an_invalid_host_is_refused_without_a_template(made: Lab, host: str, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/healthz", "/login", "/nothing", "/api/v1/keys"):
        response = made.anonymous().get(path, headers={"Host": host})

        assert response.status_code == 400
        assert response.mimetype == "text/plain"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert caplog.text == ""


@attack(HOSTS, "an address with a line break that an error writes into the log", "the break is escaped")
def test_an_address_cannot_begin_a_line_of_the_log(
    made: Lab, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(made.app.before_request_funcs, None, [fails])

    assert made.anonymous().get("/x%0a[CRITICAL] etcd: data corrupt").status_code == 500
    assert all(not record.getMessage().count("\n") for record in caplog.records)
    assert "[CRITICAL]" in caplog.text


NAMED = (
    "at",
    "from",
    "to",
    "a",
    "b",
    "against",
    "file",
    "source",
    "compare",
    "url",
    "endpoint",
    "host",
    "peer",
    "next",
)
MORE_NAMED = ("key", "q", "prefix", "path", "node", "namespace", "name", "resource", "backup", "dir", "ref", "back")


@attack(
    OUTWARDS, "an address or a file of the attacker's in every parameter of every page", "nothing is opened; no 500"
)
@pytest.mark.parametrize("named", ["http://{}/x", "live@http://{}", "/etc/passwd"])
def test_no_parameter_makes_etcdview_open_what_it_names(made: Lab, named: str) -> None:
    client = made.as_token("ann")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        evil = named.format("{}:{}".format(*listening.getsockname()))
        given = dict.fromkeys(NAMED + MORE_NAMED, evil)
        rules = {str(rule) for rule in made.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
        for rule in sorted(rules):
            with client.get(re.sub(r"<[^>]+>", "x", rule), query_string=given) as response:
                assert response.status_code < 500, rule
                assert b"root:" not in response.data, rule
                assert evil not in response.headers.get("Location", ""), rule
        with pytest.raises(BlockingIOError):
            listening.accept()
