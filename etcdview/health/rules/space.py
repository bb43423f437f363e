"""Rules about room: the quota, the alarms that end it, and what defragmenting would give back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from etcdview.health.facts import MemberFacts
from etcdview.health.findings import Finding
from etcdview.health.rules.base import STATUS, RuleContext, read_at, rule
from etcdview.kube.quantities import size_text
from etcdview.kube.words import listed

QUOTA_NEAR = 0.80
_NEARLY_FULL = 0.95
_SOON = timedelta(days=1)
_VERY_SOON = timedelta(hours=6)
_EARLY = 0.30  # below this share of the quota a burst, such as a cluster being set up, says nothing of the day
_FRAGMENTED_BYTES = 100_000_000


@rule("alarm-space")
def alarm_space(context: RuleContext) -> Iterator[Finding]:
    """A NOSPACE alarm stands: a database has reached its quota, and the cluster takes no more writes."""
    raised = [a.member_id for a in context.facts.alarms if a.kind == "NOSPACE"]
    if not raised:
        return
    fill = listed(f"{m.name} {_fill(m)}" for m in context.facts.members if m.status)
    yield Finding(
        id="alarm-space",
        severity="critical",
        summary="A database is full: the cluster refuses all writes.",
        evidence=f"Alarm NOSPACE of {_names(context, raised)}; {fill} {read_at(context.facts.at)}.",
        why="Only reads and deletions work: nothing can be created or changed in Kubernetes.",
        action="Compact, defragment each member, disarm the alarm; raise --quota-backend-bytes, to 8 GiB at most.",
        commands=(
            "etcdctl compact $(etcdctl endpoint status -w json | jq .[0].Status.header.revision)",
            "etcdctl defrag --cluster",
            "etcdctl alarm disarm",
        ),
    )


@rule("alarm-corrupt")
def alarm_corrupt(context: RuleContext) -> Iterator[Finding]:
    """A CORRUPT alarm stands: etcd itself found that a member's data differs."""
    raised = [a.member_id for a in context.facts.alarms if a.kind == "CORRUPT"]
    if not raised:
        return
    yield Finding(
        id="alarm-corrupt",
        severity="critical",
        summary="etcd has found corrupt data.",
        evidence=f"Alarm CORRUPT of {_names(context, raised)} {read_at(context.facts.at)}.",
        why="A member's data differs from its peers', so the result of a read depends on which one answers.",
        action="Remove the corrupt member, wipe its data directory, add it again, then disarm the alarm.",
        commands=("etcdctl endpoint hashkv --cluster -w table", "etcdctl alarm list", "etcdctl alarm disarm"),
    )


@rule("quota-near")
def quota_near(context: RuleContext) -> Iterator[Finding]:
    """A database file has reached 80 % of its quota; at 100 % etcd refuses all writes. Critical from 95 %."""
    for member in context.facts.members:
        share = _share(member)
        if share is None or share < QUOTA_NEAR:
            continue
        yield Finding(
            id="quota-near",
            severity="critical" if share >= _NEARLY_FULL else "warning",
            summary=f"The database of {member.name} has reached {share:.0%} of its quota.",
            evidence=f"{_fill(member)} {read_at(member.endpoint.status.at)}.",
            why="At the quota etcd raises NOSPACE and refuses all writes until an operator steps in.",
            action="Find what fills it, compact and defragment; then consider a larger --quota-backend-bytes.",
            commands=("etcdctl defrag --cluster", STATUS),
            member=member.name,
        )


@rule("quota-soon")
def quota_soon(context: RuleContext) -> Iterator[Finding]:
    """At the rate of the last hour (half of it at least) what is in use reaches the quota within a day.

    Below 30 % of the quota: within six hours.
    """
    for member in context.facts.members:
        rate, quota, share = context.history.growth_bytes_per_second(member.id), member.quota_bytes, _share(member)
        in_use = member.status.db_size_in_use_bytes if member.status else None
        if rate is None or rate <= 0 or not quota or share is None or in_use is None:
            continue
        left = max(0.0, quota - in_use) / rate
        if left > (_SOON if share >= _EARLY else _VERY_SOON).total_seconds():
            continue
        yield Finding(
            id="quota-soon",
            severity="warning",
            summary=f"At the present rate the database of {member.name} is full in {_duration(left)}.",
            evidence=f"{_fill(member)}, growing by {size_text(rate * 3600)}/h {read_at(member.endpoint.status.at)}.",
            why="When it is full etcd refuses all writes.",
            action="Find out what writes so much, and whether kube-apiserver still compacts.",
            commands=("etcdctl watch --prefix /registry/ | grep -A1 ^PUT",),
            member=member.name,
        )


