"""Maintenance pages: who gets them, what is offered without a quorum, and that nothing runs unconfirmed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from etcdview.access.roles import LOCAL, Role, Scope
from etcdview.cluster.window import Window
from etcdview.errors import DeniedError, EtcdviewError, NotFoundError, QueryError, UnsafeError, UsageError
from etcdview.health.facts import ClusterFacts
from etcdview.maintenance import operations
from etcdview.maintenance.lock import operation_lock
from etcdview.maintenance.members import judged
from etcdview.models import Alarm, Member, Membership, TlsFiles
from etcdview.pages import maintenance
from etcdview.pages.maintenance import (
    OperationQuery,
    maintenance_page,
    operate,
    operation_page,
    running,
    snapshot_stream,
)
from etcdview.stores.protocols import MaintainedMember
from etcdview.writes.undo import UndoFile
from tests.unit.health import conftest as build
from tests.unit.pages.edit.noted import ADMIN, NOW, Noted, window_of
from tests.unit.pages.registry_of import window_on

Report = Callable[[ClusterFacts], None]
NO_QUORUM = {"bend": {1: {"status": {"leader_id": 0}, "read": build.failed()}}, "down": (2, 3)}


class Tended(Noted):
    """A live store in memory that notes what is done to the cluster."""

    live = True
    endpoints = ("https://10.0.0.1:2379",)
    tls = TlsFiles()
    timeout_seconds = 1.0
    user = ""

    def members(self) -> Membership:
        return Membership(build.CLUSTER_ID, tuple(build.member(n) for n in (1, 2, 3)))

    def probe(self, endpoint: str) -> MaintainedMember:
        raise AssertionError(f"{endpoint} was asked")

    def compact(self, revision: int) -> None:
        self._note("compact", revision)

    def disarm(self, alarm: Alarm) -> None:
        self._note("disarm", alarm)

    def add_learner(self, peer_urls: Any) -> Member:
        self._note("add-learner", tuple(peer_urls))
        return build.member(4, name="", learner=True)

    def promote(self, member_id: int) -> None:
        self._note("promote", member_id)

    def remove(self, member_id: int) -> None:
        self._note("remove", member_id)


@pytest.fixture
def store() -> Tended:
    return Tended([], revision=9)


@pytest.fixture
def undo(tmp_path: Any) -> UndoFile:
    return UndoFile(tmp_path / "undo.jsonl")


@pytest.fixture
def window(store: Tended, undo: UndoFile) -> Window:
    return window_of(store, undo)


@pytest.fixture(autouse=True)
def reported(monkeypatch: pytest.MonkeyPatch) -> Report:
    """The members are as these facts have them; a healthy three at first."""

    def tell(facts: ClusterFacts) -> None:
        for module in (maintenance, operations):
            monkeypatch.setattr(module, "look", lambda source: judged(facts))

    tell(build.cluster())
    return tell


def texts(window: Window, name: str) -> dict[str, str]:
    """The operations on a member, each with why it is refused."""
    line = next(m for m in maintenance_page(window, NOW).members if m.name == name)
    return {link.text: link.refusal for link in line.links}


def test_a_file_has_nothing_to_look_after() -> None:
    window = Window(window_on([]).cluster, ADMIN)
    for act in (
        lambda: maintenance_page(window, NOW),
        lambda: operation_page(window, OperationQuery("compact")),
        lambda: operate(window, OperationQuery("compact"), NOW),
        lambda: snapshot_stream(window, OperationQuery("snapshot")),
    ):
        with pytest.raises(NotFoundError, match="This is a file"):
            act()


@pytest.mark.parametrize(
    ("viewer", "error"),
    [
        (LOCAL, NotFoundError),
        (replace(LOCAL, role="admin"), NotFoundError),
        (replace(ADMIN, role="viewer"), DeniedError),
        (replace(ADMIN, scope=Scope(("shop",))), DeniedError),
    ],
    ids=["nobody logs in", "an admin without a login", "a viewer", "an admin of a part"],
)
def test_who_may_do_nothing_gets_no_page_and_no_operation(
    store: Tended, undo: UndoFile, viewer: Any, error: type[EtcdviewError]
) -> None:
    window = window_of(store, undo, viewer)
    for act in (
        lambda: maintenance_page(window, NOW),
        lambda: operation_page(window, OperationQuery("snapshot")),
        lambda: operation_page(window, OperationQuery("remove", "a2")),
        lambda: operate(window, OperationQuery("remove", "a2", typed="cp2"), NOW),
        lambda: snapshot_stream(window, OperationQuery("snapshot", typed="snapshot")),
    ):
        with pytest.raises(error):
            act()
    assert not store.changes


def test_an_operator_sees_the_members_and_may_save_a_snapshot_and_nothing_else(store: Tended, undo: UndoFile) -> None:
    window = window_of(store, undo, replace(ADMIN, role="operator"))
    page = maintenance_page(window, NOW)
    assert (page.changes, page.why_not, [m.links for m in page.members]) == (False, "", [(), (), ()])
    assert operation_page(window, OperationQuery("snapshot")).plan.confirm == "snapshot"
    with pytest.raises(DeniedError, match="operator"):
        operate(window, OperationQuery("compact", revision=5, typed="5"), NOW)


def test_without_an_undo_file_nobody_changes_the_cluster_and_the_page_says_why(store: Tended) -> None:
    window = window_of(store, None)
    page = maintenance_page(window, NOW)
    assert not page.changes
    assert "--allow-writes" in page.why_not
    with pytest.raises(NotFoundError, match="off"):
        operation_page(window, OperationQuery("compact", revision=5))
    with pytest.raises(NotFoundError), running(window, OperationQuery("defragment-all"), NOW):
        pass


def test_a_healthy_cluster_offers_each_member_what_fits_it(window: Window) -> None:
    page = maintenance_page(window, NOW)
    assert [(m.name, m.role, m.problem) for m in page.members] == [
        ("cp1", "leader", ""),
        ("cp2", "follower", ""),
        ("cp3", "follower", ""),
    ]
    assert set(texts(window, "cp1")) == {"defragment", "remove"}
    assert set(texts(window, "cp2")) == {"defragment", "make leader", "remove"}
    assert (page.blocked, page.alarms, page.done, page.flags, page.earlier) == ("", (), "", (), None)


def test_without_a_quorum_the_page_says_so_and_every_operation_is_refused(window: Window, reported: Report) -> None:
    reported(build.cluster(**NO_QUORUM))
    page = maintenance_page(window, NOW)
    assert page.blocked.startswith("No quorum: 1 of 3 voters answer, 2 are needed.")
    assert [(m.name, m.role) for m in page.members] == [("cp1", "unknown"), ("cp2", "down"), ("cp3", "down")]
    for name in ("cp1", "cp2", "cp3"):
        assert all(texts(window, name).values())


@pytest.mark.parametrize(
    "query",
    [
        OperationQuery("compact", revision=5, typed="5"),
        OperationQuery("remove", "a2", typed="cp2"),
        OperationQuery("move-leader", "a1", typed="cp1"),
        OperationQuery("add-learner", peer_url="https://10.0.0.4:2380", typed="https://10.0.0.4:2380"),
    ],
)
def test_without_a_quorum_a_confirmed_operation_is_not_done(
    window: Window, store: Tended, reported: Report, query: OperationQuery
) -> None:
    reported(build.cluster(**NO_QUORUM))
    assert operation_page(window, query).plan.refusal
    with pytest.raises(UnsafeError):
        operate(window, query, NOW)
    assert not store.changes


def test_a_member_that_is_cut_off_is_called_so_and_why(window: Window, reported: Report) -> None:
    reported(build.cluster(bend={3: {"status": {"leader_id": 0}}}))
    line = maintenance_page(window, NOW).members[2]
    assert (line.name, line.role) == ("cp3", "cut off")
    assert "does not follow cp1" in line.problem


@pytest.mark.parametrize("typed", ["", "cp3", "CP2", "remove"])
def test_a_wrong_confirmation_does_nothing(window: Window, store: Tended, typed: str) -> None:
    with pytest.raises(UsageError, match="type cp2 exactly"):
        operate(window, OperationQuery("remove", "a2", typed=typed), NOW)
    everything = running(window, OperationQuery("defragment-all", typed=typed), NOW)
    with pytest.raises(UsageError, match="type defragment all exactly"), everything:
        pass
    with pytest.raises(UsageError, match="type snapshot exactly"):
        snapshot_stream(window, OperationQuery("snapshot", typed=typed))
    assert not store.changes


@pytest.mark.parametrize(
    ("query", "change", "goes_to"),
    [
        (OperationQuery("compact", revision=5, typed="5"), ("compact", 5), "/maintenance?done=compact"),
        (OperationQuery("remove", "a2", typed="cp2"), ("remove", 0xA2), "/maintenance?done=remove"),
        (
            OperationQuery("add-learner", peer_url="https://10.0.0.4:2380", name="cp4", typed="https://10.0.0.4:2380"),
            ("add-learner", ("https://10.0.0.4:2380",)),
            "/maintenance?done=add-learner&member=a4&name=cp4",
        ),
    ],
)
def test_what_is_confirmed_is_done_once_and_leads_back(
    window: Window, store: Tended, query: OperationQuery, change: tuple[object, ...], goes_to: str
) -> None:
    assert operate(window, query, NOW) == goes_to
    assert store.changes == [change]


def test_two_operations_never_run_at_a_time(window: Window, store: Tended, undo: UndoFile) -> None:
    others = operation_lock(undo.path.parent, build.CLUSTER_ID, "bob runs defragment", NOW)
    with others, pytest.raises(UnsafeError, match="bob runs defragment, since 12:00:00 UTC"):
        operate(window, OperationQuery("remove", "a2", typed="cp2"), NOW)
    assert not store.changes
    operate(window, OperationQuery("remove", "a2", typed="cp2"), NOW)


@pytest.mark.parametrize("operation", ["", "reboot", "<script>" * 50])
def test_an_unknown_operation_is_refused_with_the_known_ones(window: Window, operation: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        operation_page(window, OperationQuery(operation))
    assert "snapshot, compact" in caught.value.remedy
    assert len(caught.value.what) < 80


@pytest.mark.parametrize("member", ["", "cp2", "xyz", "0" * 17])
def test_what_is_not_a_member_id_is_refused(window: Window, member: str) -> None:
    with pytest.raises(QueryError, match="not a member ID"):
        operation_page(window, OperationQuery("remove", member))


def test_a_member_that_does_not_exist_is_told(window: Window) -> None:
    with pytest.raises(EtcdviewError):
        operation_page(window, OperationQuery("remove", "beef"))


@pytest.mark.parametrize(("revision", "refused"), [(0, True), (-1, True), (1, False), (1201, False), (1202, True)])
def test_a_compaction_goes_up_to_the_newest_revision(window: Window, revision: int, refused: bool) -> None:
    page = operation_page(window, OperationQuery("compact", revision=revision))
    assert bool(page.plan.refusal) is refused
    assert bool(page.loses) is not refused


@pytest.mark.parametrize(
    ("query", "missing"),
    [
        (OperationQuery("add-learner", name="cp4"), "peer URL"),
        (OperationQuery("disarm", "a2"), "alarm"),
        (OperationQuery("remove"), "member"),
    ],
)
def test_an_address_of_an_operation_without_what_it_needs_is_refused(
    window: Window, query: OperationQuery, missing: str
) -> None:
    with pytest.raises(QueryError, match=missing):
        operation_page(window, query)
    with pytest.raises(QueryError, match=missing):
        operate(window, replace(query, typed="0"), NOW)


def test_what_a_compaction_discards_is_said(window: Window) -> None:
    some = operation_page(window, OperationQuery("compact", revision=1000)).loses
    everything = operation_page(window, OperationQuery("compact", revision=1201)).loses
    assert some == "All remaining revisions before 1,000 are discarded; the 201 after it remain."
    assert everything.endswith("none remain, so changes cannot be undone.")


def test_an_alarm_leads_to_disarming_it_and_one_of_a_member_that_is_gone_too(window: Window, reported: Report) -> None:
    errors = tuple(f"memberID:{member} alarm:NOSPACE" for member in (0xA2, 0xBEEF))
    reported(build.cluster(bend={2: {"status": {"errors": errors}}}))
    alarms = maintenance_page(window, NOW).alarms
    assert [alarm.text for alarm in alarms] == ["NOSPACE of cp2", "NOSPACE of beef"]
    assert "member=beef" in alarms[1].href
    operate(window, OperationQuery("disarm", "beef", alarm="NOSPACE", typed="NOSPACE"), NOW)
    assert cast(Tended, window.cluster.source).changes == [("disarm", Alarm(0xBEEF, "NOSPACE"))]


@pytest.mark.parametrize("done", ["", "reboot", "<b>"])
def test_an_address_cannot_make_the_page_say_what_was_not_done(window: Window, done: str) -> None:
    page = maintenance_page(window, NOW, done, "a2", "cp9")
    assert (page.done, page.flags) == ("", ())


def test_a_learner_that_was_added_comes_with_the_flags_to_start_it(window: Window, reported: Report) -> None:
    reported(build.cluster(members=(build.member(1), build.member(2), build.member(3, name="", client_urls=()))))
    flags = maintenance_page(window, NOW, "add-learner", "a3", "cp3").flags
    assert flags[0] == "--name=cp3"
    assert flags[1].endswith("cp3=https://10.0.0.3:2380")
    assert maintenance_page(window, NOW, "add-learner", "a3").flags[0] == "--name=NAME"
    assert maintenance_page(window, NOW, "add-learner", "beef", "cp3").flags == ()


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (OperationQuery("compact", revision=5), "5"),
        (OperationQuery("disarm", "a2", alarm="NOSPACE"), "a2 NOSPACE"),
        (OperationQuery("add-learner", peer_url="x" * 500), "x" * 200),
        (OperationQuery("snapshot"), ""),
    ],
)
def test_the_audit_log_gets_a_short_detail(query: OperationQuery, detail: str) -> None:
    assert query.detail == detail


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_the_role_is_named_where_it_is_too_small(store: Tended, undo: UndoFile, role: Role) -> None:
    with pytest.raises(DeniedError, match=role):
        operation_page(window_of(store, undo, replace(ADMIN, role=role)), OperationQuery("defragment-all"))
