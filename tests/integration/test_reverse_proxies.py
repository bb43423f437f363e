"""Behind Apache and nginx, as docs/deploy has them: links, login, keys, changes and watches below the prefix."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from etcdview.access import users
from etcdview.access.hashes import hash_password
from etcdview.access.users import User, Users
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports
from tests.integration.conftest import run_etcdctl
from tests.reverse_proxies import ReverseProxy, apache, nginx
from tests.serving import running

pytestmark = pytest.mark.long  # `make deployed` runs it, which CI does

PASSWORD = "correct horse battery"
NAME = "a b%2Fc+d&e#f?g=é"  # as no API server would name it: each sign has a meaning in an address
KEY = f"/registry/configmaps/shop/{NAME}"
PROXIES: dict[str, Callable[[int, int], AbstractContextManager[ReverseProxy]]] = {"apache": apache, "nginx": nginx}


@dataclass
class Browser:
    """What a browser keeps: the server's cookies, of which it sends name and value back."""

    proxy: ReverseProxy
    port: int  # of etcdview itself
    cookies: SimpleCookie = field(default_factory=SimpleCookie)

    def ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> tuple[int, str]:
        """The status, and where it leads or what it says."""
        with self._answer(self.proxy.connection(), method, path, fields or {}) as answer:
            for cookie in answer.headers.get_all("Set-Cookie", []):
                self.cookies.load(cookie)
            return answer.status, answer.headers["Location"] or answer.read().decode()

    def ask_etcdview(self, path: str) -> tuple[int, str]:
        """The same without the proxy."""
        direct = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with self._answer(direct, "GET", path, {}) as answer:
            return answer.status, answer.read().decode()

    def form(self, path: str) -> dict[str, str]:
        """The hidden fields of a page's forms."""
        status, page = self.ask("GET", path)
        assert status == 200, page
        found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
        return {name: unescape(value) for name, value in found}

    def log_in(self) -> tuple[int, str]:
        """With the password."""
        return self.ask("POST", "/login", self.form("/login") | {"name": "ann", "password": PASSWORD})

    @contextlib.contextmanager
    def watch(self, path: str) -> Iterator[http.client.HTTPResponse]:
        """An answer that does not end, behind the proxy."""
        with self._answer(self.proxy.connection(), "GET", path, {}) as answer:
            yield answer

    @contextlib.contextmanager
    def _answer(
        self, connection: http.client.HTTPConnection, method: str, path: str, fields: dict[str, str]
    ) -> Iterator[http.client.HTTPResponse]:
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={each.value}" for name, each in self.cookies.items())
        with contextlib.closing(connection):
            connection.request(method, f"/etcdview{path}", urlencode(fields) or None, headers)
            with connection.getresponse() as answer:
                yield answer


@pytest.fixture(params=PROXIES)
def browser(request: pytest.FixtureRequest, plain_etcd: LocalCluster, tmp_path: Path) -> Iterator[Browser]:
    run_etcdctl(plain_etcd, "put", KEY, _config_map("before"))
    people = tmp_path / "users.json"
    people.write_text(json.dumps(users.to_raw(Users().with_user(User("ann", "admin", hash_password(PASSWORD))))))
    people.chmod(0o600)
    own, port = free_ports(2)
    flags = {
        "endpoints": plain_etcd.endpoints[0],
        "users-file": people,
        "audit-log": tmp_path / "audit.jsonl",
        "undo-file": tmp_path / "undo.jsonl",
        "public-url": f"https://127.0.0.1:{own}",
        "url-prefix": "/etcdview",
        "trusted-proxies": "127.0.0.1",
    }
    given = [f"--{name}={value}" for name, value in flags.items()]
    # etcdview ends first: Apache would wait ten seconds for the other end of a watch.
    with PROXIES[request.param](own, port) as proxy, running("--allow-writes", "--kube-api", *given, port=port):
        yield Browser(proxy, port)


def _config_map(note: str) -> str:
    metadata = {"name": "settings", "namespace": "shop"}
    return json.dumps({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": {"note": note}})


def test_a_login_leads_to_the_page_below_the_prefix_with_a_cookie_for_that_prefix(browser: Browser) -> None:
    assert browser.ask("GET", "/registry") == (303, "/etcdview/login?next=/registry")
    fields = browser.form("/login?next=/registry")
    assert browser.ask("POST", "/login", fields | {"name": "ann", "password": PASSWORD}) == (303, "/etcdview/registry")
    (cookie,) = browser.cookies.values()
    assert (cookie.key, cookie["path"], cookie["secure"]) == ("__Secure-etcdview", "/etcdview", True)
    assert browser.ask("GET", "/registry")[0] == 200


def test_the_address_without_a_slash_leads_to_the_overview(browser: Browser) -> None:
    with contextlib.closing(browser.proxy.connection()) as connection:
        connection.request("GET", "/etcdview")
        answer = connection.getresponse()
        assert answer.status == 301
        assert answer.headers["Location"] == f"https://127.0.0.1:{browser.proxy.port}/etcdview/"


def test_what_a_page_links_to_is_below_the_prefix_and_found(browser: Browser) -> None:
    browser.log_in()
    status, page = browser.ask("GET", "/")
    assert status == 200
    links = {unescape(link) for link in re.findall(r'(?:href|src|action)="(/[^"#]*)', page)}
    assert "/etcdview/registry" in links
    assert any(link.startswith("/etcdview/static/") for link in links)
    assert [link for link in links if not link.startswith("/etcdview/")] == []
    assert [link for link in links if browser.ask("GET", link.removeprefix("/etcdview"))[0] not in (200, 405)] == []


def test_a_key_arrives_as_it_was_asked_for(browser: Browser) -> None:
    browser.log_in()
    status, page = browser.ask("GET", f"/object?key={quote(KEY, safe='')}&view=yaml")
    assert status == 200
    assert "before" in page
    # An encoded slash in the path: a proxy may refuse it, decode it, or encode it once more.
    for path in (f"/kube/api/v1/namespaces/shop/configmaps/{quote(NAME, safe='')}", "/kube/a%2Fb%252Fc"):
        assert browser.ask("GET", path) == browser.ask_etcdview(path)


def test_a_change_is_written(browser: Browser, plain_etcd: LocalCluster) -> None:
    browser.log_in()
    fields = browser.form(f"/edit?key={quote(KEY, safe='')}&form=json") | {"text": _config_map("after")}
    status, page = browser.ask("POST", "/edit", fields)
    assert status == 200, page
    status, where = browser.ask("POST", "/edit/apply", fields | {"typed": NAME})
    assert (status, where.partition("?")[0]) == (303, "/etcdview/changed"), where
    assert "after" in run_etcdctl(plain_etcd, "get", KEY)


def test_a_watch_has_each_change_at_once(browser: Browser, plain_etcd: LocalCluster) -> None:
    browser.log_in()
    with browser.watch("/kube/api/v1/configmaps?watch=1") as stream:
        assert stream.status == 200
        for note in ("one", "two"):
            run_etcdctl(plain_etcd, "put", f"/registry/configmaps/shop/{note}", _config_map(note))
            assert note in _event(stream)


def _event(stream: http.client.HTTPResponse) -> str:
    """The next one that is not the object that was there before."""
    while True:
        line = stream.readline().decode()
        assert line
        if "before" not in line:
            return line
