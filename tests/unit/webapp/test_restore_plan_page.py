"""/restore-plan: the answer of `etcdview restore plan` for the files that the server was started with."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app


@pytest.fixture(scope="module")
def sources(capture: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A snapshot, and the data directory of a member."""
    folder = tmp_path_factory.mktemp("left")
    whole = gzip.decompress((capture / "snapshot.db.gz").read_bytes())
    (folder / "s.db").write_bytes(whole)
    (folder / "cp1" / "member" / "snap").mkdir(parents=True)
    (folder / "cp1" / "member" / "snap" / "db").write_bytes(whole[:-32])
    return folder / "s.db", folder / "cp1"


@pytest.fixture(scope="module")
def client(sources: tuple[Path, Path]) -> Iterator[FlaskClient]:
    snapshot, data = sources
    settings = Settings(from_file=str(snapshot), compare=(str(data),), facts="off")
    cluster = open_cluster(settings)
    yield create_app(settings, cluster).test_client()
    cluster.close()


def test_the_steps_are_those_of_the_command(
    client: FlaskClient, sources: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["restore", "plan", *map(str, sources)]) == 0
    printed = capsys.readouterr().out
    page = html.unescape(client.get("/restore-plan?run=1").text)
    commands = re.findall(r"<pre class=\"code\" [^>]*data-copy>(.*?)</pre>", page, re.DOTALL)

    lines = [line.strip() for command in commands for line in command.splitlines()]
    changing = re.compile(r"restored-\w+")  # the moment
    assert len(lines) > 5
    for line in lines:
        assert changing.sub("", line) in changing.sub("", printed)
    assert f"Restore {sources[0]}" in page or f"Restore {sources[1]}" in page


def test_nothing_is_read_before_somebody_wants_it(client: FlaskClient, sources: tuple[Path, Path]) -> None:
    page = client.get("/restore-plan").text

    assert all(str(path) in page for path in sources)
    assert "<h2>Sources</h2>" in page
    assert "furthest" not in page


def test_a_path_that_is_not_absolute_is_an_error_of_the_request(client: FlaskClient) -> None:
    answer = client.get("/restore-plan?run=1&data-dir=etcd")

    assert (answer.status_code, "absolute" in answer.text) == (400, True)


def test_a_server_without_sources_says_how_to_name_one(capture: Path) -> None:
    settings = Settings(from_file=str(capture / "registry.jsonl.gz"), facts="off")
    cluster = open_cluster(settings)
    answer = create_app(settings, cluster).test_client().get("/restore-plan?run=1")
    cluster.close()

    assert (answer.status_code, "Nothing to restore from" in answer.text) == (400, True)
