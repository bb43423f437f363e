"""The overview: what a file, a first round that has not ended, a lost quorum and a narrow role show."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etcdview.access.roles import LOCAL, Scope
from etcdview.cluster.window import Window
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
    page = overview_page(window)
    assert (cluster_state(window), page.state, page.count) == (None, None, 1)
    assert page.source == "keys"


def test_an_empty_registry_has_no_kinds() -> None:
    page = overview_page(window_on([]))
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
    kinds = overview_page(window_on([kv(f"/registry/{key}", b"{}") for key in keys])).kinds
    assert [(kind.text, kind.count, kind.part) for kind in kinds] == [
        ("pods", 2, 1.0),
        ("configmaps", 1, 0.5),
        ("secrets", 1, 0.5),
    ]


@pytest.mark.parametrize(("types", "more"), [(LARGEST, 0), (LARGEST + 1, 1), (LARGEST + 5, 5)])
def test_only_the_largest_types_are_listed_and_the_rest_counted(types: int, more: int) -> None:
    keys = [kv(f"/registry/example.com/kind{n:02}s/shop/a", b"{}") for n in range(types)]
    page = overview_page(window_on(keys))
    assert (len(page.kinds), page.more_kinds) == (LARGEST, more)


def test_a_key_of_no_resource_type_counts_among_all_keys_alone() -> None:
    page = overview_page(window_on([kv("/registry/pods/shop/a", b"{}"), kv("/odd", b"1")]))
    assert (page.count, [kind.count for kind in page.kinds]) == (2, [1])


def test_a_narrow_role_counts_only_what_it_may_see_and_still_sees_the_members() -> None:
    objects = {f"/registry/pods/{where}": {} for where in ("shop/a", "bank/b", "bank/c")} | {"/registry/minions/n": {}}
    cluster = cluster_of(report_of(build.cluster()), objects)
    narrow = overview_page(Window(cluster, replace(LOCAL, scope=Scope(("shop",)))))
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
