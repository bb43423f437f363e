"""`etcdview restore plan`: a plan from what can be read, and a reason for what cannot."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from etcdview.cli.main import run

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
PACKED = CAPTURE / "snapshot.db.gz"
Plan = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot, a member's data directory without a log, and a damaged file."""
    found = tmp_path_factory.mktemp("left")
    whole = gzip.decompress(PACKED.read_bytes())
    (found / "s.db").write_bytes(whole)
    (found / "cut.db").write_bytes(whole[:-4096])
    (found / "cp1" / "member" / "snap").mkdir(parents=True)
    (found / "cp1" / "member" / "snap" / "db").write_bytes(whole[:-32])
    (found / "backups").mkdir()
    (found / "backups" / "monday.db").symlink_to(found / "s.db")
    (found / "backups" / "tuesday.db.gz").symlink_to(PACKED)
    return found


@pytest.fixture
def plan(capsys: pytest.CaptureFixture[str]) -> Plan:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = run(["restore", "plan", *map(str, arguments)])
        return status, *capsys.readouterr()

    return call


def test_what_cannot_be_read_is_a_row_with_its_reason(folder: Path, plan: Plan) -> None:
    dump = CAPTURE / "registry.jsonl.gz"
    status, out, err = plan(folder / "cut.db", folder / "s.db", folder / "nosuch", dump)

    assert (status, err) == (1, "")
    assert out.splitlines()[1].split() == ["furthest", "2", "1,266", "1,201", "573", str(folder / "s.db")]
    assert f"{folder / 'cut.db'} is cut short" in out
    assert f"{folder / 'nosuch'} cannot be read: No such file" in out
    assert f"{dump} is neither a snapshot nor a data directory" in out
    assert f"Restore {folder / 's.db'}" in out


def test_a_data_directory_without_a_log_is_restored_by_its_database(folder: Path, plan: Plan) -> None:
    status, out, _ = plan(folder / "cp1", "--data-dir", "/srv/etcd", "--copy-to", "/srv/all.db")

    assert status == 0
    assert f"install -m 600 {folder}/cp1/member/snap/db /srv/all.db" in out
    assert "etcdutl snapshot restore /srv/all.db \\\n       --skip-hash-check \\\n       --name cp1 \\\n" in out
    assert "--data-dir /srv/etcd" in out
    assert "This data directory has no log" in out


def test_each_snapshot_of_a_folder_is_a_source(folder: Path, plan: Plan) -> None:
    status, out, _ = plan(folder / "backups", "-o", "json")
    found = json.loads(out)

    assert status == 0
    assert sorted(Path(row["source"]).name for row in found["sources"]) == ["monday.db", "tuesday.db.gz"]
    assert [row["lacks"]["missing"] for row in found["sources"][1:]] == [0]
    assert found["bump"] == {"revision": 1_000_000_000, "ahead": 0, "margin": 1_000_000_000}
    assert [member["name"] for member in found["members"]] == ["cp1"]
    assert found["steps"][2]["commands"][1].startswith("etcdutl snapshot restore /root/etcd-restore.db")


def test_a_packed_snapshot_is_unpacked_by_the_commands(plan: Plan) -> None:
    assert f"(umask 077; gunzip -c {PACKED} > /root/etcd-restore.db)" in plan(PACKED)[1]


def test_nothing_to_restore_from_and_unknown_members_are_errors_of_usage(folder: Path, plan: Plan) -> None:
    assert plan(folder / "nosuch")[0] == 2
    assert plan(folder / "cut.db")[0] == 2
    status, _, err = plan(folder / "s.db", "--member", "cp9")
    assert status == 2
    assert "does not know a member 'cp9'." in err
    assert "Its members: cp1." in err
