"""The verdict as every surface shows it: of a live cluster its monitor's, of a file "unknown", and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import get_args

from etcdview.cluster.window import Window
from etcdview.health.facts import Quorum
from etcdview.health.findings import Finding, Severity, Status, Verdict
from etcdview.health.monitor import WAIT_SECONDS, Report
from etcdview.pages.parts.commands import connected
from etcdview.stores.protocols import Store

SEVERITIES: tuple[str, ...] = get_args(Severity)
STATUSES: tuple[str, ...] = get_args(Status)
HEALTH_OF = "etcdview health --endpoints https://ADDRESS:2379 --cacert ca.crt --cert client.crt --key client.key"


def latest_report(window: Window, now: datetime, wait_seconds: float = WAIT_SECONDS) -> Report:
    """The monitor's report; where there is none yet, or nothing to ask, one that says why.

    Waits no longer than the monitor does, 1.9 s.
    """
    monitor = window.cluster.monitor
    if monitor is None:
        return Report(None, Verdict("unknown", now, (_of_a_file(window.cluster.store.name),)))
    report = monitor.latest(wait_seconds)
    if report.facts is not None or report.verdict.findings:  # a round has ended, or failed and says so
        return replace(report, verdict=with_connection(report.verdict, window.cluster.source))
    verdict = replace(report.verdict, findings=(*report.verdict.findings, _first_round_unfinished()))
    return replace(report, verdict=verdict)


def with_connection(verdict: Verdict, store: Store) -> Verdict:
    """The verdict with commands that run in any shell."""
    findings = (replace(f, commands=tuple(connected(c, store) for c in f.commands)) for f in verdict.findings)
    return replace(verdict, findings=tuple(findings))


def current_verdict(window: Window, now: datetime) -> Verdict:
    """The verdict and its findings."""
    return latest_report(window, now).verdict


def headline(report: Report) -> str:
    """Who answers, and how many more may fail; of facts that are too old, who did."""
    if report.facts is None:
        return ""
    quorum = report.facts.quorum
    if report.stale:
        return f"At {report.facts.at:%H:%M:%S} UTC, when they were last probed, {_answered(quorum)}."
    answering = f"{quorum.answering} of {quorum.voters} voters answer"
    if quorum.state == "has" and quorum.agreeing < quorum.answering:
        answering += f", {quorum.agreeing} of them in the quorum"
    if quorum.state == "lost":
        return f"{answering}; a quorum is {quorum.majority}. Nothing can be written."
    if quorum.state == "unknown":
        return f"{answering}; whether they have a quorum is unknown."
    spare = "no more may fail" if not quorum.may_fail else f"{quorum.may_fail} more may fail"
    return f"{answering}; a quorum is {quorum.majority}, so {spare}."


def _answered(quorum: Quorum) -> str:
    return f"{quorum.answering} of {quorum.voters} voters answered"


def _of_a_file(name: str) -> Finding:
    return Finding(
        id="file-opened",
        severity="info",
        summary="This is a file, not a live etcd: it has no members to probe.",
        evidence=f"{name} was opened. It holds stored keys only, and no facts about running members.",
        why="Only probing each member shows whether etcd is healthy.",
        action="Give etcdview the cluster's endpoints instead of the file.",
        commands=(HEALTH_OF,),
    )


def _first_round_unfinished() -> Finding:
    return Finding(
        id="round-unfinished",
        severity="info",
        summary="The first round of probes has not ended yet.",
        evidence="No member has answered, and no probe has timed out.",
        why="Members that have not been probed are unknown, not healthy.",
        action="Wait two seconds; this page refreshes itself.",
        commands=("etcdview doctor",),
    )
