"""A file without keys, and one with keys but none of the registry: each command says plainly what it found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from tests.integration.conftest import run_etcdctl
from webapp import create_app

NOTHING = "It holds no key: nothing was ever written into this etcd."
ELSEWHERE = "No key is below /registry; there are keys below /other"
Said = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Snapshots and data directories of an etcd without keys, with others than Kubernetes', and with deleted ones."""
    folder = tmp_path_factory.mktemp("files")
    with LocalCluster(folder / "c", ("a",)) as running:
        saved = {}
        steps = {"empty": (), "other": (("put", "/other/a", "1"),), "deleted": (("del", "/other/a"),)}
        for name, commands in steps.items():
            for words in commands:
                run_etcdctl(running, *words)
            saved[name] = folder / f"{name}.db"
            run_etcdctl(running, "snapshot", "save", str(saved[name]))
    with LocalCluster(folder / "d", ("a",)) as running:
        pass
    return saved | {"directory": running.members[0].data}


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command: its status, and all that it prints."""

    def call(*words: object) -> tuple[int, str]:
        status = run([*map(str, words)])
        return status, "".join(capsys.readouterr())

    return call


@pytest.mark.parametrize("kind", ["empty", "directory"])
def test_a_file_without_a_key_is_said_to_hold_none(files: dict[str, Path], said: Said, kind: str) -> None:
    file = files[kind]
    for words in (["get", "pods", "-A"], ["search", "web"], ["history", "/registry/pods/shop/a"],
                  ["describe", "pod", "a"]):  # fmt: skip
        assert NOTHING in said(*words, "--from", file)[1], words
    for before in (["snapshot", "status"], ["snapshot", "verify"], ["restore", "plan"]):
        assert NOTHING in said(*before, file)[1], before
    assert NOTHING in said("diff", file, file)[1]
    assert f"{file} holds no key: a cluster that is restored from it is empty." in said("restore", "plan", file)[1]
    assert said("snapshot", "verify", file)[0] == 1
    space = said("space", "--from", file)[1]
    assert "total      0" in space
    assert NOTHING in space


@pytest.mark.parametrize("form", ["dir", "zip", "stream", "list", "dump"])
def test_an_export_of_nothing_is_not_made(files: dict[str, Path], said: Said, tmp_path: Path, form: str) -> None:
    out = tmp_path / "out"

    status, text = said("export", out, "--as", form, "--from", files["empty"])

    assert status == 1
    assert f"{out} is not made." in text
    assert not out.exists()


def test_an_export_of_nothing_to_standard_output_is_said(files: dict[str, Path], said: Said) -> None:
    status, text = said("export", "-", "--as", "stream", "--for-apply", "--from", files["empty"])
    assert status == 1
    assert "No object is left to export: nothing is written." in text


def test_keys_that_are_not_the_registrys_are_said(files: dict[str, Path], said: Said, tmp_path: Path) -> None:
    file = files["other"]
    for words in (["get", "pods", "-A"], ["search", "web"], ["describe", "pod", "a"],
                  ["export", str(tmp_path / "out"), "--as", "dir"]):  # fmt: skip
        assert ELSEWHERE in said(*words, "--from", file)[1], words
    assert ELSEWHERE in said("restore", "plan", file)[1]
    assert "It holds no object below /registry/." in said("snapshot", "verify", file)[1]
    assert "(unrecognised keys)" in said("space", "--from", file)[1]


def test_a_file_whose_keys_were_all_deleted_says_where_they_are(files: dict[str, Path], said: Said) -> None:
    text = said("search", "a", "--from", files["deleted"])[1]
    assert "It holds no key at revision 3, its newest: all were deleted. --deleted shows what is kept of them." in text
    status, text = said("search", "/other", "--from", files["deleted"], "--deleted")
    assert (status, "/other/a" in text) == (0, True)


@pytest.mark.parametrize(
    ("kind", "sentence"), [("empty", "The backup holds no key at revision 1"), ("other", ELSEWHERE)]
)
def test_nothing_of_the_registry_in_a_backup_is_not_taken_for_a_cluster_that_lacks_nothing(
    files: dict[str, Path], said: Said, plain_etcd: LocalCluster, kind: str, sentence: str
) -> None:
    status, text = said("rescue", "--from", files[kind], "--endpoints", plain_etcd.endpoints[0])

    assert status == 1
    assert sentence in text
    assert "lacks nothing" not in text


@pytest.mark.parametrize(("kind", "sentence"), [("empty", NOTHING), ("directory", NOTHING), ("other", ELSEWHERE)])
def test_the_pages_say_so_too(files: dict[str, Path], kind: str, sentence: str) -> None:
    settings = Settings(from_file=str(files[kind]), kube_api=True)
    cluster = open_cluster(settings)
    client = create_app(settings, cluster).test_client()
    try:
        for address in ("/", "/registry", "/registry?resource=pods", "/search?q=web", "/space"):
            page = client.get(address)
            assert page.status_code == 200
            assert sentence in " ".join(page.text.split()), address
        assert ("Is it a Kubernetes registry?" in client.get("/").text) == (kind == "other")
    finally:
        cluster.close()
