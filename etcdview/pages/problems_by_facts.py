"""Problems of the stored objects by the facts of their values: for all of them, at any size, without reading one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from etcdview.checks import integrity
from etcdview.checks.findings import Severity
from etcdview.checks.integrity import DELETION_LIMIT, DROPPED_ACTION, LACKING, Rule, StoredState, dropped_words
from etcdview.checks.runbooks import Runbook, runbook
from etcdview.cluster.fact_checks import FactChecks
from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.index.base import Tree
from etcdview.index.facts.reading import FactReader, KeyFacts, Total, Wanted
from etcdview.kube.crds import version_rank
from etcdview.kube.keys import show
from etcdview.kube.lifecycle import dropped_by, next_release
from etcdview.kube.release import Release
from etcdview.kube.resources import ResourceType
from etcdview.kube.words import counted, plural
from etcdview.pages.parts import addresses
from etcdview.pages.parts.links import is_outside
from etcdview.pages.problems import (
    EVIDENCE,
    EVIDENCE_AT_MOST,
    NAMESPACES_AT_ONCE,
    UNHEALTHY_AT_ONCE,
    EvidenceView,
    FindingView,
    NamespaceRow,
    NamespacesPage,
    StoragePage,
    finding_view,
    unhealthy_href,
)
from etcdview.relations.graph import Graph
from etcdview.tables import human_duration

NAMED = 300  # objects that one finding names: a page of thousands of lines is slow to make and to read
_EVENTS = ("events", "events.k8s.io/events")
_RULE_OF = {  # whose runbook says what unhealthy objects of a type mean, by storage prefix
    "pods": "pods-not-ready",
    "deployments": "workloads-short",
    "statefulsets": "workloads-short",
    "daemonsets": "workloads-short",
    "replicasets": "workloads-short",
    "jobs": "jobs-failed",
    "persistentvolumeclaims": "claims-unbound",
    "events": "warning-events",
    "events.k8s.io/events": "warning-events",
}
LEFT_OUT: dict[Rule, str] = {  # the rules that facts do not answer, and what these find
    integrity.control_plane_silent: "components of the control plane that are silent",
    integrity.lease_expired: "expired leases",
}
_COMPARED = "objects whose owner is gone, UIDs that stand twice, and bindings and endpoints that lead nowhere"
_LEFT_OUT_OF_PARTS = f"{_COMPARED}, which only the whole cluster shows"


def namespaces_by_facts(window: Window, facts: FactSource, tree: Tree, namespace: str, after: str) -> NamespacesPage:
    """Every namespace with how many of its objects are unhealthy, by type; of one namespace which, and why.

    Findings are made for the rows that are shown: those after the name `after`, and the first unhealthy ones.
    """
    types = {t.resource.prefix: t.resource for t in tree.types}
    inside = _by_namespace(facts.totals(), namespace)
    deleted = facts.keys(Wanted(resource="namespaces", deleting=True))
    ending = {key.rpartition(b"/")[2].decode("utf-8", "replace") for key in deleted}
    following = (name for name in sorted(inside) if name > after)
    unhealthy = (name for name in sorted(inside) if name in ending or inside[name].is_unhealthy)
    named = {*islice(following, NAMESPACES_AT_ONCE), *islice(unhealthy, UNHEALTHY_AT_ONCE)}
    rows = tuple(
        NamespaceRow(
            name=name,
            href=addresses.href("/namespaces", namespace=name),
            phase="Terminating" if name in ending else "",
            counts=found.counts(types) if namespace else (),
            count=sum(found.keys.values()),
            findings=tuple(_findings(facts, name, found, types, detailed=bool(namespace))) if name in named else (),
            healthy=name not in ending and not found.is_unhealthy,
        )
        for name, found in sorted(inside.items())
    )
    keys = sum(row.count or 0 for row in rows)
    return NamespacesPage(window.index.freshness(), namespace, rows, keys, keys, False, by_facts=True)


@dataclass(frozen=True, slots=True)
class _Inside:
    """How many keys of each type (by its storage prefix) a namespace has, and how many of these are unhealthy."""

    keys: Counter[str]
    unhealthy: Counter[str]

    @property
    def is_unhealthy(self) -> bool:
        """Whether anything but its events is."""
        return any(prefix not in _EVENTS for prefix in self.unhealthy)

    def counts(self, types: dict[str, ResourceType]) -> tuple[tuple[str, int], ...]:
        """The keys by kind."""
        return tuple(sorted((_kind(types.get(prefix), prefix), n) for prefix, n in self.keys.items()))


def _by_namespace(totals: Iterable[Total], namespace: str) -> dict[str, _Inside]:
    inside: dict[str, _Inside] = {}
    for total in totals:
        name = total.namespace
        if name and name == (namespace or name):
            found = inside.get(name)
            if found is None:
                found = inside[name] = _Inside(Counter(), Counter())
            found.keys[total.resource] += total.keys
            if total.state == "unhealthy":
                found.unhealthy[total.resource] += total.keys
    return inside


def _findings(
    facts: FactSource, name: str, inside: _Inside, types: dict[str, ResourceType], *, detailed: bool
) -> Iterator[FindingView]:
    for prefix, count in sorted(inside.unhealthy.items()):
        yield _unhealthy(facts, name, types.get(prefix), prefix, count, detailed=detailed)


def storage_by_facts(window: Window, facts: FactSource, tree: Tree, now: datetime, run_href: str) -> StoragePage:
    """What the facts say of the stored state, each object named up to a bound."""
    total = sum(found.keys for found in facts.totals())
    undecodable = facts.count(Wanted(error=True))
    findings = [
        *_stuck(facts, now),
        *_undecodable(facts, undecodable),
        *_misnamed(facts),
        *_versions(facts, {t.resource.prefix: t.resource for t in tree.types}),
        *_dropped(facts, window.cluster.codec.release),
        *_of_definitions(window, tree, now),
    ]
    left_out = [*LEFT_OUT.values()]
    checks, comparing = None, False
    if not window.cluster.reads_whole_registry or not isinstance(facts, FactReader):
        left_out.append(_LEFT_OUT_OF_PARTS)
    elif (checks := window.cluster.fact_checks(facts)) is None:
        comparing = True
        left_out.append(_COMPARED)
    else:
        findings += _checked(checks)
    rank = {"critical": 0, "warning": 1, "info": 2}
    return StoragePage(
        window.index.freshness(),
        tuple(sorted(findings, key=lambda finding: rank[finding.severity])),
        total,
        total,
        undecodable,
        tree.revision,
        run_href,
        False,
        narrowed=not window.viewer.scope.whole,
        by_facts=True,
        left_out=tuple(left_out),
        compared_at=checks.at if checks is not None else None,
        comparing=comparing,
    )


def _kind(resource: ResourceType | None, prefix: str) -> str:
    return (resource.kind or resource.plural) if resource is not None else prefix


def _unhealthy(
    facts: FactSource, namespace: str, resource: ResourceType | None, prefix: str, count: int, *, detailed: bool
) -> FindingView:
    """The unhealthy objects of one type in a namespace; which they are where that is the page's subject."""
    events = prefix in _EVENTS
    kind = _kind(resource, prefix)
    summary = counted(count, "warning event") if events else f"{count:,} {kind} {plural(count, 'is', 'are')} unhealthy"
    listed = unhealthy_href(resource.id if resource else prefix, namespace)
    if detailed:
        wanted = Wanted(resource=prefix, namespace=namespace, state="unhealthy")
        found = facts.facts(wanted, limit=EVIDENCE_AT_MOST)
        lines = [
            EvidenceView(f"{_name(fact)}: {fact.word or 'unhealthy'}", addresses.object_href(fact.key))
            for fact in found
        ]
    else:
        lines = [EvidenceView(f"the {kind} objects of the namespace that are unhealthy", listed)]
    action = "Check the objects that they are about." if events else "Check the page of each: conditions and events."
    severity: Severity = "info" if events else "warning"
    steps = runbook(_RULE_OF.get(prefix, "objects-unhealthy"), namespace, "", resource.id if resource else prefix)
    return finding(severity, summary, action, lines, count if detailed else len(lines), href=listed, steps=steps)


