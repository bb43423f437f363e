"""Rules about who answers, and whether the voters can agree."""

from __future__ import annotations

from collections.abc import Iterator

from etcdview.health.facts import MemberFacts
from etcdview.health.findings import Finding
from etcdview.health.rules.base import Sight, read_at, rule

_STATUS = "etcdctl endpoint status --cluster -w table"
_HEALTH = "etcdctl endpoint health --cluster"


@rule("quorum-lost")
def quorum_lost(sight: Sight) -> Iterator[Finding]:
    """No linearizable read succeeds, and those that answer are fewer than a majority or know of no leader."""
    facts, quorum = sight.facts, sight.facts.quorum
    if quorum.state != "lost":
        return
    silent = ", ".join(m.name for m in facts.voters if not m.alive) or "none"
    yield Finding(
        id="quorum-lost",
        severity="critical",
        summary=f"No quorum: {quorum.answering} of {quorum.voters} voters answer, {quorum.majority} are needed.",
        evidence=f"A linearizable read failed on every member that answers; silent: {silent} {read_at(facts.at)}.",
        why="Nothing can be written, and kube-apiserver can neither read nor write: the control plane stands still.",
        action="Bring back enough of the silent members; where they are lost for good, restore a snapshot.",
        commands=(_HEALTH, _STATUS),
    )


@rule("quorum-unknown")
def quorum_unknown(sight: Sight) -> Iterator[Finding]:
    """Nobody answers, or a majority answers but no linearizable read ended in time: unknown is not fine."""
    facts, quorum = sight.facts, sight.facts.quorum
    if quorum.state != "unknown":
        return
    troubles = "; ".join(f"{m.name}: {m.trouble.what}" for m in facts.members if m.trouble) or "no endpoint was asked"
    yield Finding(
        id="quorum-unknown",
        severity="critical",
        summary="Whether the cluster has a quorum is unknown: no linearizable read succeeded.",
        evidence=f"{troubles} {read_at(facts.at)}",
        why="Only a linearizable read proves that the members agree; without one nothing can be said.",
        action=_first_remedy(facts.members) or "Check the endpoints, and the network between here and them.",
        commands=("etcdview doctor", _HEALTH),
    )


@rule("member-down")
def member_down(sight: Sight) -> Iterator[Finding]:
    """A member was asked and did not answer: it is stopped, hangs, or cannot be reached from here."""
    for member in sight.facts.members:
        trouble = member.trouble
        if not member.started or not member.asked or member.alive or trouble is None:
            continue
        yield Finding(
            id="member-down",
            severity="critical",
            summary=f"Member {member.name} does not answer.",
            evidence=f"{trouble.what} {read_at(member.endpoint.status.at)}",
            why="Each member that is away brings the cluster nearer to the loss of its quorum.",
            action=trouble.remedy or "Look at its process and its log, and start it again.",
            commands=(f"etcdctl --endpoints={member.endpoint.url} endpoint status", _HEALTH),
            member=member.name,
        )


def _first_remedy(members: tuple[MemberFacts, ...]) -> str:
    return next((m.trouble.remedy for m in members if m.trouble and m.trouble.remedy), "")
