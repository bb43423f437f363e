"""Attacks by text that wants to be more than text: markup, script, templates, log lines."""

from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from tests.security.hostile import ANSWER, ATTRIBUTE, FORMULAS, IMAGE, SCRIPT, TEMPLATE
from tests.security.lab import Lab, post
from tests.security.table import attack

MARKUP = "Script in pages"
TEMPLATES = "Templates and logs"


class Page(HTMLParser):
    """Collects what a browser would act on."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.problems: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Script of others, handlers, styles, frames, and addresses that are none of ours."""
        values = dict(attrs)
        if tag in ("iframe", "object", "embed", "base", "style"):
            self.problems.append(tag)
        if tag in ("script", "img", "link") and not str(values.get("src") or values.get("href")).startswith("/static"):
            self.problems.append(f"{tag} {values}")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or name == "srcdoc":
                self.problems.append(f"{name}={value}")
            if name in ("href", "src", "action", "hx-get") and not re.match(r"/(?!/)|#|$", value or ""):
                self.problems.append(f"{name}={value}")


def check(lab: Lab, path: str, who: str = "ann") -> str:
    response = lab.as_token(who).get(path)
    assert response.mimetype == "text/html"
    assert Page(response.text).problems == []
    return response.text


def object_of(name: str, namespace: str = "shop", **more: str) -> str:
    key = quote(f"/registry/pods/{namespace}/{name}", safe="")
    return f"/object?key={key}" + "".join(f"&{k}={v}" for k, v in more.items())


@attack(MARKUP, "`<script>`, attributes and images in object and namespace names, in the tree and in tables", "escaped")
@pytest.mark.parametrize(
    "path",
    ["/registry", "/registry?resource=pods", "/registry?resource=pods&wide=1", "/registry?resource=pods&sort=Name",
     f"/registry?resource=pods&namespace={quote(IMAGE)}", "/namespaces", "/storage", "/", "/encryption", "/space"],
)  # fmt: skip
def test_markup_in_names_stays_text(everybody: Lab, path: str) -> None:
    check(everybody, path)


@attack(MARKUP, "the same in labels, annotations, owner references, status and values, in every view", "escaped")
@pytest.mark.parametrize("view", ["yaml", "json", "raw", "wire", "summary"])
@pytest.mark.parametrize("name", [SCRIPT, ATTRIBUTE])
def test_markup_in_objects_stays_text(everybody: Lab, name: str, view: str) -> None:
    check(everybody, object_of(name, view=view))


@attack(MARKUP, "the same in what is searched for", "escaped")
@pytest.mark.parametrize("text", [SCRIPT, ATTRIBUTE, IMAGE, "'><svg/onload=alert(1)>"])
@pytest.mark.parametrize("mode", ["contains", "prefix", "glob", "regex", SCRIPT])
def test_markup_in_a_search_stays_text(everybody: Lab, text: str, mode: str) -> None:
    check(everybody, f"/search?q={quote(text)}&mode={quote(mode)}")


@attack(MARKUP, "the same in addresses that do not exist, and in invalid parameters", "escaped")
@pytest.mark.parametrize("text", [SCRIPT, ATTRIBUTE, IMAGE])
def test_markup_in_errors_stays_text(everybody: Lab, text: str) -> None:
    bad = quote(text, safe="")
    for path in (
        f"/{bad}", f"/object?key={bad}", f"/object?key=/x&view={bad}", f"/object?key64={bad}",
        f"/registry?resource={bad}", f"/registry?resource=pods&cursor={bad}", f"/registry?resource=pods&wide={bad}",
    ):  # fmt: skip
        check(everybody, path)


@attack(MARKUP, "the same in the columns, kinds and short names that a CRD brings along", "escaped")
def test_markup_in_a_crd_stays_text(everybody: Lab) -> None:
    text = check(everybody, "/registry?resource=traps.evil.example")

    assert "&lt;script&gt;" in text


@attack(MARKUP, "the same in the history of a key and in the answer to htmx", "escaped")
def test_markup_in_fragments_stays_text(everybody: Lab) -> None:
    key = quote(f"/registry/pods/shop/{SCRIPT}", safe="")
    check(everybody, f"/history?key={key}")
    headers = {"HX-Request": "true", "HX-Target": SCRIPT}
    for path in ("/registry?resource=pods", f"/object?key={key}", "/search?q=(&mode=regex"):
        assert Page(everybody.as_token("vera").get(path, headers=headers).text).problems == []