@rule("quota-differs")
def quota_differs(context: RuleContext) -> Iterator[Finding]:
    """Members have different database quotas."""
    quotas = defaultdict(list)
    for member in context.facts.members:
        if member.quota_bytes is not None:
            quotas[member.quota_bytes].append(member.name)
    if len(quotas) < 2:
        return
    parts = listed(f"{size_text(quota)} at {listed(names)}" for quota, names in quotas.items())
    yield Finding(
        id="quota-differs",
        severity="warning",
        summary="Members have different database quotas.",
        evidence=f"{parts} {read_at(context.facts.at)}.",
        why="The smallest one stops the writes of all, while the others seem to have space.",
        action="Give every member the same --quota-backend-bytes.",
        commands=(STATUS,),
    )


@rule("fragmented")
def fragmented(context: RuleContext) -> Iterator[Finding]:
    """Less than half of a database file of 100 MiB or more is in use; a warning where it is half full besides."""
    for member in context.facts.members:
        status = member.status
        if status is None or status.db_size_in_use_bytes is None or status.db_size_bytes < _FRAGMENTED_BYTES:
            continue
        if status.db_size_in_use_bytes >= status.db_size_bytes / 2:
            continue
        free = status.db_size_bytes - status.db_size_in_use_bytes
        yield Finding(
            id="fragmented",
            severity="warning" if (_share(member) or 0) >= 0.5 else "info",
            summary=f"Defragmenting {member.name} would free {size_text(free)}.",
            evidence=f"{size_text(status.db_size_bytes)} on disk, {size_text(status.db_size_in_use_bytes)} in use "
            f"{read_at(member.endpoint.status.at)}.",
            why="The quota counts the file, not what is in use; etcd reuses the space but never shrinks the file.",
            action="Defragment one member at a time, the leader last: a member does not answer meanwhile.",
            commands=(f"etcdctl --endpoints={member.endpoint.url} defrag",),
            member=member.name,
        )


@rule("errors-reported")
def errors_reported(context: RuleContext) -> Iterator[Finding]:
    """A member reports an error of its own in Status, other than an alarm or a missing leader."""
    for member in context.facts.members:
        reported = member.status.errors if member.status else ()
        others = [e for e in reported if "alarm:" not in e and "no leader" not in e]
        if not others:
            continue
        yield Finding(
            id="errors-reported",
            severity="warning",
            summary=f"Member {member.name} reports an error.",
            evidence=f"{listed(others)} {read_at(member.endpoint.status.at)}",
            why="etcd reports here only errors that keep it from serving correctly.",
            action="Search its log for the same words.",
            commands=("etcdctl endpoint status -w json",),
            member=member.name,
        )


def _share(member: MemberFacts) -> float | None:
    if member.status is None or not member.quota_bytes:
        return None
    return member.status.db_size_bytes / member.quota_bytes


def _fill(member: MemberFacts) -> str:
    if member.status is None:
        return "size unknown"
    quota = f" of {size_text(member.quota_bytes)}" if member.quota_bytes else ", quota unknown"
    in_use = member.status.db_size_in_use_bytes
    return (
        size_text(member.status.db_size_bytes) + quota + (f", {size_text(in_use)} in use" if in_use is not None else "")
    )


def _names(context: RuleContext, ids: list[int]) -> str:
    names = {m.id: m.name for m in context.facts.members}
    return listed(names.get(i, f"{i:x}") for i in ids)


def _duration(seconds: float) -> str:
    hours = seconds / 3600
    return f"{hours:.0f} hours" if hours >= 2 else f"{seconds / 60:.0f} minutes"
