"""What is unhealthy, with its evidence: the form in which the rules of relations answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from etcdview.kube.fields import text
from etcdview.kube.words import plural
from etcdview.relations.model import Object, Ref, ref_of

Severity = Literal["info", "warning", "critical"]
_RANK: dict[str, int] = {"critical": 0, "warning": 1, "info": 2}


@dataclass(frozen=True, slots=True)
class ObjectFinding:
    """One problem. `id` is the rule's.

    `evidence` has a line for each object, in the order of `refs`; `action` is what to do about it.
    """

    id: str
    severity: Severity
    summary: str
    evidence: tuple[str, ...]
    action: str
    refs: tuple[Ref, ...] = ()


def in_order(findings: Iterable[ObjectFinding]) -> tuple[ObjectFinding, ...]:
    """The gravest first."""
    return tuple(sorted(findings, key=lambda f: (_RANK[f.severity], f.id)))


def about(id: str, severity: Severity, summary: str, found: Mapping[Ref, str], action: str) -> Iterable[ObjectFinding]:
    """One finding about all of the objects, whose evidence is given by object; none where there are no objects.

    `summary` has {n} where the number of objects goes, and {s} where their plural ends.
    """
    if found:
        said = summary.format(n=len(found), s=plural(len(found), "", "s"))
        evidence = tuple(f"{ref}: {words}" if words else str(ref) for ref, words in found.items())
        yield ObjectFinding(id, severity, said, evidence, action, tuple(found))


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    """The objects of these kinds, whatever their group: the rules ask for kinds that occur in one group only."""
    return [obj for obj in objects if text(obj, "kind") in kinds]


def by_ref(pairs: Iterable[tuple[Object, str]]) -> dict[Ref, str]:
    """Objects and what there is to say of each, by the objects' references."""
    return {ref_of(obj): words for obj, words in pairs}
