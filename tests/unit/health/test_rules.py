"""Every rule has facts on which it fires, with its severity, and near ones on which it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace as Build

import pytest

from etcdview.health.facts import HttpHealth, Probe, Problem, WireFacts
from etcdview.health.findings import Severity
from etcdview.health.rules import RULES, RuleContext, examine
from etcdview.models import KvHash, Membership
from tests.unit.test_endpoints import UNREADABLE

Make = Callable[[Build], RuleContext]
ALL = (1, 2, 3)
LATE = Problem("DeadlineError", "https://10.0.0.2:2379 accepts the connection but does not answer.")
CLOSED = Problem("UnreachableError", "https://10.0.0.2:2379 closed the connection.")
NOT_PERMITTED = Problem("NotPermittedError", "etcd does not permit this user to read that.")


@dataclass(frozen=True)
class Case:
    """Facts on which the rule gives one finding of `severity`, and facts on which it gives none."""

    severity: Severity
    fires: Make
    quiet: Make


def bent(**changes: object) -> Make:
    """A cluster of three whose second member is bent."""
    return lambda b: b.context(b.cluster(bend={2: changes}))


def said(**changes: object) -> Make:
    """A cluster of three whose second member says something else in Status."""
    return bent(status=changes)


def counted(**changes: object) -> Make:
    """A cluster of three whose second member counts something else in the newer of two samples."""
    return lambda b: b.context(b.cluster(bend={2: {"wire": b.wire(metrics=b.metrics(**changes))}}))


def listed(**changes: object) -> Make:
    """A cluster of three whose second member is listed otherwise."""
    return lambda b: b.context(b.cluster(members=(b.member(1), b.member(2, **changes), b.member(3))))


def fsync(slow_share: float) -> Make:
    return lambda b: counted(fsync=b.histogram({0.0015: 1000 + 1000 * (1 - slow_share), 0.03: 1000 * slow_share}))(b)


def commit(slow_share: float) -> Make:
    return lambda b: counted(commit=b.histogram({0.003: 1000 + 1000 * (1 - slow_share), 0.06: 1000 * slow_share}))(b)


def round_trip(seconds: float) -> Make:
    return lambda b: counted(peer_round_trip={"a2": b.histogram({0.001: 50, seconds: 20})})(b)


def hashed(**changes: object) -> Make:
    return lambda b: b.context(b.cluster(bend={2: {"hash": b.ok(replace(KvHash(0xA2, 0xFEED, 1201, 900), **changes))}}))


def skewed(two: float, others: float = 0.0) -> Make:
    def make(b: Build) -> RuleContext:
        ahead = {1: others, 2: two, 3: others}
        health = {n: HttpHealth(True, clock_ahead_seconds=s) for n, s in ahead.items()}
        return b.context(b.cluster(bend={n: {"wire": b.wire(health=health[n])} for n in ALL}))

    return make


def growing(to_bytes: float, by: float, minutes: float = 60) -> Make:
    """The first member's data has grown to so much, by so much."""
    said = {"status": {"db_size_bytes": int(to_bytes), "db_size_in_use_bytes": int(to_bytes)}}
    return lambda b: b.context(b.cluster(bend={1: said}), history=b.history([to_bytes - by, to_bytes], minutes=minutes))


def led(*leaders: int) -> Make:
    """Who led, round by round, over an hour."""
    return lambda b: b.context(b.cluster(), history=b.history([1e8] * len(leaders), leaders=list(leaders)))


def without_metrics(problem: Problem, *numbers: int) -> Make:
    def make(b: Build) -> RuleContext:
        silent = replace(b.wire(), health=b.failed(problem), metrics=b.failed(problem))
        return b.context(b.cluster(bend={n: {"wire": silent} for n in numbers or ALL}))

    return make


def behind(**changes: object) -> Make:
    """Besides a cluster of three, an endpoint whose log is far ahead of theirs."""
    return lambda b: b.context(
        b.cluster(more=(b.endpoint(9, (b.member(9),), status={"raft_index": 90_000, **changes}),))
    )


