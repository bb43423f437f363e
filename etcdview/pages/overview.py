"""The overview: the members as the last round of probes saw them, the verdict, and what fills the registry."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from etcdview.cluster.window import Window
from etcdview.health.certificate_inventory import CertificateInventory
from etcdview.health.facts import ClusterFacts, MemberFacts
from etcdview.health.findings import Finding
from etcdview.health.monitor import Report
from etcdview.health.rules.space import QUOTA_NEAR
from etcdview.index.base import Freshness, Tree
from etcdview.models import Alarm
from etcdview.pages.attention import AttentionQuery
from etcdview.pages.parts import commands, lifetimes
from etcdview.pages.parts.addresses import href
from etcdview.pages.parts.churn import ChurnRow, churn_rows
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.scale import on_scale
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.verdict import headline
from etcdview.pages.triage import ClusterPart, KubernetesVerdict, kubernetes_verdict
from etcdview.relations.severity import Severity
from etcdview.stores.files.revision_store import RevisionStore
from etcdview.tables import human_duration

LARGEST = 12
BACKUP_DAYS = 7  # a backup that is older deserves a look
HOW_TO_SAVE = "/learn#commands"  # for those who may not save one here


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member as it is printed. Sizes are bytes; None is what the member or its release does not say."""

    id: str
    name: str
    role: str
    healthy: bool
    error: str
    remedy: str
    leader: bool
    learner: bool
    version: str
    peer_urls: tuple[str, ...]
    client_urls: tuple[str, ...]
    db_size: int | None
    db_size_in_use: int | None
    quota: int | None
    raft_term: int | None
    raft_index: int | None
    raft_applied_index: int | None
    latency_seconds: float | None

    @property
    def quota_used(self) -> float | None:
        """Part of the quota that the database takes, 0 to 1; None where either is unknown."""
        return self.db_size / self.quota if self.db_size is not None and self.quota else None


@dataclass(frozen=True, slots=True)
class ClusterState:
    """The etcd cluster as a whole. `at` None: no round of probes has ended yet; `stale`: the last was too long ago."""

    cluster_id: str
    revision: int
    verdict: str
    at: datetime | None
    age_seconds: float
    members: tuple[MemberRow, ...]
    alarms: tuple[str, ...]
    findings: tuple[Finding, ...] = ()
    stale: bool = False
    headline: str = ""
    parts: tuple[ClusterPart, ...] = ()


@dataclass(frozen=True, slots=True)
class KindCount:
    """How many keys one resource type has, and its part of the largest."""

    text: str
    count: int
    part: float
    href: str


@dataclass(frozen=True, slots=True)
class PastOfFile:
    """The revisions that a file holds all of: from the oldest to the newest."""

    oldest: int
    newest: int


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """The first page. `state` is None for a file: there is no cluster to ask.

    `kubernetes` is None where a part of the page is made that does not show it.
    """

    freshness: Freshness
    source: str
    state: ClusterState | None
    count: int
    kinds: tuple[KindCount, ...]
    more_kinds: int
    churn: tuple[ChurnRow, ...]
    denied: tuple[str, ...]
    commands: tuple[Command, ...]
    past: PastOfFile | None = None
    kubernetes: KubernetesVerdict | None = None


def overview_page(window: Window, now: datetime, saved_at: datetime | None = None) -> OverviewPage:
    """The page; waits for members no longer than the monitor does (1.9 s).

    `saved_at` is when a snapshot was saved from here last, None where that is not known.
    """
    tree = window.index.tree()
    kinds = _kinds(tree)
    return OverviewPage(
        freshness=window.index.freshness(),
        source=window.cluster.store.name,
        state=_with_dates(window, now, saved_at),
        count=tree.count,
        kinds=kinds[:LARGEST],
        more_kinds=max(0, len(kinds) - LARGEST),
        churn=churn_rows(window, tree),
        denied=tree.denied,
        commands=commands.for_members(),
        past=_past(window),
    )


def with_kubernetes(page: OverviewPage, window: Window, now: datetime, query: AttentionQuery) -> OverviewPage:
    """The page with the verdict on what Kubernetes has stored, and with the objects of it that the query wants."""
    return replace(page, kubernetes=kubernetes_verdict(window, now, query))


def _past(window: Window) -> PastOfFile | None:
    source = window.cluster.source
    return PastOfFile(max(source.compacted, 1), source.revision) if isinstance(source, RevisionStore) else None


def cluster_state(window: Window) -> ClusterState | None:
    """The members and the verdict; None where there is nothing alive to ask."""
    if window.cluster.monitor is None:
        return None
    return state_of(window.cluster.monitor.latest())