@attack(MARKUP, "a link that runs script (`javascript:`) from an object's text", "no address is made of values")
def test_no_address_is_made_of_values(everybody: Lab) -> None:
    text = check(everybody, object_of(SCRIPT))

    assert 'href="javascript' not in text


@attack(MARKUP, "markup in the name of a failed login, shown in the log's page", "escaped")
def test_markup_in_the_audit_log_stays_text(made: Lab) -> None:
    made.as_token("vera").get("/audit", headers={"X-Forwarded-For": SCRIPT})
    made.as_token("vera").get(f"/reveal?key={quote(SCRIPT)}")

    text = check(made, "/audit")

    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(
    "path",
    [
        "/registry?resource=pods&format=csv&wide=1&limit=500",
        "/registry?resource=traps.evil.example&format=csv",  # of which a head is one
        "/space.csv?by=namespace",
        "/space.csv?by=resource",
    ],
)
@attack(
    MARKUP,
    "formulas (`=HYPERLINK(...)`, `@`, `+`, `-`) as names of objects, namespaces and columns, in a CSV",
    "text: a spreadsheet computes nothing",
)
def test_no_cell_of_a_csv_is_a_formula(everybody: Lab, path: str) -> None:
    text = everybody.as_token("ann").get(path).text
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]

    assert len(cells) >= 10
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝")) and len(cell) > 1] == []  # noqa: RUF001
    assert path.endswith("resource") or any(cell.startswith(f"'{FORMULAS[0][0]}") for cell in cells)


@attack(MARKUP, "a value that a browser might take for a page, opened directly", "an attachment with its type, nosniff")
def test_a_download_is_never_a_page(everybody: Lab) -> None:
    key = quote(f"/registry/pods/shop/{SCRIPT}", safe="")
    for form in ("yaml", "json", "raw"):
        response = everybody.as_token("vera").get(f"/download?key={key}&format={form}")

        assert response.headers["Content-Disposition"].startswith("attachment")
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.mimetype in ("application/yaml", "application/json", "application/octet-stream")


@attack(MARKUP, "inline script that got in all the same", "the Content-Security-Policy has no exception for any")
def test_the_policy_lets_no_inline_script_run(everybody: Lab) -> None:
    for path in ("/", "/login", "/object?key=nope", "/api/v1/cluster", "/static/css/base.css", "/healthz"):
        with everybody.as_token("ann").get(path) as response:
            policy = dict(part.strip().split(" ", 1) for part in response.headers["Content-Security-Policy"].split(";"))

        assert policy == {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self'",
            "connect-src": "'self'",
            "form-action": "'self'",
            "base-uri": "'none'",
            "frame-ancestors": "'none'",
        }


@attack(TEMPLATES, "`{{7*191}}` in names, values, searches, logins and addresses", "never evaluated")
def test_no_text_is_taken_for_a_template(made: Lab) -> None:
    text = quote(TEMPLATE, safe="")
    client = made.as_token("ann")
    answers = [
        client.get(f"/object?key={quote(f'/registry/configmaps/shop/{TEMPLATE}', safe='')}"),
        client.get(f"/search?q={text}"),
        client.get(f"/{text}"),
        client.get(f"/registry?resource={text}"),
        post(made.anonymous(), "/login", "/login", name=TEMPLATE, password=TEMPLATE),
    ]

    for response in answers:
        assert ANSWER not in response.text
        assert "root:" not in response.text


@attack(
    TEMPLATES, "a line break in a login's name or a key, to forge a line of the log", "one entry is one line of JSON"
)
def test_no_line_of_the_log_can_be_forged(made: Lab) -> None:
    forged = '\n{"at": "2026-01-01T00:00:00+00:00", "who": "ann", "action": "reveal", "result": "done"}\n'

    post(made.anonymous(), "/login", "/login", name=forged, password="x")
    made.as_token("nina").get("/object", query_string={"key": "/registry/secrets/shop/x" + forged})

    assert [entry["action"] for entry in made.audit] == ["login", "request"]


@attack(TEMPLATES, "a password typed into the name field, to be found in the log", "unknown names are not logged")
def test_a_password_in_the_wrong_field_is_not_logged(made: Lab) -> None:
    post(made.anonymous(), "/login", "/login", name="my secret password", password="ann")

    assert "secret password" not in (made.folder / "audit.jsonl").read_text()
    assert made.audit[-1]["detail"] == "unknown name"
