"""A file as it was at a revision (FILE@REV), and what was deleted from it (--deleted)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.sources import open_source
from etcdview.config import Settings
from etcdview.models import Range
from etcdview.stores.key_past import PastRequest
from tests.logs import DELETE, PUT, LogWriter, data_directory, delete, put, request

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop"
SNAPSHOT, DUMP = str(CAPTURE / "snapshot.db.gz"), str(CAPTURE / "registry.jsonl.gz")
GONE = b"/registry/pods/shop/checkout-784dd5cfcb-6k4cn"


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    status = run(list(words))
    out, err = capsys.readouterr()
    return status, out.splitlines(), err


def test_a_file_at_a_revision_has_the_keys_of_then(capsys: pytest.CaptureFixture[str]) -> None:
    store = open_source(Settings(from_file=SNAPSHOT))
    then = [kv.key.decode() for kv in store.range(Range(b"/registry/pods/", b"/registry/pods0", revision=700)).kvs]
    now = [kv.key.decode() for kv in store.range(Range(b"/registry/pods/", b"/registry/pods0")).kvs]
    store.close()

    status, out, err = printed(capsys, "search", "/registry/pods/", "--from", f"{SNAPSHOT}@700")

    assert then != now
    assert (status, out) == (0, then)
    assert "As of revision 700; the newest in this file is 1,201." in err
    assert len(printed(capsys, "get", "pods", "-A", "--from", f"{SNAPSHOT}@700")[1]) == 1 + len(then)


def test_at_a_revision_the_past_of_a_key_ends_there() -> None:
    store = open_source(Settings(from_file=f"{SNAPSHOT}@700"))
    past = store.key_past(PastRequest(b"/registry/leases/kube-system/kube-scheduler", 1 << 40, 100, 1 << 20))  # type: ignore[attr-defined]
    store.close()

    assert past.events
    assert max(event.kv.mod_revision for event in past.events) <= 700


def test_deleted_keys_are_shown_with_their_last_values(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = printed(capsys, "search", "/registry/pods/shop/", "--from", SNAPSHOT, "--deleted")

    assert status == 0
    assert GONE.decode() in out
    assert "Only deleted keys are shown" in err
    _, rows, _ = printed(capsys, "get", "pods", "-n", "shop", "--from", SNAPSHOT, "--deleted")
    assert [row.split()[0] for row in rows[1:]] == [key.rpartition("/")[2] for key in out]
    _, there, _ = printed(capsys, "search", "/registry/pods/shop/", "--from", SNAPSHOT)
    assert not set(there) & set(out)


def test_a_deleted_object_that_is_asked_for_by_name_leads_to_what_shows_it(capsys: pytest.CaptureFixture[str]) -> None:
    names = ("get", "pods", "checkout-784dd5cfcb-6k4cn", "nosuch", "-n", "shop", "--from")

    assert printed(capsys, *names, SNAPSHOT)[2].splitlines() == [
        'etcdview: pods "checkout-784dd5cfcb-6k4cn" not found. It was deleted, and --deleted shows it.',
        'etcdview: pods "nosuch" not found',
    ]
    assert printed(capsys, *names, f"{SNAPSHOT}@1000")[2].splitlines()[1:] == ['etcdview: pods "nosuch" not found']
    there = ("get", "namespaces", "shop", "--from", SNAPSHOT, "--deleted")
    assert printed(capsys, *there)[2].splitlines()[1:] == ['etcdview: namespaces "shop" not found']


def test_at_a_revision_before_the_deletion_nothing_was_deleted(capsys: pytest.CaptureFixture[str]) -> None:
    now = printed(capsys, "search", "/", "--from", SNAPSHOT, "--deleted")[1]
    then = printed(capsys, "search", "/", "--from", f"{SNAPSHOT}@1000", "--deleted")[1]

    assert (len(then), len(now)) == (0, 3)


def test_the_log_of_a_data_directory_deletes_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:

    log = LogWriter()
    log.entries(1267, [request(PUT, put(b"/registry/x", b"last")), request(DELETE, delete(b"/registry/x"))])
    folder = data_directory(tmp_path / "m", gzip.decompress(Path(SNAPSHOT).read_bytes())[:-32], log.bytes)

    assert printed(capsys, "search", "/registry/x", "--from", str(folder), "--deleted")[1] == ["/registry/x"]
    store = open_source(Settings(from_file=str(folder), deleted=True))
    assert [kv.value for kv in store.range(Range(b"/registry/x")).kvs] == [b"last"]
    store.close()


def test_pages_say_which_part_of_the_file_they_show() -> None:
    cluster = open_cluster(Settings(from_file=f"{SNAPSHOT}@700", deleted=True, facts="off"))
    warnings = " ".join(cluster.warnings)
    cluster.close()

    assert "As of revision 700" in warnings
    assert "Only deleted keys are shown" in warnings


REFUSED = {
    "a revision to come": (("--from", f"{SNAPSHOT}@9999"), "ends at revision 1,201, before 9,999"),
    "revision 0": (("--from", f"{SNAPSHOT}@0"), "names no revision"),
    "another revision of a dump": (("--from", f"{DUMP}@7"), "is a dump of revision 1,201: it has no other"),
    "deleted keys of a dump": (("--from", DUMP, "--deleted"), "and no deleted keys"),
    "deleted keys of a live etcd": (("--deleted",), "--deleted shows what a file holds"),
    "a file that does not exist": (("--from", "/no/such@12"), "cannot be read: No such file"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_source_does_not_have_is_told(capsys: pytest.CaptureFixture[str], case: str) -> None:
    words, says = REFUSED[case]
    status, _, err = printed(capsys, "search", "/x", *words)

    assert status in (1, 2)
    assert says in err
