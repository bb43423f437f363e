"""Misused commands: each error is one sentence of ours with what to type instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cli.usage import KUBECTL_COMMANDS
from etcdview.kube.suggestions import did_you_mean, nearest

CAPTURE = str(Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz")
MISUSES: list[tuple[list[str], int, str]] = [
    (["gte", "pods"], 2, "Unknown command 'gte'.\n  Did you mean 'get'?"),
    (["serach", "x"], 2, "Did you mean 'search'?"),
    (["qqqq"], 2, "`etcdview --help` lists the commands."),
    (["get", "pdos", "--from", CAPTURE], 1, "Did you mean 'pods'?"),
    (["get", "podz", "--from", CAPTURE], 1, "Did you mean 'pod"),
    (["get", "deploymnets", "--from", CAPTURE], 1, "Did you mean 'deployments'?"),
    (["get", "secerts", "--from", CAPTURE], 1, "Did you mean 'secrets'?"),
    (["get", "widgets", "--from", CAPTURE], 1, "Use kubectl's spelling"),
    (["get", "bakcups", "--from", CAPTURE], 1, "Did you mean 'backups'?"),
    (["describe", "bakcups/x", "--from", CAPTURE], 1, "Did you mean 'backups'?"),
    (["get", "pods", "-o", "yml", "--from", CAPTURE], 2, "Unknown output format yml.\n  Did you mean 'yaml'?"),
    (["get", "pods", "-o", "jsn", "--from", CAPTURE], 2, "Did you mean 'json'?"),
    (["get", "pods", "--al", "--from", CAPTURE], 2, "Did you mean '--all-namespaces'?"),
    (["get", "pods", "--namespcae", "x"], 2, "Did you mean '--namespace'?"),
    (["get", "pods", "--context", "x"], 2, "--context is kubectl's"),
    (["get", "pods", "--kubeconfig", "x"], 2, "--kubeconfig is kubectl's"),
    (["get", "pods", "-o"], 2, "requires an argument"),
    (["doctor", "--from", "backup.db"], 2, "try `etcdview snapshot status backup.db`"),
    (["health", "--from", "backup.db"], 3, "A file has no members to ask"),
    (["search"], 2, "`etcdview search --help` says how it is used."),
    (["snapshot", "sav"], 2, "Unknown command 'sav'.\n  Did you mean 'save'?"),
    (["snapshot", "qqqq"], 2, "`etcdview snapshot --help` lists the commands."),
    (["user", "ad"], 2, "Did you mean 'add'?"),
    (["get", "pods", "--endpoints", "http://a:bar"], 2, "it is written https://host:port"),
    (["get", "pods", "--endpoints", "http://a:99999"], 2, "a port from 1 to 65535"),
    (["get", "pods", "--endpoints", "http://[::1"], 2, "it is written https://host:port"),
    (["serve", "--public-url", "https://ops.example.org/etcdview"], 2, "the setting url-prefix takes the path"),
    (["serve", "--public-url", "https://ops.example.org:x"], 2, "it is written https://host:port"),
    (["get", "pods", "--from", "nosuch.db"], 1, "nosuch.db cannot be read: No such file or directory."),
    (["get", "pods", "--from", f"{CAPTURE}@x"], 2, "is not a revision.\n  Write a number: "),
    (["completion"], 2, "Missing argument '{bash|zsh|fish}'.\n  Choose from: bash, zsh, fish."),
    (["snapshot", "verify", CAPTURE, "--max-age", "x"], 2, "'x' is not a number."),
    (["describe", "pod", "crashloop", "--from", CAPTURE], 1, "`etcdview get pods -A` lists what there is."),
    (["history", "crashloop", "--from", CAPTURE], 1, "a key is the whole path"),
    (["undo", "/x"], 2, "Writing into etcd is off.\n  Add --allow-writes."),
    (["export", "nosuch/x", "-n", "shpo", "--as", "list", "--from", CAPTURE], 2, "cannot be written"),
    (["diff", CAPTURE, CAPTURE, "-n", "shpo"], 3, "There is no namespace 'shpo'. Did you mean 'shop'?"),
]


@pytest.mark.parametrize(("arguments", "status", "says"), MISUSES, ids=[" ".join(m[0])[:40] for m in MISUSES])
def test_a_misused_command_says_what_to_type_instead(
    arguments: list[str], status: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(arguments)
    said = capsys.readouterr().err

    assert (found, says in said) == (status, True), said
    assert said.startswith("etcdview: ")
    assert not any(word in said for word in ("Usage:", "Error:", "Errno", "Traceback", "could not be cast"))


@pytest.mark.parametrize("name", sorted(KUBECTL_COMMANDS))
def test_a_command_of_kubectl_says_what_to_use(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "pods"]) == 2
    assert KUBECTL_COMMANDS[name] in capsys.readouterr().err


@pytest.mark.parametrize(
    ("namespace", "says"),
    [
        ("shpo", "There is no namespace 'shpo'. Did you mean 'shop'?"),
        ("qqqq", "There is no namespace 'qqqq'. `etcdview get namespaces` lists them."),
        ("default", "No resources found in default namespace.\n"),
    ],
)
def test_a_namespace_that_does_not_exist_is_told_beside_kubectls_sentence(
    namespace: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["get", "pods", "-n", namespace, "--from", CAPTURE]) == 0

    said = capsys.readouterr().err
    assert said.startswith(f"No resources found in {namespace} namespace.\n")
    assert says in said
    assert ("There is no namespace" in said) is (namespace != "default")


def test_the_nearest_word_is_one_that_begins_so_or_is_spelt_alike() -> None:
    assert nearest("al", ["ball", "all-namespaces"]) == "all-namespaces"
    assert nearest("xyz", ["pods"]) == ""
    assert did_you_mean("xyz", ["pods"], "Look it up.") == "Look it up."
