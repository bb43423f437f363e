"""-o jsonpath and -o custom-columns print what kubectl prints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etcdview.cli.main import run
from etcdview.errors import QueryError, UsageError
from etcdview.pages.tools.get.paths import parse_columns, template_of

CAPTURE = Path(__file__).parents[4] / "testdata" / "cluster-shop" / "registry.jsonl.gz"
LIST: dict[str, Any] = {
    "kind": "List",
    "items": [
        {"metadata": {"name": "a", "labels": {"app.kubernetes.io/name": "x"}}, "spec": {"n": 1, "l": [1, 2]}},
        {"metadata": {"name": "b"}, "spec": {"on": True, "conditions": [{"type": "Ready", "status": "True"}]}},
    ],
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{.items[*].metadata.name}", "a b"),
        ("{.items[0].metadata.name}", "a"),
        ("{.items[-1:].metadata.name}", "b"),
        ("{$.kind}", "List"),
        (".kind", "List"),
        ("{..name}", "a b"),
        ("{.items[0].spec}", '{"l":[1,2],"n":1}'),
        ("{.items[*].spec.on}", "true"),
        ("{.items[0].metadata.labels.app\\.kubernetes\\.io/name}", "x"),
        ('{.items[*].spec.conditions[?(@.type=="Ready")].status}', "True"),
        ("{.items[?(@.metadata.name=='b')].metadata.name}", "b"),
        ("names: {.items[*].metadata.name}{'\\n'}", "names: a b\n"),
        ('{range .items[*]}{.metadata.name}{"\\t"}{.spec.n}{"\\n"}{end}', "a\t1\nb\t\n"),
        ("{range .items[*]}{@.metadata.name} of {$.kind}, {end}done", "a of , b of , done"),
        ("{range .items[*]}{range .spec.l[*]}{@}-{end}{end}", "1-2-"),
        ("{.items[*]['metadata','kind'].name}", "a b"),
        ("plain text", "plain text"),
        ('{"}{"}{.kind}', "}{List"),
        ("{.nothing}", ""),
    ],
)
def test_a_template_is_filled_as_kubectl_fills_it(template: str, text: str) -> None:
    assert template_of(template).render(LIST) == text


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{range .items[*]}{.a}", "has no {end}"),
        ("{.a}{end}", "nothing to end"),
        ("{.a", "not closed"),
        ('{"a}', "not closed"),
        ("{.items[(@.length-1)]}", "is not an index"),
        ("{....a}", "descends"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(template: str, says: str) -> None:
    with pytest.raises((UsageError, QueryError), match=says):
        template_of(template)


def test_columns_take_paths_in_every_form() -> None:
    columns = parse_columns("NAME:metadata.name,N:.spec['n','on'],C:{.spec.conditions[?(@.type==\"Ready\")].status}")

    assert [column.name for column in columns] == ["NAME", "N", "C"]
    assert [[column.cell(obj) for column in columns] for obj in LIST["items"]] == [
        ["a", "1", "<none>"],
        ["b", "true", "True"],
    ]


@pytest.mark.parametrize("spec", ["", "NAME", "NAME:", ":.a", "A:.b["])
def test_what_is_no_column_is_refused(spec: str) -> None:
    with pytest.raises(UsageError):
        parse_columns(spec)


def get(*arguments: str) -> int:
    return run(["get", "--from", str(CAPTURE), *arguments])


def test_one_name_is_an_object_and_several_are_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert get("deploy", "cart", "-n", "shop", "-o", "jsonpath={.metadata.name}") == 0
    assert get("deploy", "-n", "shop", "-o", "jsonpath={.items[*].metadata.name}") == 0
    assert capsys.readouterr().out == "cart" + "cart catalog checkout"


def test_own_columns_are_as_wide_as_kubectls(capsys: pytest.CaptureFixture[str]) -> None:
    assert get("deploy", "-n", "shop", "-o", "custom-columns=NAME:.metadata.name,N:.spec.replicas,X:.x") == 0
    assert capsys.readouterr().out == (
        "NAME       N     X\ncart       3     <none>\ncatalog    2     <none>\ncheckout   3     <none>\n"
    )
    assert get("deploy", "-n", "shop", "--no-headers", "-o", "custom-columns=N:.spec.replicas") == 0
    assert capsys.readouterr().out == "3\n2\n3\n"
    assert get("deploy", "-n", "empty", "-o", "custom-columns=N:.spec.replicas") == 0
    assert capsys.readouterr() == (
        "",
        "No resources found in empty namespace.\nThere is no namespace 'empty'. Did you mean 'empty-one'?\n",
    )


def test_secrets_stay_masked_in_paths(capsys: pytest.CaptureFixture[str]) -> None:
    get("secrets", "-A", "-o", "jsonpath={.items[*].data}")
    get("secrets", "-A", "-o", "custom-columns=D:.data")
    out = capsys.readouterr().out
    assert "•••" in out
    assert "Y29ycmVjdC" not in out


@pytest.mark.parametrize("output", ["go-template={{.kind}}", "jsonpath", "custom-columns", "xml"])
def test_another_output_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str], output: str) -> None:
    assert get("pods", "-o", output) == 2
    assert "jsonpath='{.items[*].metadata.name}'" in capsys.readouterr().err
