"""Looking after a real cluster through the app: one operation at a time, and each with its end in the audit log."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import EnvironBuilder

from etcdview.access import users
from etcdview.access.roles import Viewer
from etcdview.access.users import User, Users
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.index.base import Changing
from etcdview.maintenance import operations
from etcdview.maintenance.snapshot_stream import Stream
from etcdview.pages import maintenance as pages
from etcdview.pages.maintenance import Earlier, maintenance_page
from etcdview.stores.etcd.client import EtcdStore
from webapp import create_app

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from etcdview.maintenance.lock import operation_lock
with operation_lock(Path(sys.argv[1]), int(sys.argv[2]), "bob runs remove", datetime.now(UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """The app over a real cluster, and two admins before it."""

    ann: FlaskClient
    bob: FlaskClient
    folder: Path
    store: EtcdStore

    def log(self, *actions: str) -> list[tuple[str, str, str]]:
        """Action, result and detail of those entries, the oldest first."""
        entries: list[dict[str, Any]] = [
            json.loads(line) for line in (self.folder / "audit.jsonl").read_text().splitlines()
        ]
        return [(e["action"], e["result"], e.get("detail", "")) for e in entries if e["action"] in actions]


@pytest.fixture
def desk(cluster: LocalCluster, tmp_path: Path) -> Iterator[Desk]:
    settings = Settings(
        endpoints=cluster.endpoints,
        cacert=cluster.tls.cacert,
        cert=cluster.tls.cert,
        key=cluster.tls.key,
        users_file=str(tmp_path / "users.json"),
        audit_log=str(tmp_path / "audit.jsonl"),
        undo_file=str(tmp_path / "undo.jsonl"),
        allow_writes=True,
    )
    known, tokens = Users(), {}
    for name in ("ann", "bob"):
        known = known.with_user(User(name, "admin"))
        known, tokens[name] = users.add_token(known, name, datetime.now(UTC), None, "")
    path = Path(settings.users_file)
    path.write_text(json.dumps(users.to_raw(known)))
    path.chmod(0o600)
    opened = open_cluster(settings)
    app = create_app(settings, opened)
    clients = {}
    for name, token in tokens.items():
        clients[name] = app.test_client()
        clients[name].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    store = EtcdStore(cluster.endpoints, cluster.tls)
    yield Desk(clients["ann"], clients["bob"], tmp_path, store)
    store.close()
    opened.close()


@pytest.fixture
def live(cluster: LocalCluster) -> Iterator[Cluster]:
    """The cluster opened for browsing, where nothing may be changed."""
    tls = cluster.tls
    opened = open_cluster(Settings(endpoints=cluster.endpoints, cacert=tls.cacert, cert=tls.cert, key=tls.key))
    yield opened
    opened.close()


def compact(client: FlaskClient, revision: int, typed: str = "") -> Any:
    return client.post("/maintenance/compact", data={"revision": str(revision), "typed": typed or str(revision)})


def written(desk: Desk) -> int:
    """A revision that is new: nothing has been compacted up to it."""
    return desk.store.put(b"/new/%d" % time.time_ns(), b"x", mod_revision=0)


def bare(client: FlaskClient, path: str, **data: str) -> Any:
    """The answer as the server has it before the first byte is sent."""
    environ = EnvironBuilder(path=path, method="POST", data=data, environ_base=client.environ_base).get_environ()
    return client.application.wsgi_app(environ, lambda status, headers, info=None: lambda data: None)


def test_a_snapshot_is_logged_with_its_size_and_hash(desk: Desk) -> None:
    size = len(desk.ann.post("/maintenance/snapshot", data={"typed": "snapshot"}).data)

    begun, done = desk.log("begin snapshot", "snapshot")
    assert begun == ("begin snapshot", "begun", "")
    assert done[:2] == ("snapshot", "done")
    assert done[2].startswith(f"{size} bytes, sha256 ")


def test_a_snapshot_that_is_broken_off_is_logged_as_that(desk: Desk) -> None:
    response = desk.ann.post("/maintenance/snapshot", data={"typed": "snapshot"})
    pieces = response.iter_encoded()
    first = next(piece for piece in pieces if piece)
    response.close()
    unread = bare(desk.ann, "/maintenance/snapshot", typed="snapshot")
    unread.close()

    (_, result, detail), (_, unread_result, unread_detail) = desk.log("snapshot")
    assert (result, unread_result) == ("failed", "failed")
    assert detail == f"{len(first)} of {response.content_length} bytes sent; broken off"
    assert unread_detail.startswith("0 of ")
    assert unread_detail.endswith(" bytes sent; broken off")
    # their places are free again
    for _ in range(3):
        assert desk.ann.post("/maintenance/snapshot", data={"typed": "snapshot"}).status_code == 200


def test_a_snapshot_that_turns_out_damaged_ends_short_and_is_a_line_of_the_log(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    *pieces, last = operations.snapshot(desk.store)
    damaged = replace(last, data=bytes(len(last.data)))
    monkeypatch.setattr(pages, "snapshot_stream", lambda *_: Stream.begin(iter([*pieces, damaged])))

    response = desk.ann.post("/maintenance/snapshot", data={"typed": "snapshot"})
    got: list[bytes] = []
    with pytest.raises(ConnectionResetError):  # so that servers end the connection, and log nothing
        got.extend(response.iter_encoded())
    response.close()

    assert sum(map(len, got)) < (response.content_length or 0)
    assert [(record.exc_info, record.getMessage()) for record in caplog.records if record.levelname == "ERROR"] == [
        (None, "the answer at '/maintenance/snapshot' was cut short: The snapshot does not match its hash: "
         "it was cut short or damaged on the way.")
    ]  # fmt: skip
    ((_, result, _),) = desk.log("snapshot")
    assert result == "failed"


def test_a_snapshot_too_many_is_logged_as_refused(desk: Desk) -> None:
    held = [desk.ann.post("/maintenance/snapshot", data={"typed": "snapshot"}) for _ in range(2)]

    assert desk.bob.post("/maintenance/snapshot", data={"typed": "snapshot"}).status_code == 429

    ((_, result, detail),) = desk.log("snapshot")
    assert (result, "Two snapshots" in detail) == ("refused", True)
    for response in held:
        response.close()


def test_what_was_not_confirmed_is_logged_in_words(desk: Desk) -> None:
    revision = written(desk)

    assert compact(desk.ann, revision, typed="wrong").status_code == 422

    begun, ended = desk.log("begin compact", "compact")
    assert begun == ("begin compact", "begun", str(revision))
    assert ended[1:] == (
        "refused",
        f"{revision}; To confirm, type {revision} exactly; the text does not match.",
    )


def test_defragmenting_all_is_done_when_the_last_member_is(desk: Desk) -> None:
    response = desk.ann.post("/maintenance/defragment-all", data={"typed": "defragment all"})
    assert "Ended." in response.text

    log = desk.log("begin defragment-all", "defragment", "defragment-all")
    assert [entry[0] for entry in log] == ["begin defragment-all", *["defragment"] * 3, "defragment-all"]
    assert log[-1][1] == "done"


def test_defragmenting_all_that_stops_is_logged_as_failed(desk: Desk, cluster: LocalCluster) -> None:
    cluster.members[1].pause()

    response = desk.ann.post("/maintenance/defragment-all", data={"typed": "defragment all"})

    assert "cp2 does not answer" in response.text
    (ended,) = desk.log("defragment-all")
    assert ended[1] == "failed"
    assert "cp2 does not answer" in ended[2]


def test_one_operation_at_a_time(desk: Desk) -> None:
    revision = written(desk)
    running = bare(desk.ann, "/maintenance/defragment-all", typed="defragment all")

    refused = compact(desk.bob, revision)
    assert refused.status_code == 409
    assert "ann runs defragment-all, since" in refused.text
    again = desk.bob.post("/maintenance/defragment-all", data={"typed": "defragment all"})
    assert again.status_code == 409
    assert desk.bob.post("/maintenance/snapshot", data={"typed": "snapshot"}).status_code == 200

    running.close()  # the browser's tab is closed before it has read a line
    assert desk.log("defragment-all") == [
        ("defragment-all", "refused", again_detail(desk)),
        ("defragment-all", "failed", "broken off"),
    ]
    assert compact(desk.bob, revision).status_code == 303


def again_detail(desk: Desk) -> str:
    ((_, _, detail),) = [entry for entry in desk.log("defragment-all") if entry[1] == "refused"]
    assert detail.startswith("ann runs defragment-all, since")
    return detail


def test_one_operation_at_a_time_over_all_processes_until_they_end(desk: Desk) -> None:
    revision = written(desk)
    command = [sys.executable, "-c", HOLD, str(desk.folder), str(desk.store.members().cluster_id)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"

        refused = compact(desk.ann, revision)
        other.kill()
        other.wait()

    assert refused.status_code == 409
    assert "bob runs remove, since" in refused.text
    assert compact(desk.ann, revision).status_code == 303


def test_the_members_stand_in_the_order_of_the_other_pages_and_removing_stands_apart(desk: Desk) -> None:
    page = desk.ann.get("/maintenance").text

    assert re.findall(r'<th scope="row">(cp\d)</th>', page) == ["cp1", "cp2", "cp3"]
    # a text without a link where the cluster elects a leader just now: it stands at the same place
    assert re.findall(r'<(?:a|span) class="(?:off )?danger-link"[^>]*>(\w+)<', page) == ["remove"] * 3


def test_compaction_proposes_no_revision_and_says_what_it_costs(desk: Desk) -> None:
    first = written(desk)
    compact(desk.ann, first)
    last = [written(desk) for _ in range(5)][-1]

    field = re.search(r'<input id="compact-revision"[^>]*>', desk.ann.get("/maintenance").text)
    assert field is not None
    assert "value=" not in field[0]

    def reported(revision: int) -> str:
        return desk.ann.get("/maintenance/compact", query_string={"revision": revision}).text

    assert "Refused: The revision must be between 1 and" in reported(0)
    # which of the two depends on whether the members have reported at what revision they are compacted
    assert re.search(r"Discards \d+ revisions?, |All remaining revisions before ", reported(last))
    assert "none remain, so changes cannot be undone." in reported(last)
    assert "the 2 after it remain." in reported(last - 2)


def test_a_revision_of_some_minutes_ago_is_told_where_the_index_saw_one(desk: Desk, live: Cluster) -> None:
    window = Window(live, Viewer("olga", "operator", method="token"))
    assert isinstance(live.index, Changing)
    until = time.monotonic() + 20
    while not live.index.changes.recent():  # a change before the index watches is none of the log's
        assert time.monotonic() < until
        desk.store.put(b"/registry/configmaps/shop/%d" % time.time_ns(), b"{}", mod_revision=0)
        time.sleep(0.1)
    newest = live.index.changes.recent()[0]
    seen = datetime.fromtimestamp(newest.seen_at, UTC)

    assert maintenance_page(window, seen + timedelta(minutes=4)).earlier is None
    assert maintenance_page(window, seen + timedelta(minutes=7, seconds=9)).earlier == Earlier(newest.revision, 7)


def test_without_a_login_it_is_said_that_changes_are_off(live: Cluster, cluster: LocalCluster) -> None:
    client = create_app(Settings(endpoints=cluster.endpoints), live).test_client()

    for path in ("/maintenance", "/maintenance/snapshot", "/create"):
        response = client.get(path)
        assert response.status_code == 404
        assert "Editing is off" in response.text