def healthy(b: Build) -> RuleContext:
    return b.context(b.cluster())


def once(make: Make) -> Make:
    """The same, seen in one round only."""
    return lambda b: replace(make(b), before=b.cluster())


def elsewhere(b: Build) -> RuleContext:
    """Behind the address of the second member the first one answers."""
    return b.context(b.cluster(bend={2: {"status": {"member_id": 0xA1}}}))


def through_a_tunnel(b: Build) -> RuleContext:
    members = tuple(b.member(n) for n in ALL)
    local = replace(b.endpoint(1, members), url="https://127.0.0.1:12379")
    return b.context(b.cluster(down=(1,), more=(local,)))


def silent_http(b: Build) -> WireFacts:
    return replace(b.wire(), health=b.failed(), metrics=b.failed())


def removed(b: Build) -> RuleContext:
    members = tuple(b.member(n) for n in ALL)
    return b.context(b.cluster(more=(b.endpoint(9, members),)))


def of_another_cluster(b: Build) -> RuleContext:
    return b.context(b.cluster(more=(b.endpoint(9, (b.member(9),), status={"cluster_id": 5, "raft_term": 2}),)))


def different_views(b: Build) -> RuleContext:
    other = b.ok(Membership(b.cluster_id, (b.member(2), b.member(3))))
    return b.context(b.cluster(bend={2: {"membership": other}}))


def a_learner(b: Build) -> RuleContext:
    members = (*(b.member(n) for n in ALL), b.member(4, learner=True))
    return b.context(b.cluster(members=members, bend={4: {"read": b.ok(None), "status": {"learner": True}}}))


def on_one_machine(b: Build) -> RuleContext:
    return b.context(b.cluster(members=tuple(b.member(n, peer_urls=(f"https://127.0.0.1:238{n}",)) for n in ALL)))


def all_said(**changes: object) -> Make:
    return lambda b: b.context(b.cluster(bend={n: {"status": changes} for n in ALL}))


def without_quorum(b: Build) -> RuleContext:
    return b.context(b.cluster(down=(1, 2), bend={3: {"read": b.failed()}}))


def near(share: float) -> Make:
    return said(db_size_bytes=int(share * 2_147_483_648))


def shown(**changes: object) -> Make:
    """A member's certificate in the inventory."""
    return lambda b: b.with_entry(**changes)


def ends(days: float, begins: float = -265) -> Make:
    return lambda b: b.with_entry(ends=b.now + timedelta(days=days), begins=b.now + timedelta(days=begins))


def lacking(call: str) -> Make:
    """A server without one of the calls."""
    return lambda b: bent(**{call: b.failed(Problem("UnsupportedError", "no"))})(b)


def lacking_http(b: Build) -> RuleContext:
    """A second member without /health and /metrics on its client port."""
    lacks = b.failed(Problem("UnsupportedError", "It does not serve /metrics (HTTP 404)."))
    return b.context(b.cluster(bend={2: {"wire": replace(b.wire(), health=lacks, metrics=lacks)}}))


