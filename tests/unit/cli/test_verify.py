"""`etcdview snapshot verify`: a backup is good only where all of it can be used."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from etcdview.cli.main import run

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
ENCRYPTION = ("--encryption-config", str(CAPTURE / "encryption-config.yaml"))
Verify = Callable[..., tuple[int, str, str]]


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    path.write_bytes(gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes()))
    return path


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    def call(*arguments: object) -> tuple[int, str, str]:
        status = run(["snapshot", "verify", *map(str, arguments)])
        return status, *capsys.readouterr()

    return call


def test_a_good_backup_says_what_it_was_decrypted_with(snapshot: Path, verify: Verify) -> None:
    status, out, err = verify(snapshot, *ENCRYPTION)

    rows = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (status, err) == (0, "")
    assert rows["hash"] == "fits"
    assert rows["values"] == "573 decoded, 0 not"
    assert rows["newest"].startswith("change     2026-11-23 15:57:35Z, ")
    assert "10" in str(sum(int(line.split()[1]) for line in out.splitlines() if line.startswith("encrypted")))
    assert out.splitlines()[-1] == "The backup is good."


def test_without_the_keys_it_is_not_good(snapshot: Path, verify: Verify) -> None:
    status, _, err = verify(snapshot)

    assert status == 1
    assert "10 values cannot be decoded." in err
    assert "/registry/secrets/" in err
    assert err.splitlines()[-1] == "The backup is not good."


def test_an_old_one_is_not_good_for_a_cluster_that_changes_daily(snapshot: Path, verify: Verify) -> None:
    status, _, err = verify(snapshot, *ENCRYPTION, "--max-age", "1")

    assert status == 1
    assert "old: more than 60 min." in err


def test_one_without_the_registry_is_not_good(snapshot: Path, verify: Verify) -> None:
    status, _, err = verify(snapshot, *ENCRYPTION, "--etcd-prefix", "/elsewhere")

    assert status == 1
    assert "It holds no object below /elsewhere/." in err


def test_a_dump_is_proved_too(verify: Verify) -> None:
    status, out, _ = verify(CAPTURE / "registry.jsonl.gz", *ENCRYPTION)

    assert status == 0
    assert "573 decoded, 0 not" in out


def test_cron_gets_metrics(snapshot: Path, verify: Verify, tmp_path: Path) -> None:
    metrics = tmp_path / "backup.prom"

    assert verify(snapshot, *ENCRYPTION, "--textfile", metrics)[0] == 0
    found = figures(metrics)
    assert (found["etcdview_backup_good"], found["etcdview_backup_values_undecodable"]) == (1, 0)
    assert found["etcdview_backup_values_decoded"] > 500
    assert found["etcdview_backup_age_seconds"] > 0

    assert verify(snapshot, "--textfile", metrics)[0] == 1
    found = figures(metrics)
    assert found["etcdview_backup_good"] == 0
    assert found["etcdview_backup_values_undecodable"] > 0
    assert not list(tmp_path.glob(".*"))


def test_a_file_that_cannot_be_read_is_a_metric_too(verify: Verify, tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"\0" * 4096)

    assert verify(tmp_path / "broken.db", "--textfile", tmp_path / "a.prom")[0] != 0
    assert figures(tmp_path / "a.prom")["etcdview_backup_good"] == 0


def test_a_metrics_file_that_cannot_be_written_is_said(snapshot: Path, verify: Verify, tmp_path: Path) -> None:
    status, _, err = verify(snapshot, *ENCRYPTION, "--textfile", tmp_path / "nosuch" / "a.prom")

    assert (status, "cannot be written" in err) == (2, True)


def figures(path: Path) -> dict[str, float]:
    """As Prometheus reads them."""
    families = text_string_to_metric_families(path.read_text("utf-8"))
    return {sample.name: sample.value for family in families for sample in family.samples}
