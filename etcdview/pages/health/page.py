"""The health page: the verdict in words, what it rests on, each member's answers to each question, the last hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.cluster import EtcdBeside
from etcdview.cluster.window import Window
from etcdview.errors import NotFoundError
from etcdview.health.findings import Status, Verdict
from etcdview.health.history import PastVerdict
from etcdview.pages.health.deployment import DeploymentSection, deployment_section
from etcdview.pages.health.probes import QUESTIONS, CounterRow, ProbeRow, counter_rows, probe_rows
from etcdview.pages.health.sparklines import Hour, hour_of
from etcdview.pages.overview import ClusterState, state_of
from etcdview.pages.parts import commands
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.costly import check_costly, may_ask_costly
from etcdview.pages.parts.verdict import headline, latest_report

# What each verdict means, for those who meet the word for the first time.
MEANINGS: dict[Status, str] = {
    "healthy": "All probes of all members succeed.",
    "at risk": "It works, but a known problem or one more failure will stop it.",
    "degraded": "It works in part: something is broken, or will be within days.",
    "no quorum": "Too few voters answer: writes and linearizable reads fail.",
    "unknown": "There is not enough evidence for a verdict.",
}
SHOWN_VERDICTS = 20


@dataclass(frozen=True, slots=True)
class BesideSection:
    """An etcd that holds single types of the registry (`holds`), by its own monitor; `state` as in HealthPage."""

    holds: str
    endpoints: tuple[str, ...]
    verdict: Verdict
    headline: str
    state: ClusterState | None


@dataclass(frozen=True, slots=True)
class HealthPage:
    """`state` and `hour` are None where no member has been probed, or not often enough to draw a line.

    `file` is the name of the file that is open, "" for a live etcd; `count` keys are in it as of `revision`.
    """

    verdict: Verdict
    headline: str
    meaning: str
    state: ClusterState | None
    probes: tuple[ProbeRow, ...]
    questions: tuple[tuple[str, str], ...]
    counters: tuple[CounterRow, ...]
    hour: Hour | None
    verdicts: tuple[PastVerdict, ...]
    comparing: bool
    may_compare: bool
    deployment: DeploymentSection
    commands: tuple[Command, ...]
    beside: tuple[BesideSection, ...] = ()
    file: str = ""
    count: int = 0
    revision: int = 0


def health_page(window: Window, now: datetime) -> HealthPage:
    """The page, made of the monitor's last round; waits at most as long as the monitor does (1.9 s)."""
    report = latest_report(window, now)
    facts = report.facts
    tree = window.index.tree()
    return HealthPage(
        verdict=report.verdict,
        headline=headline(report),
        meaning=MEANINGS[report.verdict.status],
        state=state_of(report) if facts else None,
        probes=probe_rows(facts) if facts else (),
        questions=QUESTIONS,
        counters=counter_rows(facts) if facts else (),
        hour=hour_of(report.history, facts) if facts else None,
        verdicts=tuple(reversed(report.history.verdicts[-SHOWN_VERDICTS:])),
        comparing=report.comparing,
        may_compare=window.cluster.monitor is not None and may_ask_costly(window),
        deployment=deployment_section(window, facts),
        commands=commands.for_members(),
        beside=tuple(map(_beside, window.cluster.beside)),
        file="" if window.cluster.store.live else window.cluster.store.name,
        count=tree.count,
        revision=tree.revision,
    )


def _beside(etcd: EtcdBeside) -> BesideSection:
    report = etcd.monitor.latest()
    return BesideSection(
        etcd.holds, etcd.endpoints, report.verdict, headline(report), state_of(report) if report.facts else None
    )


def begin_comparison(window: Window) -> None:
    """Compare the members' data in the background.

    Raises NotFoundError for a file, DeniedError for a role that may not put the members to so much work.
    """
    if window.cluster.monitor is None:
        raise NotFoundError("This is a file: there are no members to compare.", "Open a live etcd.")
    check_costly(window, "compare the members' data")
    window.cluster.monitor.compare_hashes()