CASES: dict[str, Case] = {
    "alarm-corrupt": Case(
        "critical", said(errors=("memberID:162 alarm:CORRUPT ",)), said(errors=("memberID:1 alarm:NONE",))
    ),
    "alarm-space": Case(
        "critical", said(errors=("memberID:162 alarm:NOSPACE ",)), said(errors=("etcdserver: no leader",))
    ),
    "applies-slow": Case(
        "warning",
        counted(slow_applies=50, proposals_committed=11_000),
        counted(slow_applies=50, proposals_committed=20_000),
    ),
    "apply-lag": Case("warning", said(raft_applied_index=3900), said(raft_applied_index=4100)),
    "certificate-early": Case("critical", ends(100, begins=1), ends(100)),
    "certificate-expired": Case("critical", ends(-1), ends(1)),
    "certificate-expiring": Case("warning", ends(29), ends(31)),
    "certificate-key": Case("critical", shown(key_fits=False), shown(key_fits=None)),
    "certificate-names": Case("warning", shown(host="10.0.0.3"), shown(host="CP2")),
    "certificate-untrusted": Case("critical", shown(trusted=False), shown(trusted=None)),
    "clock-here": Case("warning", skewed(90, 90), skewed(90, 1)),
    "clock-skew": Case("warning", skewed(5), skewed(90, 90)),
    "cluster-id-differs": Case("critical", of_another_cluster, removed),
    "commit-slow": Case("warning", commit(0.05), commit(0.005)),
    "data-differs": Case("critical", hashed(hash=0xBAD), hashed(hash=0xBAD, compact_revision=800)),
    "data-uncompared": Case("info", lambda b: bent(hash=b.failed())(b), lacking("hash")),
    "downgrade": Case("warning", said(downgrade_enabled=True), said(downgrade_enabled=None)),
    "endpoint-dead": Case(
        "warning", lambda b: b.context(b.cluster(more=(b.silent(9),))), lambda b: b.context(b.cluster(down=(2,)))
    ),
    "read-denied": Case(
        "warning", lambda b: bent(read=b.failed(Problem("DeniedError", "no")))(b), lambda b: bent(read=b.failed())(b)
    ),
    "errors-reported": Case(
        "warning", said(errors=("etcdserver: something else",)), said(errors=("etcdserver: no leader",))
    ),
    "even-voters": Case("info", lambda b: b.context(b.cluster(4)), lambda b: b.context(b.cluster(5))),
    "files-near": Case("warning", counted(open_fds=900), counted(open_fds=700)),
    "fragmented": Case(
        "info",
        said(db_size_bytes=200_000_000, db_size_in_use_bytes=90_000_000),
        said(db_size_bytes=90_000_000, db_size_in_use_bytes=1_000),
    ),
    "fsync-slow": Case("warning", fsync(0.05), fsync(0.005)),
    "heartbeats-late": Case("warning", counted(heartbeat_send_failures=12), counted(heartbeat_send_failures=2)),
    "http-unhealthy": Case(
        "warning",
        lambda b: bent(wire=b.wire(health=HttpHealth(False, "RAFT NO LEADER")))(b),
        lambda b: bent(wire=b.wire(health=HttpHealth(False)), read=b.failed())(b),
    ),
    "leader-changes": Case("info", led(0xA1, 0xA2, 0xA2), counted(leader_changes=9)),
    "leader-disputed": Case("critical", said(leader_id=0xA2), once(said(leader_id=0xA2))),
    "leader-missing": Case("critical", all_said(leader_id=0), said(leader_id=0)),
    "learner": Case("info", a_learner, healthy),
    "member-cut-off": Case("critical", lambda b: bent(read=b.failed())(b), without_quorum),
    "member-down": Case("critical", lambda b: b.context(b.cluster(down=(2,))), listed(client_urls=())),
    "member-unstarted": Case("warning", listed(name="", client_urls=()), listed(client_urls=())),
    "membership-differs": Case("critical", different_views, once(different_views)),
    "membership-unread": Case(
        "warning",
        lambda b: b.context(b.cluster(bend={n: {"membership": b.failed()} for n in ALL})),
        lambda b: b.context(b.cluster(down=ALL)),
    ),
    "metrics-unread": Case("warning", without_metrics(LATE, 2), lacking_http),
    "no-spare": Case(
        "warning", lambda b: b.context(b.cluster(down=(3,))), lambda b: b.context(b.cluster(5, down=(3,)))
    ),
    "not-a-member": Case("warning", removed, of_another_cluster),
    "one-machine": Case("info", on_one_machine, lambda b: b.context(b.cluster(1))),
    "peers-slow": Case("warning", round_trip(0.2), round_trip(0.06)),
    "proposals-failed": Case("info", counted(proposals_failed=1), counted(proposals_failed=0)),
    "proposals-pending": Case(
        "warning",
        lambda b: b.context(
            b.cluster(
                bend={
                    2: {
                        "wire": b.wire(metrics=b.metrics(proposals_pending=300)),
                        "metrics_before": b.ok(b.metrics(proposals_pending=200), at=b.now.replace(hour=11)),
                    }
                }
            )
        ),
        counted(proposals_pending=300),
    ),
    "quorum-lost": Case("critical", without_quorum, lambda b: b.context(b.cluster(down=(1,)))),
    "quorum-unknown": Case("critical", lambda b: b.context(b.cluster(down=ALL)), without_quorum),
    "quota-differs": Case("warning", said(quota_bytes=8_000_000_000), said(quota_bytes=2_147_483_648)),
    "quota-near": Case("warning", near(0.81), near(0.79)),
    "quota-soon": Case("warning", growing(1e9, 5e7), growing(6e7, 5e7)),
    "raft-lag": Case("warning", said(raft_index=3900), once(said(raft_index=3900))),
    "read-slow": Case(
        "warning", lambda b: bent(read=b.ok(1201, 0.6))(b), lambda b: once(bent(read=b.ok(1201, 0.6)))(b)
    ),
    "restarted": Case(
        "info",
        lambda b: counted(started_at=b.now.timestamp() - 60)(b),
        lambda b: b.context(
            b.cluster(bend={n: {"wire": b.wire(metrics=b.metrics(started_at=b.now.timestamp() - 60))} for n in ALL})
        ),
    ),
    "single-member": Case("info", lambda b: b.context(b.cluster(1)), lambda b: b.context(b.cluster(2))),
    "storage-version-behind": Case("info", said(storage_version="3.5.0"), said(storage_version=None)),
    "term-differs": Case("warning", said(raft_term=4), once(said(raft_term=4))),
    "unsupported": Case("info", lacking("hash"), lambda b: bent(hash=b.failed())(b)),
    "url-loopback": Case(
        "warning",
        listed(peer_urls=("https://localhost:2380",)),
        listed(client_urls=("https://127.0.0.1:2379", "https://10.0.0.2:2379")),
    ),
    "member-twice": Case("warning", listed(name="cp1"), listed(name="")),
    "url-misleads": Case("warning", elsewhere, healthy),
    "url-missing": Case("warning", listed(client_urls=()), listed(name="", client_urls=())),
    "url-odd": Case("warning", listed(client_urls=("unix:///run/etcd",)), listed(client_urls=("https://[::1]:2379",))),
    "url-plain": Case("warning", listed(peer_urls=("http://10.0.0.2:2380",)), healthy),
    "url-shared": Case(
        "warning", listed(client_urls=("https://10.0.0.1:2379",)), listed(client_urls=("https://10.0.0.1:12379",))
    ),
    "upgrade-needs-patch": Case("info", said(version="3.5.25"), all_said(version="3.5.26")),
    "url-unreachable": Case("info", through_a_tunnel, lambda b: b.context(b.cluster(down=(1,)))),
    "version-corrupting": Case("warning", said(version="3.5.2"), said(version="3.5.3")),
    "version-unmaintained": Case("info", said(version="3.4.30"), said(version="3.5.25")),
    "versions-mixed": Case("warning", said(version="3.5.9"), all_said(version="3.5.9")),
    "versions-too-far": Case("critical", said(version="3.4.30"), said(version="3.5.25")),
}


