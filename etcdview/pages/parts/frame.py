"""What the frame around every page shows: which cluster, how fresh the names are, and what everybody must know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from etcdview import __version__
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.consistent_store import STALE
from etcdview.cluster.other_files import TimelineFile
from etcdview.cluster.window import Window
from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Status
from etcdview.index.base import Freshness
from etcdview.pages.parts.elsewhere import read_elsewhere
from etcdview.pages.parts.facts_state import facts_state

# The pages of the bar: address, name. An address is listed here once its page is there.
NAV = (
    ("/", "Overview"),
    ("/registry", "Registry"),
    ("/namespaces", "Namespaces"),
    ("/search", "Search"),
    ("/watch", "Changes"),
    ("/health", "Health"),
    ("/certificates", "Certificates"),
    ("/storage", "Storage"),
    ("/space", "Space"),
    ("/compare", "Compare"),
    ("/encryption", "Encryption"),
    ("/learn", "Learn"),
)
MAIN_PLACES = ("/", "/registry", "/search", "/watch", "/health")  # a phone's bar has room for these
NAV_OF_ADMINS = (("/audit", "Audit"),)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line above every page, for as long as it holds; `details` are behind it. `grave` is red, else it is amber."""

    text: str
    details: tuple[str, ...] = ()
    grave: bool = False


@dataclass(frozen=True, slots=True)
class Footer:
    """What a page was made from: the source, its revision (0: unknown), and how complete names and facts are."""

    source: str
    revision: int
    names: str
    facts: str
    version: str = __version__

    @property
    def text(self) -> str:
        """As sentences."""
        at = f" as of revision {self.revision:,}" if self.revision else ""
        return " ".join(part for part in (f"Made from {self.source}{at}.", self.names, self.facts) if part)


@dataclass(frozen=True, slots=True)
class Frame:
    """`notices` stand above every page, most severe first. `reads_from` are the members that answer without a quorum.

    `verdict` is the last round's on the cluster; "" for a file, and until a round has ended. `verdict_reason` is the
    gravest finding that made it. `timeline` are the snapshots of the folder that is open, the newest first, and
    `shown_file` is the name of the one that the page is of.
    """

    cluster_name: str
    live: bool
    freshness: Freshness
    notices: tuple[Notice, ...]
    verdict: Status | Literal[""]
    nav: tuple[tuple[str, str], ...] = NAV
    verdict_reason: str = ""
    reads_from: str = ""
    timeline: tuple[TimelineFile, ...] = ()
    shown_file: str = ""
    footer: Footer | None = None

    @property
    def main_nav(self) -> tuple[tuple[str, str], ...]:
        """The pages that are wanted most, for a bar that has no room for all."""
        return tuple(tab for tab in self.nav if tab[0] in MAIN_PLACES)


def page_frame(window: Window) -> Frame:
    """The frame; asks etcd nothing and waits for nothing."""
    return replace(_frame(window), footer=page_footer(window))


def page_footer(window: Window) -> Footer:
    """What pages of this window are made from."""
    fresh, facts = window.index.freshness(), facts_state(window)
    known = {
        "bounded": "Key names are read as they are needed.",
        "down": "Key names are those of before the connection was lost." if fresh.revision else "No key name is known.",
    }
    progress = f": {fresh.done:,}" + (f" of {fresh.total:,}" if fresh.total else "") if fresh.done else ""
    loading = f"Key names are still loading{progress}."
    return Footer(
        window.cluster.name,
        fresh.revision,
        known.get(fresh.state) or ("All key names are known." if fresh.complete else loading),
        "The facts of all values are known." if facts.complete else facts.text,
    )


def _frame(window: Window) -> Frame:
    cluster = window.cluster
    nav: tuple[tuple[str, str], ...] = (*NAV, *NAV_OF_ADMINS) if window.viewer.may("audit") else NAV
    if not cluster.store.live:
        nav = tuple(tab for tab in nav if tab[0] != "/watch")  # a file does not change
    if cluster.store.live and window.viewer.may("snapshot"):
        nav = (*nav, ("/maintenance", "Maintenance"))
    report = cluster.monitor.latest(wait_seconds=0) if cluster.monitor is not None else None
    facts = report.facts if report else None
    fresh = window.index.freshness()
    if report is None or facts is None:
        failed = report.verdict if report is not None and report.verdict.findings else None  # a round that failed
        return Frame(
            cluster.name,
            cluster.store.live,
            fresh,
            (*_notices(cluster, fresh), *_elsewhere(window)),
            failed.status if failed else "",
            nav,
            verdict_reason=failed.findings[0].summary if failed else "",
            timeline=tuple(reversed(cluster.timeline)),
            shown_file=cluster.shown_file,
        )
    lost = facts.quorum.state == "lost"
    notices = _without_quorum(cluster, facts) if lost else _notices(cluster, fresh)
    return Frame(
        cluster.name,
        cluster.store.live,
        fresh,
        (*notices, *_elsewhere(window)),
        report.verdict.status,
        nav,
        verdict_reason=next((f.summary for f in report.verdict.findings if f.severity != "info"), ""),
        reads_from=_answering(facts) if lost else "",
    )


def _elsewhere(window: Window) -> tuple[Notice, ...]:
    """That no key is below the registry's prefix, where there are keys elsewhere."""
    found = read_elsewhere(window)
    return (Notice(f"{found.what} {found.remedy}"),) if found else ()


def _notices(cluster: Cluster, fresh: Freshness) -> tuple[Notice, ...]:
    notices = [Notice(warning) for warning in cluster.warnings]
    if fresh.problem and fresh.state == "down" and fresh.revision:
        stand = f"No connection to etcd: key names are those of revision {fresh.revision:,}."
        notices.append(Notice(stand, (fresh.problem,)))
    elif fresh.problem:
        notices.append(Notice(fresh.problem))
    return tuple(notices)


def _without_quorum(cluster: Cluster, facts: ClusterFacts) -> tuple[Notice, ...]:
    """One line says what no longer works and what goes on; why is behind it."""
    quorum, answering = facts.quorum, _answering(facts)
    goes_on = f"Reads go on from {answering} and may be behind." if answering else "Nothing can be read."
    text = (
        f"No quorum: {quorum.answering} of {quorum.voters} voters answer, {quorum.majority} are needed. "
        f"Nothing can be written. {goes_on}"
    )
    details = tuple(f"{m.name}: {m.problem.what}" for m in facts.members if m.problem)
    others = tuple(Notice(warning) for warning in cluster.warnings if warning != STALE)
    return (Notice(text, details, grave=True), *others)


def _answering(facts: ClusterFacts) -> str:
    return ", ".join(m.name for m in facts.voters if m.alive)