def _name(fact: KeyFacts) -> str:
    return show(fact.key.rpartition(b"/")[2])


def finding(
    severity: Severity,
    summary: str,
    action: str,
    lines: Iterable[EvidenceView],
    count: int,
    *,
    href: str = "",
    steps: Runbook | None = None,
) -> FindingView:
    """A finding about `count` objects, of which these lines name the first; all of them are listed at `href`."""
    shown = tuple(lines)[:EVIDENCE_AT_MOST]
    rest = max(0, count - len(shown))
    return FindingView(severity, summary, action, shown[:EVIDENCE], shown[EVIDENCE:], rest, href=href, runbook=steps)


def _line(key: bytes, words: str) -> EvidenceView:
    return EvidenceView(f"{show(key)}: {words}" if words else show(key), addresses.object_href(key))


def _stuck(facts: FactSource, now: datetime) -> Iterator[FindingView]:
    moment = now.timestamp()
    late = Wanted(deleting_since=moment - DELETION_LIMIT.total_seconds())
    count = facts.count(late)
    if count:
        found = facts.facts(late, order="deleted", limit=NAMED)
        lines = [_line(fact.key, _held(fact, moment - (fact.deleted or moment))) for fact in found]
        yield finding(
            "warning",
            f"{counted(count, 'object')} stuck in deletion",
            "Find the controller that its finalizers belong to; it is not running, or it cannot do its work.",
            lines,
            count,
            steps=runbook("deletion-stuck"),
        )