def test_the_reason_for_a_patch_before_an_upgrade_is_that_of_the_upgrade_and_names_its_source(build: Build) -> None:
    """From 3.5 it is what is stored of members; from 3.6 etcd's guide to 3.7 says it of the rolling upgrade alone."""
    found = {
        version: next(iter(RULES["upgrade-needs-patch"].check(said(version=version)(build))))
        for version in ("3.5.25", "3.6.10")
    }
    assert "members in the database that were removed" in found["3.5.25"].why
    assert "upgrade_3_6" in found["3.5.25"].why
    assert "rolling upgrade" in found["3.6.10"].why
    assert "upgrade_3_7" in found["3.6.10"].why
    assert "removed" not in found["3.6.10"].why


def findings(rule_id: str, context: RuleContext) -> list[str]:
    return [f.severity for f in RULES[rule_id].check(context)]


def test_every_rule_has_its_pair() -> None:
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule_id", CASES)
def test_fires(rule_id: str, build: Build) -> None:
    found = list(RULES[rule_id].check(CASES[rule_id].fires(build)))
    assert [f.severity for f in found] == [CASES[rule_id].severity]
    assert found[0].id == rule_id
    assert all((found[0].summary, found[0].evidence, found[0].why, found[0].action, found[0].commands))


@pytest.mark.parametrize("rule_id", CASES)
def test_does_not_fire(rule_id: str, build: Build) -> None:
    assert findings(rule_id, CASES[rule_id].quiet(build)) == []