def state_of(report: Report) -> ClusterState:
    """The members and the verdict as one report has them."""
    facts, verdict = report.facts, report.verdict
    if facts is None:
        return ClusterState("", 0, verdict.status, None, 0.0, (), ())
    names = {m.id: m.name for m in facts.members}
    return ClusterState(
        cluster_id=f"{facts.cluster_id:x}" if facts.cluster_id else "",
        revision=facts.revision,
        verdict=verdict.status,
        at=facts.at,
        age_seconds=report.age_seconds,
        members=tuple(_member(m) for m in facts.members),
        alarms=tuple(_alarm(a, names) for a in facts.alarms),
        findings=verdict.findings,
        stale=report.stale,
        headline=headline(report),
        parts=tuple(_parts(facts)),
    )


def _with_dates(window: Window, now: datetime, saved_at: datetime | None) -> ClusterState | None:
    """The state with what has a date: the certificate that expires first, and the newest backup."""
    if window.cluster.monitor is None:
        return None
    report = window.cluster.monitor.latest()
    state = state_of(report)
    if state.at is None:
        return state
    dated = (*_certificates(report.certificates, now), _backup(window, now, saved_at))
    return replace(state, parts=(*state.parts, *dated))


def _certificates(known: CertificateInventory, now: datetime) -> Iterator[ClusterPart]:
    """The one that expires first, of those that etcdview uses, those that members show, and this machine's files."""
    if not known.entries:
        return
    first = known.entries[0].certificate
    days = first.days_left(now)
    tone, _ = lifetimes.state_of(days, early=False)
    words = (
        f"first expires {first.ends:%Y-%m-%d}, {lifetimes.left(days)} left"
        if days > 0
        else f"one expired {lifetimes.left(days)}"
    )
    yield ClusterPart("Certificates", on_scale(tone), words, "/certificates")


def _backup(window: Window, now: datetime, saved_at: datetime | None) -> ClusterPart:
    """The newest that etcdview knows of: a snapshot saved from here, or a file of --compare."""
    files = [file.written for file in window.cluster.backups()]
    newest = max([*files, *([saved_at] if saved_at else [])], default=None)
    how = "/maintenance/snapshot" if window.viewer.may("snapshot") else HOW_TO_SAVE
    if newest is None:
        return ClusterPart("Backup", "unknown", "none known to etcdview", how)
    age = max(now - newest, timedelta(0))
    where = "/compare" if newest in files else how
    severity: Severity = "warning" if age > timedelta(days=BACKUP_DAYS) else "ok"
    return ClusterPart("Newest known backup", severity, f"{newest:%Y-%m-%d}, {human_duration(age)} old", where)


def _parts(facts: ClusterFacts) -> Iterator[ClusterPart]:
    """Voters, leader and database in a few words each."""
    quorum, leader = facts.quorum, facts.leader
    all_answer = quorum.answering == quorum.voters
    few: Severity = "error" if quorum.answering < quorum.majority else "warning"
    yield ClusterPart("Voters", "ok" if all_answer else few, f"{quorum.answering} of {quorum.voters} answer")
    term = f", raft term {leader.status.raft_term:,}" if leader and leader.status else ""
    yield ClusterPart("Leader", "ok" if leader else "error", f"{leader.name}{term}" if leader else "none known")
    sized = [(m.status.db_size_bytes, m.quota_bytes or 0) for m in facts.members if m.status and m.status.db_size_bytes]
    if sized:
        size, quota = max(sized)
        part = f", {100 * size / quota:.0f} % of its quota" if quota else ""
        near = quota and size >= QUOTA_NEAR * quota
        yield ClusterPart("Largest database", "warning" if near else "ok", f"{size_text(size)}{part}")


def _member(member: MemberFacts) -> MemberRow:
    status, problem = member.status, member.problem
    return MemberRow(
        id=member.id_hex,
        name=member.name,
        role=member.role,
        healthy=member.healthy,
        error=problem.what if problem else "",
        remedy=problem.remedy if problem else "",
        leader=member.is_leader,
        learner=member.learner,
        version=status.version if status else "",
        peer_urls=member.peer_urls,
        client_urls=member.client_urls,
        db_size=status.db_size_bytes if status else None,
        db_size_in_use=status.db_size_in_use_bytes if status else None,
        quota=member.quota_bytes,
        raft_term=status.raft_term if status else None,
        raft_index=status.raft_index if status else None,
        raft_applied_index=status.raft_applied_index if status else None,
        latency_seconds=member.latency_seconds,
    )


def _alarm(alarm: Alarm, names: dict[int, str]) -> str:
    return f"{alarm.kind} on {names.get(alarm.member_id) or f'{alarm.member_id:x}'}"


def _kinds(tree: Tree) -> tuple[KindCount, ...]:
    ordered = sorted(tree.types, key=lambda t: (-t.count, t.resource.qualified))
    largest = ordered[0].count if ordered else 1
    return tuple(
        KindCount(t.resource.id, t.count, t.count / largest, href("/registry", resource=t.resource.id))
        for t in ordered
        if t.count
    )
