"""The verdict on a live cluster, once, for a command that ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from etcdview.cluster.sources import open_etcd
from etcdview.config import Settings
from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding
from etcdview.health.once import look_once
from etcdview.pages.parts.verdict import with_connection

__all__ = ["Finding", "VerdictPage", "verdict_page"]


@dataclass(frozen=True, slots=True)
class VerdictPage:
    """The verdict. `answering` says who answers and how many more may fail; `as_json` is the API's answer."""

    status: str
    exit_status: int
    at: datetime
    answering: str
    findings: tuple[Finding, ...]
    as_json: dict[str, Any]


def verdict_page(settings: Settings, *, compare_data: bool = False) -> VerdictPage:
    """Ask every member, twice where that is quick. With `compare_data` their data is compared: it reads all of it."""
    store = open_etcd(settings)
    try:
        report = look_once(store, compare_data=compare_data)
    finally:
        store.close()
    verdict, facts = with_connection(report.verdict, store), report.facts
    return VerdictPage(
        verdict.status,
        verdict.exit_status,
        verdict.at,
        _answering(facts) if facts else "no member was probed",
        verdict.findings,
        verdict.as_json(),
    )


def _answering(facts: ClusterFacts) -> str:
    quorum = facts.quorum
    who = "voters" if facts.membership else "endpoints"
    spare = f"; {quorum.may_fail} more can fail" if quorum.state == "has" else ""
    agreeing = quorum.state == "has" and quorum.agreeing < quorum.answering
    among = f", {quorum.agreeing} of them in the quorum" if agreeing else ""
    return f"{quorum.answering} of {quorum.voters} {who} answer{among}{spare}"