def test_no_rule_fires_on_a_healthy_cluster(build: Build) -> None:
    verdict = examine(healthy(build))
    assert (verdict.status, verdict.findings) == ("healthy", ())


def test_rules_that_grow_worse_say_so(build: Build) -> None:
    assert findings("quota-near", near(0.96)(build)) == ["critical"]
    assert findings("apply-lag", said(raft_index=9000, raft_applied_index=4000)(build)) == ["critical"]
    assert findings("certificate-expiring", ends(6)(build)) == ["critical"]
    assert findings("even-voters", build.context(build.cluster(2))) == ["warning"]
    assert findings("leader-changes", led(0xA1, 0xA2, 0xA1, 0xA2)(build)) == ["warning"]


def test_data_that_nobody_compared_is_said_to_be_so(build: Build) -> None:
    never = {n: {"hash": Probe()} for n in ALL}
    (finding,) = RULES["data-uncompared"].check(build.context(build.cluster(bend=never)))
    assert (finding.severity, finding.summary) == ("info", "The members' data has not been compared.")
    assert "etcdview health --compare-data" in finding.commands
    large = {n: {"hash": Probe(), "status": {"db_size_bytes": 600_000_000}} for n in ALL}
    (finding,) = RULES["data-uncompared"].check(build.context(build.cluster(bend=large)))
    assert "572.2 MiB, more than the 512.0 MiB limit of the automatic check" in finding.evidence
    assert findings("data-uncompared", build.context(build.cluster(1, bend={1: {"hash": Probe()}}))) == []


def test_a_failed_probe_of_the_metrics_everywhere_is_unknown_and_not_fine(build: Build) -> None:
    verdict = examine(without_metrics(LATE)(build))
    assert (verdict.status, [f.id for f in verdict.findings]) == ("at risk", ["metrics-unread"])
    assert "cp1, cp2 and cp3" in verdict.findings[0].summary
    assert "open files" in verdict.findings[0].why


def test_metrics_that_fail_once_or_are_served_elsewhere_are_only_noted(build: Build) -> None:
    assert findings("metrics-unread", once(without_metrics(LATE))(build)) == ["info"]
    assert findings("metrics-unread", without_metrics(CLOSED)(build)) == ["info"]
    assert findings("metrics-unread", replace(without_metrics(LATE)(build), before=None)) == ["warning"]


def test_without_metrics_an_unknown_quota_is_named_too(build: Build) -> None:
    silent = replace(build.wire(), metrics=build.failed(LATE))
    facts = build.cluster(bend={2: {"wire": silent, "status": {"quota_bytes": None}}})
    (finding,) = RULES["metrics-unread"].check(build.context(facts))
    assert "the quota" in finding.why


