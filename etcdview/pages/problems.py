"""Problems of the stored objects as pages show them: findings with their evidence, by namespace and in all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from etcdview.checks.findings import ObjectFinding
from etcdview.checks.runbooks import Runbook, runbook
from etcdview.cluster.window import Window
from etcdview.index.base import Freshness
from etcdview.pages.parts.addresses import href
from etcdview.pages.parts.facts_state import FactsState
from etcdview.pages.parts.links import Link, ref_href
from etcdview.relations import Ref

EVIDENCE = 10  # lines that stand first
EVIDENCE_AT_MOST = 1000
NAMESPACES_AT_ONCE = 200  # on a page of HTML
UNHEALTHY_AT_ONCE = 100  # on the overview
# Findings about the objects of a list that is filtered by their state.
UNHEALTHY_OBJECTS = frozenset({"pods-not-ready", "workloads-short", "jobs-failed", "claims-unbound"})


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """One line of evidence, and the object it is about."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding as a page shows it: the first lines of its evidence, the rest of them, and how many are beyond.

    `href` leads to the object or the list that it is about; "" where that is not one.
    """

    severity: Literal["info", "warning", "critical"]
    summary: str
    action: str
    evidence: tuple[EvidenceView, ...]
    rest: tuple[EvidenceView, ...]
    more: int
    href: str = ""
    runbook: Runbook | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """The evidence without links: first lines and rest."""
        return tuple(line.text for line in (*self.evidence, *self.rest))


@dataclass(frozen=True, slots=True)
class NamespaceRow:
    """One namespace: how many objects of each kind that is checked, and the `count` of all its keys.

    `count` is None where that is not known, `healthy` where nothing was checked.
    """

    name: str
    href: str
    phase: str
    counts: tuple[tuple[str, int], ...]
    count: int | None
    findings: tuple[FindingView, ...]
    healthy: bool | None


@dataclass(frozen=True, slots=True)
class NamespacesPage:
    """All namespaces, or one. `checked` objects of `total`; 0 where there are too many to check automatically.

    `outside` are kinds that would be checked, and that the viewer's role does not cover. `by_facts`: judged by the
    facts of the values; `facts` is how far these are. `stopped` says why this is a part of what was to be checked, ""
    where it is all of it. Rows are in the order of their names; a page of HTML shows those after `after` only.
    """

    freshness: Freshness
    namespace: str
    rows: tuple[NamespaceRow, ...]
    total: int
    checked: int
    too_many: bool
    outside: tuple[str, ...] = ()
    by_facts: bool = False
    facts: FactsState | None = None
    stopped: str = ""
    after: str = ""

    @property
    def shown(self) -> tuple[NamespaceRow, ...]:
        """The rows of this page: those after the name `after`, up to a bound."""
        return self._following[:NAMESPACES_AT_ONCE]

    @property
    def next_href(self) -> str:
        """Where the next ones are; "" where there are none."""
        more = len(self._following) > NAMESPACES_AT_ONCE
        return href("/namespaces", after=self.shown[-1].name) if more else ""

    @property
    def unhealthy(self) -> tuple[NamespaceRow, ...]:
        """All namespaces with problems."""
        return tuple(row for row in self.rows if not row.healthy)

    @property
    def first_unhealthy(self) -> tuple[NamespaceRow, ...]:
        """As many of them as the overview names."""
        return self.unhealthy[:UNHEALTHY_AT_ONCE]

    @property
    def _following(self) -> tuple[NamespaceRow, ...]:
        return tuple(row for row in self.rows if row.name > self.after) if self.after else self.rows


@dataclass(frozen=True, slots=True)
class StoragePage:
    """The problems of what etcd stores. `checked` objects of `total`; 0: not yet. `unread`
    are the first of the `undecodable`.

    `run_href` checks them; "" where the viewer may not ask. `narrowed`: the viewer's role covers a part of all objects.
    `by_facts`: judged by the facts of the values, which say less than the objects; `left_out` is what they do not say.
    `compared_at`: objects were compared with each other then, None where this was done just now or not at all;
    `comparing`: that is done at this moment, for the first time.
    `facts` is how far these are. `stopped` as of a NamespacesPage.
    """

    freshness: Freshness
    findings: tuple[FindingView, ...]
    total: int
    checked: int
    undecodable: int
    revision: int
    run_href: str
    too_many: bool
    unread: tuple[Link, ...] = ()
    narrowed: bool = False
    by_facts: bool = False
    left_out: tuple[str, ...] = ()
    compared_at: datetime | None = None
    comparing: bool = False
    facts: FactsState | None = None
    stopped: str = ""


def finding_view(window: Window, finding: ObjectFinding) -> FindingView:
    """A finding with addresses for what it is about."""
    refs = _padded(finding.refs, len(finding.evidence))
    shown = list(zip(finding.evidence, refs, strict=False))[:EVIDENCE_AT_MOST]
    lines = tuple(EvidenceView(text, ref_href(window, ref) if ref else "") for text, ref in shown)
    return FindingView(
        finding.severity,
        finding.summary,
        finding.action,
        lines[:EVIDENCE],
        lines[EVIDENCE:],
        max(0, len(finding.evidence) - EVIDENCE_AT_MOST),
        _href(window, finding),
        _runbook(window, finding),
    )


def _runbook(window: Window, finding: ObjectFinding) -> Runbook | None:
    """What it means and what to do, with the first of its objects in the commands."""
    first = finding.refs[0] if finding.refs else Ref("", "", "", "")
    resource = window.definitions.by_kind(f"{first.group}/", first.kind) if first.kind else None
    return runbook(finding.id, first.namespace, first.name, resource.id if resource else "")


def _href(window: Window, finding: ObjectFinding) -> str:
    """The one object that a finding is about, or the list of those of its kind and namespace that are unhealthy."""
    if len(finding.refs) == 1:
        return ref_href(window, finding.refs[0])
    found = {(ref.group, ref.kind, ref.namespace) for ref in finding.refs}
    if finding.id not in UNHEALTHY_OBJECTS or len(found) != 1:
        return ""
    ((group, kind, namespace),) = found
    resource = window.definitions.by_kind(f"{group}/", kind)
    return unhealthy_href(resource.id, namespace) if resource else ""


def unhealthy_href(resource: str, namespace: str) -> str:
    """The list of a type's unhealthy objects in a namespace."""
    return href("/registry", resource=resource, namespace=namespace, state="unhealthy")


def _padded(refs: tuple[Ref, ...], length: int) -> tuple[Ref | None, ...]:
    return (*refs, *(None,) * max(0, length - len(refs)))