def _held(fact: KeyFacts, seconds: float) -> str:
    held = f"held by {', '.join(fact.finalizers)}" if fact.finalizers else "with no finalizer left"
    return f"for {human_duration(timedelta(seconds=seconds))}, {held}"


def _undecodable(facts: FactSource, count: int) -> Iterator[FindingView]:
    if count:
        found = facts.facts(Wanted(error=True), limit=NAMED)
        yield finding(
            "warning",
            f"{counted(count, 'value')} cannot be decoded",
            "Read it in a backup and write it back with `etcdctl put`, or delete the key with `etcdctl del`.",
            [_line(fact.key, fact.error) for fact in found],
            count,
            steps=runbook("values-undecodable"),
        )


def _misnamed(facts: FactSource) -> Iterator[FindingView]:
    count = facts.count(Wanted(misnamed=True))
    if count:
        keys = sorted(facts.keys(Wanted(misnamed=True), order="any", limit=NAMED))
        yield finding(
            "warning",
            f"{counted(count, 'object')} stored under the key of another object",
            "Write the object under its own key (kubectl apply), then delete this key with etcdctl.",
            [_line(key, "") for key in keys],
            count,
            steps=runbook("key-differs"),
        )


def _versions(facts: FactSource, types: dict[str, ResourceType]) -> Iterator[FindingView]:
    """Types that are stored in more than one version."""
    stored: dict[str, Counter[str]] = defaultdict(Counter)
    for total in facts.totals():
        if total.resource and total.storage.api_version:
            stored[total.resource][total.storage.api_version.rpartition("/")[2]] += total.keys
    mixed = {prefix: count for prefix, count in stored.items() if len(count) > 1}
    if mixed:
        lines = [
            EvidenceView(f"{_kind(types.get(prefix), prefix)}: {_counts(n)}", "") for prefix, n in sorted(mixed.items())
        ]
        yield finding(
            "info",
            f"{counted(len(mixed), 'type')} stored in several versions",
            "Before you drop an old version, rewrite its objects (StorageVersionMigration, or kubectl replace).",
            lines,
            len(lines),
            steps=runbook("versions-mixed"),
        )


def _dropped(facts: FactSource, release: Release | None) -> Iterator[FindingView]:
    """Types that are stored in versions which the next release does not have."""
    if release is None:
        return
    stored: Counter[tuple[str, str]] = Counter()
    for total in facts.totals():
        stored[total.storage.api_version, total.storage.kind] += total.keys
    following = next_release(release)
    lost = {name: gone for name in sorted(stored) if (gone := dropped_by(*name, following))}
    if lost:
        lines = [
            EvidenceView(f"{name[1]}: {dropped_words(stored[name], name[0], gone)}", "") for name, gone in lost.items()
        ]
        summary = f"{counted(len(lost), 'type')} stored in versions that Kubernetes {following} does not have"
        yield finding("warning", summary, DROPPED_ACTION, lines, len(lines), steps=runbook("version-dropped"))


def _of_definitions(window: Window, tree: Tree, now: datetime) -> Iterator[FindingView]:
    """What names and CRDs alone tell: of these a cluster has some hundreds, which every page knows."""
    counts = tuple((t.resource, t.count) for t in tree.types)
    state = StoredState(Graph((), outside=partial(is_outside, window)), now, window.definitions, counts)
    for rule in (integrity.definition_gone, integrity.version_unserved):
        yield from (finding_view(window, found) for found in rule(state))


def _counts(count: Counter[str]) -> str:
    ranked = sorted(count.items(), key=lambda pair: version_rank(pair[0]), reverse=True)
    return ", ".join(f"{n:,} as {version}" for version, n in ranked)


def _checked(checks: FactChecks) -> Iterator[FindingView]:
    """Objects without their owner or what they need, and UIDs of several objects."""
    if checks.orphans:
        yield finding(
            "warning",
            f"{counted(checks.orphans, 'object')} whose owner is gone",
            "See that kube-controller-manager runs: its garbage collector deletes them. "
            "If it does, delete them by hand.",
            [_line(key, "") for key in checks.orphan_keys[:NAMED]],
            checks.orphans,
            steps=runbook("owner-gone"),
        )
    for need, (severity, summary, action) in LACKING.items():
        count, keys = checks.lacking[need]
        if count:
            said = summary.format(n=f"{count:,}", s=plural(count, "", "s"))
            lines = [_line(key, "") for key in keys[:NAMED]]
            yield finding(severity, said, action, lines, count, steps=runbook(f"{need}-gone"))
    if checks.shared_uids:
        yield finding(
            "warning",
            f"{counted(checks.shared_uids, 'UID')} that several objects have",
            "A UID belongs to one object: these were written past the API server, as by a restore. Create them again.",
            [_line(key, f"UID {show(uid.encode())}") for uid, keys in checks.sharing for key in keys][:NAMED],
            checks.sharing_objects,
            steps=runbook("uids-shared"),
        )
