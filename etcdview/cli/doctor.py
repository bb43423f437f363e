"""`etcdview doctor`: finds etcd, goes towards it step by step, and says at the first that fails how to repair it."""

from __future__ import annotations

from typing import Any

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import json_text, say
from etcdview.config import NO_ETCD_NAMED, Resolved
from etcdview.config.rows import CONNECTION, SOURCE
from etcdview.errors import UnreachableError
from etcdview.pages.parts.texts import visible
from etcdview.pages.tools.doctor import REGISTRY, Diagnosis, Findings, examine

_PREFIX = tuple(row for row in SOURCE if row.field == "etcd_prefix")


@click.command("doctor", cls=GroupedCommand)
@settings_options((*CONNECTION, *_PREFIX))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the steps.")
def command(resolved: Resolved, output: str) -> int:
    """Find the endpoints and files, then test each step: files, name, TCP, TLS, client certificate, permission, quorum.

    Endpoints and files come from flags, the environment, a settings file or this machine's files (static Pods,
    systemd units, k3s, RKE2); where none of these says anything, from etcd's own YAML. Exit status 0: every endpoint
    works; 1: some do; 3: none does.
    """
    findings = examine(resolved)
    if output == "json":
        click.echo(json_text(_as_json(findings), indent=2))
    else:
        _print(findings)
    if findings.exit_status == UnreachableError.exit_code and not resolved.settings.etcd_named:
        say(f"etcdview: {NO_ETCD_NAMED}", err=True)
    return findings.exit_status


def _print(findings: Findings) -> None:
    target = findings.target
    say(f"endpoints  {', '.join(target.endpoints)}  ({target.source})")
    for name, path in (("cacert", target.tls.cacert), ("cert", target.tls.cert), ("key", target.tls.key)):
        say(f"{name:9}  {path or '-'}")
    for note in target.notes:
        say(f"note       {note}")
    for diagnosis in findings.diagnoses:
        click.echo()
        _print_one(diagnosis)
    click.echo()
    click.echo(_conclusion(findings))


def _print_one(diagnosis: Diagnosis) -> None:
    click.echo(click.style(visible(diagnosis.endpoint), bold=True))
    for step in diagnosis.steps:
        sign = click.style("✓", fg="green") if step.ok else click.style("✗", fg="red", bold=True)
        click.echo(f"  {sign} {step.name:19} {visible(step.what)}")
        if step.remedy:
            click.echo(f"    {'':19} {click.style('→ ' + visible(step.remedy), fg='yellow')}")


def _conclusion(findings: Findings) -> str:
    failed = [d for d in findings.diagnoses if d.failed is not None]
    if not failed:
        return "Every step succeeds. `etcdview health` judges the cluster."
    if findings.exit_status == 1 and all(d.failed is not None and d.failed.name == REGISTRY for d in failed):
        return "etcd can be used; the registry is not where it was looked for."
    some = f"{len(failed)} of {len(findings.diagnoses)} endpoints failed."
    return some if len(failed) < len(findings.diagnoses) else "No endpoint can be used."


def _as_json(findings: Findings) -> dict[str, Any]:
    target = findings.target
    return {
        "endpoints": list(target.endpoints),
        "source": target.source,
        "notes": list(target.notes),
        "diagnoses": [
            {
                "endpoint": d.endpoint,
                "ok": d.failed is None,
                "steps": [
                    {"name": s.name, "ok": s.ok, "what": s.what, "remedy": s.remedy, "seconds": round(s.seconds, 4)}
                    for s in d.steps
                ],
            }
            for d in findings.diagnoses
        ],
    }
