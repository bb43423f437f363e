"""`etcdview health`: the verdict on the cluster, for people and for scripts."""

from __future__ import annotations

import os
import sys

import click

from etcdview.cli.options import settings_options
from etcdview.cli.terminal import json_text, terminal_text
from etcdview.cluster.sources import open_etcd
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION
from etcdview.health.facts import ClusterFacts
from etcdview.health.findings import Finding, Verdict
from etcdview.health.once import look_once

_SIGNS = {"critical": "✗", "warning": "!", "info": "i"}
_COLOURS = {"critical": "red", "warning": "yellow", "info": "blue"}
_VERDICT_COLOURS = {"healthy": "green", "at risk": "yellow"}


@click.command("health")
@settings_options(CONNECTION)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the verdict.")
@click.option("--compare-data", is_flag=True, help="Compare the members' data too (HashKV): it reads all of it.")
def command(resolved: Resolved, output: str, compare_data: bool) -> int:
    """Ask every member, and judge: healthy, at risk, degraded, no quorum, unknown.

    All members of the cluster are asked, also those that are not among the endpoints. The exit status is that of a
    monitoring plugin: 0 healthy, 1 at risk or degraded, 2 no quorum, 3 unknown, also where the command is misused.
    """
    settings = resolved.settings
    store = open_etcd(settings)
    try:
        report = look_once(store, compare_data=compare_data)
    finally:
        store.close()
    try:
        if output == "json":
            click.echo(json_text(report.verdict.as_json(), indent=2))
        elif report.facts is not None:
            _print(report.facts, report.verdict)
    except BrokenPipeError:
        # Whoever read has enough; the status is the verdict all the same. What is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return report.verdict.exit_status


def _print(facts: ClusterFacts, verdict: Verdict) -> None:
    quorum = facts.quorum
    headline = click.style(verdict.status, fg=_VERDICT_COLOURS.get(verdict.status, "red"), bold=True)
    who = "voters" if facts.membership else "endpoints"
    spare = f"; {quorum.may_fail} more may fail" if quorum.state == "has" else ""
    agreeing = quorum.state == "has" and quorum.agreeing < quorum.answering
    among = f", {quorum.agreeing} of them in the quorum" if agreeing else ""
    answering = f"{quorum.answering} of {quorum.voters} {who} answer{among}{spare}"
    click.echo(f"{headline}: {answering}. {verdict.at:%Y-%m-%d %H:%M:%S} UTC")
    for finding in verdict.findings:
        click.echo()
        for line in _lines(finding):
            click.echo(line)


def _lines(finding: Finding) -> list[str]:
    sign = click.style(_SIGNS[finding.severity], fg=_COLOURS[finding.severity], bold=True)
    return [
        f"{sign} {click.style(terminal_text(finding.summary), bold=True)}  [{finding.id}]",
        f"  seen    {terminal_text(finding.evidence)}",
        f"  why     {terminal_text(finding.why)}",
        f"  do      {terminal_text(finding.action)}",
        *(f"          $ {terminal_text(command)}" for command in finding.commands),
    ]
