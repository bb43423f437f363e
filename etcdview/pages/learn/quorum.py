"""Quorum, to try: who votes, who answers, and what becomes of the cluster without some of them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from etcdview.health.facts import ClusterFacts
from etcdview.pages.parts.addresses import href

EXAMPLE = ("m1", "m2", "m3")
_BOX, _GAP, _HEIGHT = 132, 16, 76


@dataclass(frozen=True, slots=True)
class Voter:
    """A voting member as it is drawn at `x`; `removed` in thought, `answers` in truth. `href` takes it away or back."""

    name: str
    x: int
    answers: bool
    removed: bool
    leader: bool
    href: str


@dataclass(frozen=True, slots=True)
class Size:
    """A cluster of so many voters: how many must agree, and how many may fail."""

    voters: int
    quorum: int
    may_fail: int


@dataclass(frozen=True, slots=True)
class QuorumPicture:
    """The voters and what they can do. `example`: there is no live cluster, and these are made up."""

    voters: tuple[Voter, ...]
    width: int
    height: int
    answering: int
    quorum: int
    words: str
    example: bool

    @property
    def holds(self) -> bool:
        """Whether enough are left to write."""
        return self.answering >= self.quorum


SIZES = tuple(Size(n, n // 2 + 1, n - n // 2 - 1) for n in (1, 2, 3, 4, 5, 7))


def quorum_picture(facts: ClusterFacts | None, without: Collection[str]) -> QuorumPicture:
    """The picture of this cluster, or of three members where there is none, with some taken away in thought."""
    if facts is None or not facts.voters:
        found = [(name, True, number == 0) for number, name in enumerate(EXAMPLE)]
    else:
        found = [(m.name, m.alive, m.is_leader) for m in facts.voters]
    removed = [name for name, _, _ in found if name in without]
    voters = tuple(
        Voter(name, number * (_BOX + _GAP), answers, name in removed, leader, _toggled(removed, name))
        for number, (name, answers, leader) in enumerate(found)
    )
    answering = sum(v.answers and not v.removed for v in voters)
    quorum = len(voters) // 2 + 1
    return QuorumPicture(
        voters=voters,
        width=len(voters) * (_BOX + _GAP) - _GAP,
        height=_HEIGHT,
        answering=answering,
        quorum=quorum,
        words=_words(voters, answering, quorum),
        example=facts is None or not facts.voters,
    )


def _toggled(removed: Sequence[str], name: str) -> str:
    left = [each for each in removed if each != name] if name in removed else [*removed, name]
    return href("/learn", without=",".join(left)) + "#quorum"


def _words(voters: Sequence[Voter], answering: int, quorum: int) -> str:
    spare = answering - quorum
    counted = f"{answering} of {len(voters)} voters answer, and {quorum} must agree."
    if spare < 0:
        return f"No quorum: {counted} Nothing can be written; reads that need not be the newest still work."
    leader = any(v.leader and v.removed for v in voters)
    election = " The others elect a new leader, within about a second." if leader else ""
    if spare == 0:
        return f"It still works: {counted}{election} But no further one may fail."
    return f"It works: {counted}{election} {spare} more may fail."
