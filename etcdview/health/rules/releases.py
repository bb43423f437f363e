"""Rules about etcd's releases: mixed, in the middle of a change, or known to be bad."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding
from etcdview.health.rules.addresses import all_on_loopback
from etcdview.health.rules.base import STATUS, RuleContext, read_at, rule
from etcdview.kube.words import listed

Release = tuple[int, int, int]

_CORRUPTING: tuple[tuple[Release, Release], ...] = (((3, 5, 0), (3, 5, 2)),)
_OLDEST_MAINTAINED: Release = (3, 5, 0)
# What must run before the next minor release, and why: etcd's guides to both upgrades. Before 3.5.20 a promoted learner
# was still a learner in the new store of members (etcd issue 19557), and removed ones came back (20967).
_BEFORE_UPGRADE: dict[Release, str] = {
    (3, 5, 26): "Earlier releases can leave members in the database that were removed, or learners that were promoted: "
    "3.6 reads its members from there, and such a cluster may fail to start or lose its quorum "
    "(etcd.io/blog/2025/zombie_members_upgrade, etcd.io/docs/v3.6/upgrades/upgrade_3_6).",
    (3, 6, 11): "etcd's guide demands it: earlier 3.6 releases may not work together with members that run 3.7 "
    "already, as they must during a rolling upgrade (etcd.io/docs/v3.7/upgrades/upgrade_3_7).",
}
_COMPARES_MEMBERS = " `etcdview snapshot verify FILE --live` compares the members in a snapshot with the member list."


def parse_release(text: str) -> Release | None:
    """(3, 5, 16) of "3.5.16" or "v3.5.16-rc.0"; None for anything but a release."""
    found = re.match(r"v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", text)
    return (int(found[1]), int(found[2]), int(found[3] or 0)) if found else None


@rule("versions-mixed")
def versions_mixed(context: RuleContext) -> Iterator[Finding]:
    """Members run different releases; a warning where the minor release differs."""
    reported = _releases(context.facts)
    if len(reported) < 2:
        return
    minors = {release[:2] for release in reported}
    yield Finding(
        id="versions-mixed",
        severity="warning" if len(minors) > 1 else "info",
        summary="Members run different releases of etcd.",
        evidence=f"{_each(reported)} {read_at(context.facts.at)}.",
        why="A cluster works with the features of its oldest member; mixed releases are meant only for an upgrade.",
        action="Finish the upgrade, or take the newer members back to the old release before it is finished.",
        commands=(STATUS,),
    )


@rule("versions-too-far")
def versions_too_far(context: RuleContext) -> Iterator[Finding]:
    """Members run releases more than one minor release apart, which etcd does not support."""
    reported = _releases(context.facts)
    minors = [release[1] for release in reported if release[0] == 3]
    if not minors or max(minors) - min(minors) < 2:
        return
    yield Finding(
        id="versions-too-far",
        severity="critical",
        summary="Members run releases that are more than one minor release apart.",
        evidence=f"{_each(reported)} {read_at(context.facts.at)}.",
        why="etcd is upgraded one minor release at a time; members further apart do not understand each other.",
        action="Bring the oldest members to the next minor release first.",
        commands=(STATUS,),
    )


@rule("version-corrupting")
def version_corrupting(context: RuleContext) -> Iterator[Finding]:
    """A member runs 3.5.0 to 3.5.2, which can corrupt data when it is killed; a note if all are on loopback."""
    reported = _releases(context.facts)
    bad = {r: names for r, names in reported.items() if any(low <= r <= high for low, high in _CORRUPTING)}
    if not bad:
        return
    yield Finding(
        id="version-corrupting",
        severity="info" if all_on_loopback(context.facts) else "warning",
        summary="Members run a release of etcd with a known data-corruption bug.",
        evidence=f"{_each(bad)} {read_at(context.facts.at)}.",
        why="etcd 3.5.0 to 3.5.2, killed under load, can come back with data that differs from the other members'.",
        action="Upgrade to the newest 3.5 release, and start members with --experimental-initial-corrupt-check=true.",
        commands=("etcdctl endpoint hashkv --cluster -w table",),
    )


@rule("version-unmaintained")
def version_unmaintained(context: RuleContext) -> Iterator[Finding]:
    """A member runs a release older than 3.5, which gets no more fixes."""
    reported = {r: names for r, names in _releases(context.facts).items() if r < _OLDEST_MAINTAINED}
    if not reported:
        return
    yield Finding(
        id="version-unmaintained",
        severity="info",
        summary="Members run a release of etcd that is no longer maintained.",
        evidence=f"{_each(reported)} {read_at(context.facts.at)}.",
        why="Known bugs and security holes stay open in it.",
        action="Upgrade, one minor release at a time.",
        commands=(STATUS,),
    )


@rule("upgrade-needs-patch")
def upgrade_needs_patch(context: RuleContext) -> Iterator[Finding]:
    """A member runs a patch release from which the next minor one must not be reached: 3.5 before 3.5.26, 3.6 before
    3.6.11."""
    reported = _releases(context.facts)
    for least, why in _BEFORE_UPGRADE.items():
        old = {release: names for release, names in reported.items() if release[:2] == least[:2] and release < least}
        if not old:
            continue
        needed, following = ".".join(map(str, least)), f"{least[0]}.{least[1] + 1}"
        yield Finding(
            id="upgrade-needs-patch",
            severity="info",
            summary=f"An upgrade to etcd {following} must go by {needed}.",
            evidence=f"{_each(old)} {read_at(context.facts.at)}.",
            why=why,
            action=f"Bring every member to {needed} or a later {least[0]}.{least[1]} first, and let all of them run."
            + (_COMPARES_MEMBERS if least < (3, 6, 0) else ""),
            commands=(STATUS, "etcdctl member list -w table"),
        )


@rule("downgrade")
def downgrade(context: RuleContext) -> Iterator[Finding]:
    """A downgrade of the cluster is under way (etcd 3.6 and later tell)."""
    going = [m.name for m in context.facts.members if m.status and m.status.downgrade_enabled]
    if not going:
        return
    yield Finding(
        id="downgrade",
        severity="warning",
        summary="A downgrade of the cluster is under way.",
        evidence=f"Status says so at {listed(going)} {read_at(context.facts.at)}.",
        why="Until every member runs the older release, the cluster is between two; members may fail to start.",
        action="Replace the members' binary one after the other, or cancel the downgrade.",
        commands=("etcdctl downgrade cancel", STATUS),
    )


@rule("storage-version-behind")
def storage_version_behind(context: RuleContext) -> Iterator[Finding]:
    """Members of one release store their data in the format of different ones (etcd 3.6 and later tell)."""
    reported = defaultdict(list)
    for member in context.facts.members:
        if member.status is not None and member.status.storage_version:
            reported[member.status.storage_version].append(member.name)
    if len(reported) < 2:
        return
    parts = listed(f"{version} at {listed(names)}" for version, names in reported.items())
    yield Finding(
        id="storage-version-behind",
        severity="info",
        summary="Members store their data in different formats.",
        evidence=f"Storage version {parts} {read_at(context.facts.at)}.",
        why="This is normal for a moment in every upgrade and downgrade; otherwise a member has not finished one.",
        action="Check again in a few minutes, then check the log of the member that is behind.",
        commands=("etcdctl endpoint status --cluster -w json",),
    )


def _releases(facts: ClusterFacts) -> dict[Release, list[str]]:
    reported: dict[Release, list[str]] = defaultdict(list)
    for member in facts.members:
        release = parse_release(member.status.version) if member.status else None
        if release is not None:
            reported[release].append(member.name)
    return dict(sorted(reported.items()))


def _each(reported: dict[Release, list[str]]) -> str:
    return listed(f"{'.'.join(map(str, release))} at {listed(names)}" for release, names in reported.items())
