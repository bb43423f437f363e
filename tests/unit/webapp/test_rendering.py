"""A whole page or the fragment that htmx wants, and what every template is protected from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask import Flask, render_template
from htmx_flask import Htmx
from jinja2 import DictLoader, UndefinedError

from webapp import rendering
from webapp.filters import shell, ticks
from webapp.rendering import nothing_new, render_page, stream_page, wants_fragment

HTMX = {"HX-Request": "true"}
FRAGMENTS = {"list": "list.html", "form": "form.html"}
TEMPLATES = {
    "page.html": "page {{ page }}",
    "list.html": "list {{ page }}",
    "form.html": "form {{ page }}",
    "live.html": "live {{ page }}",
    "wrong.html": "{{ page.nothing }}",
    "frame.html": "{{ frame }}",
    "asset.html": "{{ asset('style.css') }}",
}


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("rendered", static_folder=rendering.STATIC)
    Htmx(made)
    rendering.init_app(made)
    made.jinja_env.bytecode_cache = None
    made.jinja_env.loader = DictLoader(TEMPLATES)
    return made


def rendered(app: Flask, headers: Mapping[str, str], any_fragment: str = "") -> str:
    with app.test_request_context(headers=dict(headers)):
        return render_page("page.html", 1, fragments=FRAGMENTS, any_fragment=any_fragment).get_data(as_text=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "page 1"),
        ({"HX-Target": "list"}, "page 1"),
        (HTMX, "page 1"),
        (HTMX | {"HX-Target": "list"}, "list 1"),
        (HTMX | {"HX-Target": "form"}, "form 1"),
        (HTMX | {"HX-Target": "unknown"}, "page 1"),
        (HTMX | {"HX-Target": "list", "HX-Boosted": "true"}, "page 1"),
        (HTMX | {"HX-Target": "list", "HX-History-Restore-Request": "true"}, "page 1"),
    ],
)
def test_a_fragment_is_for_htmx_and_its_target_alone(app: Flask, headers: dict[str, str], expected: str) -> None:
    assert rendered(app, headers) == expected


def test_any_fragment_stands_in_for_targets_without_one_but_never_for_the_whole_page(app: Flask) -> None:
    assert rendered(app, HTMX | {"HX-Target": "unknown"}, "live.html") == "live 1"
    assert rendered(app, HTMX | {"HX-Target": "list"}, "live.html") == "list 1"
    assert rendered(app, {}, "live.html") == "page 1"
    assert rendered(app, HTMX | {"HX-Boosted": "true"}, "live.html") == "page 1"


@pytest.mark.parametrize("headers", [{}, HTMX | {"HX-Target": "list"}])
def test_caches_are_told_that_the_answer_depends_on_the_asker(app: Flask, headers: dict[str, str]) -> None:
    with app.test_request_context(headers=headers):
        answers = (render_page("page.html", 1, fragments=FRAGMENTS), stream_page("page.html", 1), nothing_new())
    assert [answer.headers["Vary"] for answer in answers] == ["HX-Request"] * 3


def test_a_page_has_the_status_it_is_given_and_nothing_new_has_no_body(app: Flask) -> None:
    with app.test_request_context():
        assert render_page("page.html", 1, status=409).status_code == 409
        assert (nothing_new().status_code, nothing_new().data) == (204, b"")


def test_a_streamed_page_is_not_held_back_by_a_proxy(app: Flask) -> None:
    with app.test_request_context():
        answer = stream_page("page.html", "<b>")
        assert (answer.is_streamed, answer.mimetype, answer.headers["X-Accel-Buffering"]) == (True, "text/html", "no")
        assert answer.get_data(as_text=True) == "page &lt;b&gt;"


def test_an_undefined_name_is_an_error(app: Flask) -> None:
    with app.test_request_context(), pytest.raises(UndefinedError):
        render_page("wrong.html", object())


@pytest.mark.parametrize("text", ["\x1b[2J", "\x00", "\u202egnp.exe", "\x9b31m"])
def test_no_value_brings_control_characters_into_a_page(app: Flask, text: str) -> None:
    with app.test_request_context():
        assert text[0] not in render_page("page.html", text).get_data(as_text=True)


def test_values_are_escaped(app: Flask) -> None:
    with app.test_request_context():
        assert render_page("page.html", "<script>'\"&").get_data(as_text=True) == "page &lt;script&gt;&#39;&#34;&amp;"


def test_who_has_not_logged_in_gets_no_frame(app: Flask) -> None:
    with app.test_request_context():
        assert render_template("frame.html") == "None"


def test_a_static_file_has_its_time_in_its_address(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "style.css").touch()
    monkeypatch.setattr(rendering, "STATIC", str(tmp_path))
    with app.test_request_context():
        stamp = int((tmp_path / "style.css").stat().st_mtime)
        assert render_template("asset.html") == f"/static/style.css?v={stamp}"


def test_a_static_file_that_is_not_there_is_an_error_and_not_a_dead_link(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rendering, "STATIC", str(tmp_path))
    with app.test_request_context(), pytest.raises(FileNotFoundError):
        render_template("asset.html")


def test_outside_of_htmx_no_fragment_is_wanted(app: Flask) -> None:
    with app.test_request_context():
        assert not wants_fragment()
    with app.test_request_context(headers=HTMX):
        assert wants_fragment()


def test_a_command_in_a_sentence_is_set_apart_and_everything_is_escaped() -> None:
    assert ticks("Run `etcdview doctor`, <now>.") == "Run <code>etcdview doctor</code>, &lt;now&gt;."
    assert ticks("`<b>`") == "<code>&lt;b&gt;</code>"


def test_the_connection_of_a_command_is_quiet_and_its_text_stays_the_same() -> None:
    assert shell("ETCDCTL_ENDPOINTS=a:1 ETCDCTL_KEY=<k> etcdctl get X=1 ") == (
        '<span class="connection quiet">ETCDCTL_ENDPOINTS=a:1 ETCDCTL_KEY=&lt;k&gt; </span>etcdctl get X=1 '
    )
    assert shell("kubectl get <pods>") == "kubectl get &lt;pods&gt;"
