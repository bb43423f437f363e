"""`etcdview health`: the verdict on the cluster, for people and for scripts."""

from __future__ import annotations

import os
import sys

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import json_text
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION
from etcdview.pages.parts.texts import visible
from etcdview.pages.tools.verdict import Finding, VerdictPage, verdict_page

_SIGNS = {"critical": "✗", "warning": "!", "info": "i"}
_COLOURS = {"critical": "red", "warning": "yellow", "info": "blue"}
_VERDICT_COLOURS = {"healthy": "green", "at risk": "yellow"}


@click.command("health", cls=GroupedCommand)
@settings_options(CONNECTION)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the verdict.")
@click.option("--compare-data", is_flag=True, help="Compare the members' data too (HashKV): it reads all of it.")
def command(resolved: Resolved, output: str, compare_data: bool) -> int:
    """Ask every member, and judge: healthy, at risk, degraded, no quorum, unknown.

    All members of the cluster are asked, also those that are not among the endpoints. The exit status is that of a
    monitoring plugin: 0 healthy, 1 at risk or degraded, 2 no quorum, 3 unknown, also where the command is misused.
    """
    page = verdict_page(resolved.settings, compare_data=compare_data)
    try:
        if output == "json":
            click.echo(json_text(page.as_json, indent=2))
        else:
            _print(page)
    except BrokenPipeError:
        # The reader has enough; the status is the verdict all the same. What is left in the buffer goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return page.exit_status


def _print(page: VerdictPage) -> None:
    headline = click.style(page.status, fg=_VERDICT_COLOURS.get(page.status, "red"), bold=True)
    click.echo(f"{headline}: {page.answering}. {page.at:%Y-%m-%d %H:%M:%S} UTC")
    for finding in page.findings:
        click.echo()
        for line in _lines(finding):
            click.echo(line)


def _lines(finding: Finding) -> list[str]:
    sign = click.style(_SIGNS[finding.severity], fg=_COLOURS[finding.severity], bold=True)
    return [
        f"{sign} {click.style(visible(finding.summary), bold=True)}  [{finding.id}]",
        f"  seen    {visible(finding.evidence)}",
        f"  why     {visible(finding.why)}",
        f"  do      {visible(finding.action)}",
        *(f"          $ {visible(command)}" for command in finding.commands),
    ]
