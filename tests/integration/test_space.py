"""`etcdview space` and the page on a live etcd: the sums are those of its values, and Status says the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.sources import open_file
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.stores.files.database import SnapshotStore
from tests.integration.conftest import run_etcdctl
from tests.integration.indexing import wait_for, writing
from tests.integration.test_get import config_map
from webapp import create_app


def test_page_and_command_have_the_sums_of_what_etcd_holds(
    plain_etcd: LocalCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    url = plain_etcd.endpoints[0]
    values = {key.encode(): value for key, value in (config_map(f"c{n}", n) for n in range(5))}
    with writing(url) as writer:
        for key, value in values.items():
            writer.put(key, value=value)

        assert run(["space", "--endpoints", url, "-o", "json", "--by", "object"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert {row["key"]: row["bytes"] for row in answer["rows"]} == {k.decode(): len(v) for k, v in values.items()}
        assert answer["complete"] is True
        assert answer["total"] == {"keys": 5, "bytes": sum(map(len, values.values()))}

        opened = open_cluster(Settings(endpoints=(url,), facts="on"))
        try:
            browser, facts = create_app(Settings(endpoints=(url,)), opened).test_client(), opened.facts
            assert facts is not None
            wait_for(lambda: facts.status.complete, lambda: facts.status)
            last = writer.put(b"/registry/configmaps/shop/more", value=b"x" * 1000)
            wait_for(lambda: facts.status.revision >= last, lambda: facts.status)
            shown = browser.get("/api/v1/space").get_json()
            assert shown["total"] == {"keys": 6, "bytes": sum(map(len, values.values())) + 1000}
            assert shown["revision"] >= last
            wait_for(lambda: "Free pages" in browser.get("/space").text, lambda: browser.get("/space").text)
        finally:
            opened.close()


@pytest.mark.parametrize("limit", [0, 1, 4, 5, 6])
def test_the_largest_objects_are_as_many_as_wanted_live_and_in_a_file(
    plain_etcd: LocalCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str], limit: int
) -> None:
    with writing(plain_etcd.endpoints[0]) as writer:
        for number in range(5):
            writer.put(b"/registry/configmaps/a/c%d" % number, value=b"x" * (10 * number + 10))
    snapshot = str(tmp_path / "s.db")
    run_etcdctl(plain_etcd, "snapshot", "save", snapshot)

    def rows(*source: str) -> list[tuple[str | None, int]]:
        assert run(["space", *source, "-o", "json", "--by", "object", "--limit", str(limit)]) == 0
        return [(row.get("key"), row["keys"]) for row in json.loads(capsys.readouterr().out)["rows"]]

    largest = [(f"/registry/configmaps/a/c{number}", 1) for number in range(4, -1, -1)][: limit or None]
    rest = [(None, 5 - len(largest))] if len(largest) < 5 else []
    assert rows("--endpoints", plain_etcd.endpoints[0]) == [*largest, *rest]
    assert rows("--from", snapshot) == [*largest, *rest]


@pytest.mark.long
def test_what_compaction_and_defragmentation_give_back_is_what_they_do(tmp_path: Path) -> None:
    """Values of all sizes, written again and again and deleted in part, so that there is history and free pages."""
    with LocalCluster(tmp_path / "etcd", ("m",)) as etcd, writing(etcd.endpoints[0]) as writer:
        for turn in range(4):
            for first in range(0, 1_200, 100):
                keys = [b"/registry/configmaps/ns-%d/c-%04d" % (n % 7, n) for n in range(first, first + 100)]
                writer.put(*keys, value=b"%d" % turn * (40 + first * (turn + 1)))
        writer.delete(b"/registry/configmaps/ns-3/", b"/registry/configmaps/ns-30")
        run_etcdctl(etcd, "snapshot", "save", str(tmp_path / "s.db"))
        store = open_file(tmp_path / "s.db")
        assert isinstance(store, SnapshotStore)
        told = store.space()
        store.close()

        def size() -> int:
            (answer,) = json.loads(run_etcdctl(etcd, "endpoint", "status", "-w", "json"))
            return int(answer["Status"]["dbSize"])

        before = size()
        run_etcdctl(etcd, "defrag")
        defragmented = size()
        run_etcdctl(etcd, "compact", str(told_revision(etcd)), "--physical")
        run_etcdctl(etcd, "defrag")
        compacted = size()
    assert before > compacted * 2
    assert told.defragmented_bytes == pytest.approx(defragmented, rel=0.05)
    assert told.compacted_bytes == pytest.approx(compacted, rel=0.05)


def told_revision(etcd: LocalCluster) -> int:
    (answer,) = json.loads(run_etcdctl(etcd, "endpoint", "status", "-w", "json"))
    return int(answer["Status"]["header"]["revision"])


def test_an_etcd_that_is_not_there_is_exit_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["space", "--endpoints", "http://127.0.0.1:9"]) == 3
    assert "127.0.0.1:9" in capsys.readouterr().err