def test_http_that_a_server_does_not_have_is_named(build: Build) -> None:
    (finding,) = RULES["unsupported"].check(lacking_http(build))
    assert finding.summary == "Not supported by this server: /health and /metrics."


def test_a_burst_below_a_third_of_the_quota_says_nothing_of_the_day(build: Build) -> None:
    assert findings("quota-soon", growing(5e8, 1e8)(build)) == []
    assert findings("quota-soon", growing(5e8, 4e8)(build)) == ["warning"]
    assert findings("quota-soon", growing(5e8, 4e8, minutes=20)(build)) == []


def test_a_log_of_another_cluster_or_of_no_member_is_no_measure(build: Build) -> None:
    assert findings("raft-lag", behind(cluster_id=5)(build)) == []
    assert findings("raft-lag", behind()(build)) == []


def test_one_late_read_of_a_member_that_knows_its_leader_is_a_warning_first(build: Build) -> None:
    late, lost = bent(read=build.failed()), bent(read=build.failed(Problem("NoQuorumError", "no leader")))
    assert findings("member-cut-off", once(late)(build)) == ["warning"]
    assert findings("member-cut-off", late(build)) == ["critical"]
    assert findings("member-cut-off", once(lost)(build)) == ["critical"]
    assert findings("member-cut-off", once(bent(read=build.failed(), status={"leader_id": 0}))(build)) == ["critical"]


def test_a_voter_that_is_cut_off_has_failed_already(build: Build) -> None:
    facts = bent(read=build.failed())(build).facts
    assert (facts.quorum.answering, facts.quorum.may_fail) == (3, 0)
    assert findings("no-spare", build.context(facts)) == ["warning"]


def test_a_read_that_is_not_permitted_proves_the_quorum_and_a_missing_login_does_not(build: Build) -> None:
    limited = replace(build.failed(NOT_PERMITTED), latency_seconds=0.002)
    facts = build.cluster(bend={n: {"read": limited, "local_read": limited} for n in ALL})
    verdict = examine(build.context(facts))
    assert (verdict.status, verdict.findings) == ("healthy", ())
    assert facts.quorum.may_fail == 1
    shut = build.failed(Problem("DeniedError", "etcd requires a user name and password."))
    assert [
        e.in_quorum
        for m in build.cluster(bend={1: {"read": shut, "wire": silent_http(build)}}).members
        for e in m.endpoints
    ] == [False, True, True]


def test_a_bad_release_on_a_cluster_for_trying_out_is_only_noted(build: Build) -> None:
    members = tuple(build.member(n, peer_urls=(f"https://127.0.0.1:238{n}",)) for n in ALL)
    facts = build.cluster(members=members, bend={n: {"status": {"version": "3.5.1"}} for n in ALL})
    assert findings("version-corrupting", build.context(facts)) == ["info"]


def test_evidence_names_the_numbers_and_when_they_were_read(build: Build) -> None:
    (finding,) = RULES["quota-near"].check(near(0.81)(build))
    assert finding.evidence == "1.6 GiB of 2.0 GiB, 14.3 MiB in use (read 12:00:00 UTC)."
    (finding,) = RULES["fsync-slow"].check(fsync(0.05)(build))
    assert finding.evidence == "WAL fsync p99 28.8 ms, limit 10.0 ms, in 120 s up to 12:00:00 UTC."


@pytest.mark.parametrize("url", UNREADABLE)
def test_a_url_that_cannot_be_read_breaks_no_rule(build: Build, url: str) -> None:
    members = (build.member(1), build.member(2, peer_urls=(url,), client_urls=(url,)), build.member(3))

    verdict = examine(build.context(build.cluster(members=members)))

    assert "one-machine" not in [finding.id for finding in verdict.findings]


def test_members_whose_hosts_are_unknown_are_not_said_to_share_one(build: Build) -> None:
    members = tuple(build.member(number, peer_urls=("http://[",)) for number in ALL)

    assert findings("one-machine", build.context(build.cluster(members=members))) == []
