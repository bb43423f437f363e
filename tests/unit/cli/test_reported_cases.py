"""What people reported of JSONPath, custom columns and packed snapshots, with what is right; others of the kind beside.

The other reports: test_decode_piped.py, test_other_prefixes.py, config/test_kubeadm.py, and on real servers
integration/test_tls_table.py, integration/test_sockets.py and tests/kine.
"""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from etcdview.cli.main import run

CREATED = {"namespace": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}
PODS: dict[str, dict[str, Any]] = {
    "p1": {
        "status": {"phase": "Running"},
        "spec": {
            "containers": [
                {"name": "c", "command": ["a", "b"], "resources": {"limits": {"memory": "64Mi", "cpu": "1"}}},
                {"name": "d"},
            ]
        },
    },
    "p2": {"status": {"phase": "Pending"}},
}
LABELS = {"kubernetes.io/hostname": "n1", "a\\b": "back"}
DATA = {"tls.crt": "PEM", "z": "<a&b>", "b": "x", "u": "\u2028"}


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> str:
    objects = {f"pods/a/{name}": _object("Pod", name, **more) for name, more in PODS.items()}
    objects["configmaps/a/c"] = _object("ConfigMap", "c", LABELS, data=DATA)
    path = tmp_path_factory.mktemp("reported") / "dump.jsonl"
    path.write_text("".join(_line(key, obj) for key, obj in sorted(objects.items())))
    return str(path)


def _object(kind: str, name: str, labels: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    metadata = {"name": name, **CREATED, **({"labels": labels} if labels else {})}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **more}


def _line(key: str, obj: dict[str, Any]) -> str:
    value = base64.b64encode(json.dumps(obj).encode()).decode()
    return json.dumps({"key": f"/registry/{key}", "mod_revision": 5, "version": 1, "value": value}) + "\n"


def _printed(words: list[str], dump: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["get", *words, "-n", "a", "--from", dump]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("path", "text"),
    [
        # a dot that belongs to the key, in brackets and without
        (r"{.data['tls\.crt']}", "PEM"),
        (r"{.data.tls\.crt}", "PEM"),
        (r"{.metadata.labels['kubernetes\.io/hostname']}", "n1"),
        (r"{.metadata.labels.kubernetes\.io/hostname}", "n1"),
        # an object as json.Marshal writes it: keys in order, <, > and & escaped
        ("{.data}", r'{"b":"x","tls.crt":"PEM","u":"\u2028","z":"\u003ca\u0026b\u003e"}'),
        (r"{.data['z','b']}", "<a&b> x"),
    ],
)
def test_jsonpath_of_a_config_map(path: str, text: str, dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _printed(["cm", "c", "-o", f"jsonpath={path}"], dump, capsys) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        # client-go takes a union name by name: all of the first, then all of the second
        ("{.items[*]['metadata.name','status.phase']}", "p1 p2 Running Pending"),
        ("{.items[*].metadata['name','namespace']}", "p1 p2 a a"),
        ("{.items[0]['status.phase','metadata.name']}", "Running p1"),
        ("{range .items[*]}{.metadata['name','namespace']}{end}", "p1 ap2 a"),
    ],
)
def test_jsonpath_unions(path: str, text: str, dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _printed(["pods", "-o", f"jsonpath={path}"], dump, capsys) == text


@pytest.mark.parametrize(
    ("columns", "rows"),
    [
        (
            "N:.metadata.name,L:.spec.containers[*].resources.limits,C:.spec.containers[0].command",
            [
                "N     L                        C",
                "p1    map[cpu:1 memory:64Mi]   [a b]",
                "p2    <none>                   <none>",
            ],
        ),
        ("C:.spec.containers[*].name", ["C", "c,d", "<none>"]),
        ("S:.status", ["S", "map[phase:Running]", "map[phase:Pending]"]),
    ],
)
def test_custom_columns_write_maps_and_lists_as_go_does(
    columns: str, rows: list[str], dump: str, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = _printed(["pods", "-o", f"custom-columns={columns}"], dump, capsys)

    assert [line.rstrip() for line in printed.splitlines()] == rows


def test_a_dot_in_a_custom_column_is_escaped_in_brackets(dump: str, capsys: pytest.CaptureFixture[str]) -> None:
    columns = r"H:.metadata.labels['kubernetes\.io/hostname']"

    assert _printed(["cm", "c", "-o", f"custom-columns={columns}"], dump, capsys).split() == ["H", "n1"]


@pytest.mark.parametrize("words", [["snapshot", "status"], ["get", "pods", "--from"], ["search", "x", "--from"]])
def test_a_zip_without_a_snapshot_in_it_is_called_a_zip(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """k3s and RKE2 compress their snapshots so."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("on-demand-host-1700000000", bytes(4096))
    path = tmp_path / "on-demand-host-1700000000.zip"
    path.write_bytes(made.getvalue())

    assert run([*words, str(path)]) == 1

    shown = capsys.readouterr().err
    assert "is a zip archive" in shown
    assert f"unzip {path}" in shown
