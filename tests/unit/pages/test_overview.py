"""The overview: what a file, a first round that has not ended, a lost quorum and a narrow role show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from etcdview.access.roles import LOCAL, Scope
from etcdview.cluster.other_files import TimelineFile
from etcdview.cluster.window import Window
from etcdview.health.certificate_inventory import CertificateInventory
from etcdview.health.findings import Verdict
from etcdview.health.monitor import Report
from etcdview.pages.overview import LARGEST, MemberRow, cluster_state, overview_page, state_of
from tests.unit.health import conftest as build
from tests.unit.pages.registry_of import kv, obj, window_on
from tests.unit.webapp.fixed_reports import cluster_of, report_of


def row(report: Report, name: str) -> MemberRow:
    return next(m for m in state_of(report).members if m.name == name)


def test_a_file_has_no_members_and_no_verdict() -> None:
    window = window_on([kv("/registry/pods/shop/cart", obj("Pod", "shop", "cart"))])
    page = overview_page(window, build.NOW)
    assert (cluster_state(window), page.state, page.count) == (None, None, 1)
    assert page.source == "keys"


def test_an_empty_registry_has_no_kinds() -> None:
    page = overview_page(window_on([]), build.NOW)
    assert (page.count, page.kinds, page.more_kinds, page.denied) == (0, (), 0, ())


def test_before_the_first_round_has_ended_nothing_is_claimed() -> None:
    state = state_of(Report(None, Verdict("unknown", build.NOW)))
    assert (state.verdict, state.at, state.members, state.alarms, state.headline) == ("unknown", None, (), (), "")
    assert (state.cluster_id, state.revision) == ("", 0)


def test_a_silent_member_has_a_reason_and_no_numbers() -> None:
    silent = row(report_of(build.cluster(down=(3,))), "cp3")
    assert (silent.healthy, silent.version, silent.db_size, silent.raft_term) == (False, "", None, None)
    assert silent.error == build.SILENT.what
    assert silent.quota_used is None


@pytest.mark.parametrize(
    ("size", "quota", "used"), [(0, 100, 0.0), (50, 100, 0.5), (120, 100, 1.2), (50, None, None), (50, 0, None)]
)
def test_the_part_of_the_quota_is_unknown_where_either_is(size: int, quota: int | None, used: float | None) -> None:
    healthy = row(report_of(build.cluster()), "cp1")
    assert replace(healthy, db_size=size, quota=quota).quota_used == used
    assert replace(healthy, db_size=None, quota=100).quota_used is None


def test_an_alarm_names_its_member_or_the_id_of_one_that_is_gone() -> None:
    errors = tuple(f"memberID:{member} alarm:{kind}" for member, kind in ((0xA2, "NOSPACE"), (0xBEEF, "CORRUPT")))
    facts = build.cluster(bend={2: {"status": {"errors": errors}}})
    assert state_of(report_of(facts)).alarms == ("CORRUPT on beef", "NOSPACE on cp2")


def test_a_lost_quorum_says_how_many_are_needed() -> None:
    alone = {"status": {"leader_id": 0}, "read": build.failed()}
    state = state_of(report_of(build.cluster(bend={1: alone}, down=(2, 3))))
    assert state.verdict == "no quorum"
    assert state.headline == "1 of 3 voters answer; a quorum is 2. Nothing can be written."


def test_old_facts_are_marked_and_told_in_the_past() -> None:
    state = state_of(replace(report_of(build.cluster()), stale=True, age_seconds=90))
    assert state.stale
    assert "when they were last probed, 3 of 3 voters answered" in state.headline


def test_resource_types_are_ordered_by_number_then_by_name() -> None:
    keys = ["pods/shop/a", "pods/shop/b", "secrets/shop/a", "configmaps/shop/a"]
    kinds = overview_page(window_on([kv(f"/registry/{key}", b"{}") for key in keys]), build.NOW).kinds
    assert [(kind.text, kind.count, kind.part) for kind in kinds] == [
        ("pods", 2, 1.0),
        ("configmaps", 1, 0.5),
        ("secrets", 1, 0.5),
    ]


@pytest.mark.parametrize(("types", "more"), [(LARGEST, 0), (LARGEST + 1, 1), (LARGEST + 5, 5)])
def test_only_the_largest_types_are_listed_and_the_rest_counted(types: int, more: int) -> None:
    keys = [kv(f"/registry/example.com/kind{n:02}s/shop/a", b"{}") for n in range(types)]
    page = overview_page(window_on(keys), build.NOW)
    assert (len(page.kinds), page.more_kinds) == (LARGEST, more)


def test_a_key_of_no_resource_type_counts_among_all_keys_alone() -> None:
    page = overview_page(window_on([kv("/registry/pods/shop/a", b"{}"), kv("/odd", b"1")]), build.NOW)
    assert (page.count, [kind.count for kind in page.kinds]) == (2, [1])


def test_a_narrow_role_counts_only_what_it_may_see_and_still_sees_the_members() -> None:
    objects = {f"/registry/pods/{where}": {} for where in ("shop/a", "bank/b", "bank/c")} | {"/registry/minions/n": {}}
    cluster = cluster_of(report_of(build.cluster()), objects)
    narrow = overview_page(Window(cluster, replace(LOCAL, scope=Scope(("shop",)))), build.NOW)
    assert (narrow.count, [(kind.text, kind.count) for kind in narrow.kinds]) == (1, [("pods", 1)])
    assert narrow.state is not None
    assert len(narrow.state.members) == 3


def test_voters_leader_and_the_fullest_database_are_said_in_a_few_words() -> None:
    healthy = {part.name: (part.severity, part.words) for part in state_of(report_of(build.cluster())).parts}
    one_silent = {part.name: part.severity for part in state_of(report_of(build.cluster(down=(3,)))).parts}
    two_silent = {part.name: part.severity for part in state_of(report_of(build.cluster(down=(2, 3)))).parts}

    assert healthy["Voters"] == ("ok", "3 of 3 answer")
    assert healthy["Leader"] == ("ok", "cp1, raft term 3")
    assert healthy["Largest database"][0] == "ok"
    assert (one_silent["Voters"], two_silent["Voters"]) == ("warning", "error")


def dated(inventory: CertificateInventory | None = None, saved_days: float | None = None) -> dict[str, tuple[str, str]]:
    window = Window(cluster_of(report_of(build.cluster(), certificates=inventory)), LOCAL)
    saved_at = None if saved_days is None else build.NOW - timedelta(days=saved_days)
    state = overview_page(window, build.NOW, saved_at).state
    assert state is not None
    return {part.name: (part.severity, part.words) for part in state.parts[3:]}


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (400, ("ok", "first expires 2027-12-28, 400 days left")),
        (20, ("warning", "first expires 2026-12-13, 20 days left")),
        (-3, ("error", "one expired 3 days ago")),
    ],
)
def test_the_certificate_that_expires_first_is_named_by_its_date(days: int, said: tuple[str, str]) -> None:
    known = CertificateInventory((build.entry(ends=build.NOW + timedelta(days=days)), build.entry()))
    assert dated(known)["Certificates"] == said
    assert "Certificates" not in dated()


@pytest.mark.parametrize(("days", "severity"), [(0.1, "ok"), (6.9, "ok"), (7.1, "warning")])
def test_a_backup_that_is_older_than_a_week_deserves_a_look(days: float, severity: str) -> None:
    assert dated(saved_days=days)["Newest known backup"][0] == severity
    assert dated()["Backup"] == ("unknown", "none known to etcdview")


def test_of_a_snapshot_saved_here_and_a_file_to_compare_with_the_newer_one_is_told() -> None:
    cluster = cluster_of(report_of(build.cluster()))
    cluster.backups = lambda: [TimelineFile(Path("/backups/last.db"), build.NOW - timedelta(hours=5))]
    window = Window(cluster, replace(LOCAL, role="admin", method="password"))

    def told(saved_hours: float) -> tuple[str, str]:
        state = overview_page(window, build.NOW, build.NOW - timedelta(hours=saved_hours)).state
        assert state is not None
        return state.parts[-1].words.partition(", ")[2], state.parts[-1].href

    assert told(9) == ("5h old", "/compare")
    assert told(3) == ("3h old", "/maintenance/snapshot")


def test_who_may_not_save_a_snapshot_here_is_led_to_the_commands_that_do() -> None:
    page = overview_page(Window(cluster_of(report_of(build.cluster())), LOCAL), build.NOW)
    assert page.state is not None
    assert page.state.parts[-1].href == "/learn#commands"
