"""A registry under another prefix, as OpenShift has it, is not called empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.models import KeyValue
from etcdview.stores.files.memory import StaticStore
from etcdview.stores.prefixes import other_prefixes

DUMP = Path(__file__).parents[2] / "testdata/cases/openshift-prefixes/dump.jsonl"


@pytest.mark.parametrize("words", [["pods", "-A"], ["pods"], ["pod", "web"], ["routes", "-A"], ["pods", "-o", "json"]])
def test_an_empty_registry_beside_others_is_told(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", *words, "--from", str(DUMP)]) == 1

    shown = capsys.readouterr()
    assert shown.out == ""
    assert "No key is below /registry; there are keys below /kubernetes.io and /openshift.io." in shown.err
    assert "--etcd-prefix" in shown.err


def test_with_the_prefix_pods_appear(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "pods", "-A", "--from", str(DUMP), "--etcd-prefix", "/kubernetes.io"]) == 0

    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["shop", "web"]


@pytest.mark.parametrize(
    ("keys", "others"),
    [
        ([], ()),
        (["/registry/pods/a/b", "/other/x"], ()),
        (["/other/x", "/other/y", "/z"], ("/other", "/z")),
        (["/registry-old/pods/a", "/registryx"], ("/registry-old", "/registryx")),
        (["plain"], ()),
    ],
)
def test_the_first_parts_of_other_keys_are_found(keys: list[str], others: tuple[str, ...]) -> None:
    kvs = [KeyValue(key.encode(), 1, 1, 1) for key in sorted(keys)]

    assert other_prefixes(StaticStore("some", kvs, 1), b"/registry/") == others
