"""`etcdview get` reads like kubectl: arguments, layouts, outputs, complaints, exit status."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etcdview.cli.main import run

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
FLAGS = ("--encryption-config", str(CAPTURE / "encryption-config.yaml"), "--now", "2026-11-23T15:57:37.56Z")
TABLES: dict[str, Any] = json.loads(gzip.decompress((CAPTURE / "tables.json.gz").read_bytes()))

Result = tuple[int, str, str]
Get = Callable[..., Result]


@pytest.fixture
def get(capsys: pytest.CaptureFixture[str]) -> Get:
    """etcdview get on the captured registry."""

    def call(*arguments: str, source: Path = CAPTURE / "registry.jsonl.gz") -> Result:
        status = run(["get", "--from", str(source), *FLAGS, *arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


def rows(out: str) -> list[str]:
    return out.splitlines()[1:]


def test_a_table_is_laid_out_as_kubectl_does(get: Get) -> None:
    assert get("deploy", "-n", "shop") == (
        0,
        "NAME       READY   UP-TO-DATE   AVAILABLE   AGE\n"
        "cart       2/3     3            2           2m1s\n"
        "catalog    0/2     2            0           2m1s\n"
        "checkout   3/3     3            3           2m1s\n",
        "",
    )


def test_wide_adds_the_columns_of_a_higher_priority(get: Get) -> None:
    out = get("deploy", "cart", "-n", "shop", "-o", "wide")[1]
    assert out.splitlines()[0].split() == [
        "NAME",
        "READY",
        "UP-TO-DATE",
        "AVAILABLE",
        "AGE",
        "CONTAINERS",
        "IMAGES",
        "SELECTOR",
    ]
    assert out.splitlines()[1].split()[-2:] == ["registry.example.org/cart:2.4.0", "app=cart"]


def test_all_namespaces_put_the_namespace_first(get: Get) -> None:
    out = get("deployments.apps", "-A")[1]
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["NAMESPACE", "NAME"],
        ["shop", "cart"],
        ["shop", "catalog"],
        ["shop", "checkout"],
    ]


def test_cluster_scoped_types_have_no_namespace_column(get: Get) -> None:
    assert get("nodes", "-A")[1].startswith("NAME ")


@pytest.mark.parametrize(
    "word",
    [
        "pods",
        "pod",
        "po",
        "Pod",
        "POD",
        "deployments.apps",
        "deployment.v1.apps",
        "ba",
        "backups.example.org",
    ],
)
def test_types_are_known_by_all_their_names(get: Get, word: str) -> None:
    status, out, _ = get(word, "-A")
    assert (status, len(rows(out)) > 2) == (0, True)


def test_several_types_get_their_kind_before_the_name_and_a_blank_line_between(get: Get) -> None:
    out = get("deploy,svc", "-n", "shop")[1]
    first, second = out.split("\n\n")
    assert [line.split()[0] for line in first.splitlines()[1:]] == [
        "deployment.apps/cart",
        "deployment.apps/catalog",
        "deployment.apps/checkout",
    ]
    assert second.splitlines()[1].startswith("service/cart ")


def test_the_category_all_holds_custom_resources_too(get: Get) -> None:
    out = get("all", "-n", "payments")[1]
    kinds = {line.split("/")[0] for line in out.splitlines() if "/" in line.split(" ")[0]}
    assert kinds == {"pod", "service", "statefulset.apps", "cronjob.batch", "job.batch", "backup.example.org"}


def test_names_may_follow_the_type_or_stand_behind_a_slash(get: Get) -> None:
    assert get("pods", "running", "failed", "-n", "shop", "-o", "name")[1] == "pod/running\npod/failed\n"
    assert get("pod/running", "svc/cart", "-n", "shop", "-o", "name")[1] == "pod/running\nservice/cart\n"


def test_a_missing_name_is_told_beside_what_was_found(get: Get) -> None:
    status, out, err = get("pods", "running", "nope", "-n", "shop", "-o", "name")
    assert (status, out, err) == (1, "pod/running\n", 'etcdview: pods "nope" not found\n')
    assert get("deploy", "nope")[2] == 'etcdview: deployments.apps "nope" not found\n'


def test_an_unknown_type_is_told(get: Get) -> None:
    status, _, err = get("wonders")
    assert (status, err.splitlines()[0]) == (1, 'etcdview: The registry has no resource type "wonders".')


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("pods", "-n", "empty-one"), "No resources found in empty-one namespace.\n"),
        (("pods", "-A", "-l", "app=nothing"), "No resources found\n"),
        (("nodes", "-l", "app=nothing"), "No resources found\n"),
    ],
)
def test_nothing_found_is_said_and_no_failure(get: Get, arguments: tuple[str, ...], said: str) -> None:
    assert get(*arguments) == (0, "", said)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("pods", "running", "-A"),
        ("pod/running", "cart"),
        ("pod/",),
        ("pods", "running", "-l", "app=cart"),
        ("pods,svc", "-o", "table-json"),
        ("pods,svc", "--watch"),
        ("pods", "--watch", "-o", "json"),
        ("pods", "-l", "app in cart"),
        ("pods", "--field-selector", "metadata.name"),
        ("pods", "--sort-by", ".spec[?("),
    ],
)
def test_nonsense_is_a_usage_error(get: Get, arguments: tuple[str, ...]) -> None:
    status, out, err = get(*arguments)
    assert (status, out, err.startswith("etcdview: ")) == (2, "", True)


def test_a_file_cannot_be_watched(get: Get) -> None:
    status, out, err = get("pods", "-n", "shop", "--watch")
    assert status == 1
    assert "cannot be watched" in err
    assert out.startswith("NAME")


def test_selectors_and_sorting_choose_and_order_the_rows(get: Get) -> None:
    out = get("pods", "-A", "-l", "app=cart,!canary", "--sort-by", "{.status.podIP}", "-o", "name")[1]
    assert out.split() == ["pod/cart-c86d8d456-vlv2c", "pod/cart-c86d8d456-m99c6", "pod/cart-c86d8d456-n7nwn"]
    out = get("pods", "-A", "--field-selector", "spec.nodeName=worker-2,status.phase!=Running", "-o", "name")[1]
    assert [line[:16] for line in out.split()] == ["pod/migrate-2026"] * 3


def test_labels_can_be_shown_and_headers_left_out(get: Get) -> None:
    out = get("deploy", "cart", "-n", "shop", "--show-labels", "--no-headers", "-L", "app.kubernetes.io/name")[1]
    assert out.split()[5:] == ["cart", "app.kubernetes.io/name=cart,app=cart,tier=web"]


def test_json_of_one_object_is_the_object_without_managed_fields(get: Get) -> None:
    obj = json.loads(get("deploy", "cart", "-n", "shop", "-o", "json")[1])
    assert (obj["kind"], obj["metadata"]["name"], "managedFields" in obj["metadata"]) == ("Deployment", "cart", False)
    kept = json.loads(get("deploy", "cart", "-n", "shop", "-o", "json", "--show-managed-fields")[1])
    assert "managedFields" in kept["metadata"]


def test_json_and_yaml_of_several_objects_are_a_list(get: Get) -> None:
    whole = json.loads(get("deploy", "-n", "shop", "-o", "json")[1])
    assert (whole["kind"], [o["metadata"]["name"] for o in whole["items"]]) == ("List", ["cart", "catalog", "checkout"])
    assert get("deploy", "-n", "shop", "-o", "yaml")[1].startswith("apiVersion: v1\nitems:\n- apiVersion: apps/v1\n")


@pytest.mark.parametrize("output", ["json", "yaml", "table-json", "wide", "name"])
def test_secret_values_are_masked_on_every_way_out(get: Get, output: str) -> None:
    out = get("secrets", "-A", "-o", output, "--show-labels", "--show-managed-fields")[1]
    for line in gzip.decompress((CAPTURE / "objects.jsonl.gz").read_bytes()).splitlines():
        row = json.loads(line)
        if not row["key"].startswith("/registry/secrets/"):
            continue
        for value in (row["served"][0].get("data") or {}).values():
            assert len(value) < 12 or value not in out
            plain = base64.b64decode(value).decode("utf-8", "replace")
            assert len(plain) < 8 or plain not in out


def test_table_json_is_the_captured_table(get: Get) -> None:
    captured = TABLES["deployments.v1.apps"]
    table = json.loads(get("deployments.apps", "-A", "-o", "table-json", "--now", captured["captured"])[1])
    assert table["rows"] == captured["rows"]
    assert table["columns"] == [{k: c[k] for k in ("name", "type", "priority")} for c in captured["columns"]]


def dump(path: Path, *values: tuple[str, bytes]) -> Path:
    with gzip.open(path, "wt") as out:
        for revision, (key, value) in enumerate(values, 1):
            row = {"key": key, "mod_revision": revision, "version": 1, "value": base64.b64encode(value).decode()}
            out.write(json.dumps(row) + "\n")
    return path


def test_a_value_that_cannot_be_decoded_is_listed_by_name_and_told(get: Get, tmp_path: Path) -> None:
    source = dump(tmp_path / "d.jsonl.gz", ("/registry/configmaps/default/odd", b"\xff\xfe"))
    status, out, err = get("cm", source=source)
    assert status == 1
    assert out.splitlines()[1].split() == ["odd", "<unreadable>", "<unreadable>"]
    assert err.startswith("etcdview: /registry/configmaps/default/odd: ")


def test_custom_resources_whose_definition_is_gone_are_still_listed(get: Get, tmp_path: Path) -> None:
    obj = {"apiVersion": "example.org/v1", "kind": "Lost", "metadata": {"name": "one", "namespace": "default"}}
    obj["metadata"] |= {"creationTimestamp": "2026-11-23T15:57:07Z"}
    source = dump(tmp_path / "d.jsonl.gz", ("/registry/example.org/losts/default/one", json.dumps(obj).encode()))
    assert get("losts.example.org", source=source)[1].splitlines()[1].split() == ["one", "30s"]


def test_a_cell_ends_at_its_first_line_break_and_control_characters_are_harmless(get: Get, tmp_path: Path) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "default"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "message": "first \x1b[31mred\nsecond",
    }
    source = dump(tmp_path / "d.jsonl.gz", ("/registry/events/default/e", json.dumps(event).encode()))
    out = get("events", source=source)[1]
    assert out.splitlines()[1].endswith("first \\x1b[31mred...")


def test_a_bad_moment_is_a_usage_error(get: Get) -> None:
    assert get("pods", "--now", "noon")[0] == 2


def test_many_unreadable_values_are_counted_rather_than_listed(get: Get, tmp_path: Path) -> None:
    values = [(f"/registry/configmaps/default/odd-{i}", b"\xff") for i in range(8)]
    status, out, err = get("cm", source=dump(tmp_path / "d.jsonl.gz", *values))
    assert (status, len(out.splitlines()), len(err.splitlines())) == (1, 9, 6)
    assert err.splitlines()[-1] == "etcdview: 3 more configmaps could not be decoded."
