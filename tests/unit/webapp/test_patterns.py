"""The parts that pages share: each is written once, and /patterns shows them all, in debug only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from flask.testing import FlaskClient

from etcdview.access.audit import RESULTS
from etcdview.pages.parts.lifetimes import Tone
from etcdview.pages.parts.scale import SCALE, on_scale
from etcdview.pages.parts.verdict import SEVERITIES as FINDINGS
from etcdview.pages.parts.verdict import STATUSES

TEMPLATES = Path(__file__).parents[3] / "templates"
SEVERITIES = ("ok", "progressing", "warning", "error", "unknown", "done")


def test_every_table_stands_in_the_one_frame() -> None:
    writers = [path.name for path in TEMPLATES.rglob("*.html") if "<table" in path.read_text()]

    assert writers == ["parts.html"]


@pytest.mark.parametrize("macros", sorted(path.stem for path in (TEMPLATES / "macros").glob("*.html")))
def test_a_template_imports_the_macros_that_it_uses(macros: str) -> None:
    """Any part of a page may be asked for by itself, when what it includes from is not there."""
    users = [
        path for path in TEMPLATES.rglob("*.html") if re.search(rf"(?<![\w.\"/]){macros}\.\w+\(", path.read_text())
    ]

    assert [str(path.relative_to(TEMPLATES)) for path in users if f"as {macros}" not in path.read_text()] == []


def test_the_words_of_findings_verdicts_audit_and_certificates_stand_on_the_one_scale() -> None:
    words = [*FINDINGS, *STATUSES, *RESULTS, *get_args(Tone)]

    assert [word for word in words if word not in SCALE] == []
    assert {SCALE[word] for word in words} <= set(SEVERITIES)
    assert [on_scale(word) for word in ("healthy", "at risk", "no quorum", "begun", "refused", "failed", "info")] == [
        "ok", "warning", "error", "progressing", "warning", "error", "done"
    ]  # fmt: skip
    assert on_scale("nonesuch") == "unknown"


def test_no_template_says_by_itself_where_a_word_stands_on_the_scale() -> None:
    own = re.compile(r'"(critical|healthy|at risk|degraded)": "')
    assert [path.name for path in TEMPLATES.rglob("*.html") if own.search(path.read_text())] == []


def test_all_components_are_shown_in_debug(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/patterns").status_code == 404

    monkeypatch.setitem(client.application.config, "DEBUG", True)
    page = client.get("/patterns").text

    assert [severity for severity in SEVERITIES if f"status-{severity}" not in page] == []
    parts = ("table-frame", "chip", "pill", "banner-bad", "empty", "verdict-no-quorum")
    assert [part for part in parts if part not in page] == []


def test_the_label_of_a_filter_never_stands_on_another_line_than_its_field() -> None:
    forms = [
        (path.name, form)
        for path in TEMPLATES.rglob("*.html")
        for form in re.findall(r'<form class="filters".*?</form>', path.read_text(), re.DOTALL)
    ]

    assert forms
    assert [name for name, form in forms if len(re.findall('<label for="', form)) != form.count('class="field"')] == []
