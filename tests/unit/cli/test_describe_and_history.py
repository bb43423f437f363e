"""`describe`, `history` and `members` on a file: what they print, what they mask, and how they end."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.stores.files.dump import write_dump
from tests.unit.pages.registry_of import kv, obj
from webapp import create_app

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
DUMP = str(CAPTURE / "registry.jsonl.gz")
SOURCE = ("--from", DUMP, "--encryption-config", str(CAPTURE / "encryption-config.yaml"))
CRASHLOOP = "/registry/pods/shop/crashloop"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    """The pages on the same file."""
    settings = Settings(from_file=DUMP, encryption_config=SOURCE[-1])
    return create_app(settings, open_cluster(settings)).test_client()


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    """What the command prints; on standard error where it must fail."""
    capsys.readouterr()
    assert run([*arguments]) == status
    captured = capsys.readouterr()
    return captured.err if status else captured.out


@pytest.mark.parametrize("words", [("pod", "crashloop"), ("pods/crashloop",), ("po", "crashloop")])
def test_describe_takes_a_type_and_a_name_as_kubectl_does(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    lines = said(capsys, "describe", *words, "-n", "shop", *SOURCE).splitlines()
    assert lines[0] == "Name:        crashloop"
    assert "Containers:" in lines
    assert lines[-1] == "Events:  <none>"


def test_describe_says_what_the_summary_tab_shows(capsys: pytest.CaptureFixture[str], client: FlaskClient) -> None:
    text = said(capsys, "describe", "deploy", "cart", "-n", "shop", *SOURCE)
    page = unescape(re.sub(r"<[^>]+>", "", client.get("/object?key=/registry/deployments/shop/cart").text))
    labels = re.findall(r"^ *([A-Z][\w' ]+):  ", text, re.MULTILINE)
    assert len(labels) > 10
    assert [label for label in labels if label not in page] == []
    assert "Scaled up replica set cart-c86d8d456 from 1 to 3" in text.splitlines()[-2]
    assert "ReplicaSet shop/cart-c86d8d456" in text


def test_describe_masks_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "describe", "secret", "db-credentials", "-n", "payments", *SOURCE)
    assert re.search(r"password +••• 28 bytes · fingerprint", text)
    assert "correct" not in text


def test_describe_prints_several_objects_apart_and_names_those_that_are_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["describe", "pod", "crashloop", "none", "-n", "shop", *SOURCE]) == 1
    captured = capsys.readouterr()
    assert captured.out.startswith("Name:        crashloop")
    assert "'/registry/pods/shop/none' does not exist" in captured.err


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("pod",), 2, "No name was given"),
        ((), 2, "You must say which type"),
        (("pod/a", "b"), 2, "type/name"),
        (("nosuch", "x"), 1, 'no resource type "nosuch"'),
        (("pod", "none"), 1, "does not exist"),
    ],
)
def test_describe_ends_with_1_for_what_is_missing_and_2_for_misuse(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, says: str
) -> None:
    assert says in said(capsys, "describe", *words, *SOURCE, status=status)


def test_what_others_wrote_cannot_reach_the_terminal_and_cannot_break_the_summary(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ref = {"kind": "ConfigMap", "namespace": "shop", "name": "m"}
    event = obj("Event", "shop", "m.1", involvedObject=ref, count="zzz", series=[], message="\x1b[2J\u202e", reason=7)
    path = tmp_path / "d.jsonl"
    write_dump(
        [
            kv("/registry/configmaps/shop/m", obj("ConfigMap", "shop", "m", data={"a": "\x1b[31mred"})),
            kv("/registry/configmaps/shop/broken", b"k8s\0\xff\xff"),
            kv("/registry/events/shop/m.1", event),
        ],
        path,
    )
    text = said(capsys, "describe", "cm", "m", "-n", "shop", "--from", str(path))
    assert "\x1b" not in text
    assert "\\x1b[31mred" in text
    assert "\\x1b[2J\\u202e" in text
    assert "broken" in said(capsys, "describe", "cm", "broken", "-n", "shop", "--from", str(path), status=1)


def test_history_of_a_dump_has_one_value_and_says_that_there_are_no_older_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = said(capsys, "history", CRASHLOOP, *SOURCE).splitlines()
    assert lines[0].startswith("revision ")
    assert lines[-1] == "This file does not hold older values."


@pytest.mark.parametrize("key", [CRASHLOOP, "/registry/secrets/payments/db-credentials"])
def test_history_as_json_is_what_the_api_answers(
    capsys: pytest.CaptureFixture[str], client: FlaskClient, key: str
) -> None:
    reported = json.loads(said(capsys, "history", key, "-o", "json", *SOURCE))
    answer = client.get(f"/api/v1/history?key={key}").get_json()
    unkeyed = re.compile(r"fingerprint [0-9a-f]+")  # each process has a key of its own
    assert unkeyed.sub("", json.dumps(reported, sort_keys=True)) == unkeyed.sub("", json.dumps(answer, sort_keys=True))


def test_history_of_no_key_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert "keeps no older value" in said(capsys, "history", "/registry/none", *SOURCE, status=1)


def test_a_file_has_no_members(capsys: pytest.CaptureFixture[str]) -> None:
    assert "A file has no members to ask." in said(capsys, "members", *SOURCE, status=1)


@pytest.mark.parametrize("words", [("members",), ("history", "/k"), ("describe", "pod", "x")])
def test_an_etcd_that_cannot_be_reached_is_3(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    assert said(capsys, *words, "--endpoints", "http://127.0.0.1:1", status=3)
