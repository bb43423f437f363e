"""`etcdview doctor`: finds etcd, goes towards it step by step, and says at the first that fails how to mend it."""

from __future__ import annotations

from typing import Any

import click

from etcdview.cli.options import settings_options
from etcdview.cli.terminal import json_text, say, terminal_text
from etcdview.cluster.sources import open_etcd
from etcdview.config import Resolved
from etcdview.config.rows import CONNECTION, SOURCE
from etcdview.deployment.on_disk import find_deployments
from etcdview.health.doctor import Diagnosis, Findings, Target, examine_endpoints, target_from
from etcdview.kube.keys import KeySpace

_PREFIX = tuple(row for row in SOURCE if row.field == "etcd_prefix")


@click.command("doctor")
@settings_options((*CONNECTION, *_PREFIX))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print the steps.")
def command(resolved: Resolved, output: str) -> int:
    """Find the endpoints and files, then test each step: files, name, TCP, TLS, client certificate, permission, quorum.

    Endpoints and files come from flags, the environment, a settings file or kubeadm's files; where none of these says
    anything, from etcd's systemd unit or its own YAML. Exit status 0: every endpoint is well; 1: some are; 3: none is.
    """
    settings, target = resolved.settings, find_target(resolved)
    store = open_etcd(settings, target.endpoints, target.tls)
    try:
        findings = examine_endpoints(store, target, KeySpace(settings.etcd_prefix).root, settings.timeout_seconds)
    finally:
        store.close()
    if output == "json":
        click.echo(json_text(_as_json(findings), indent=2))
    else:
        _print(findings)
    return findings.exit_status


def find_target(resolved: Resolved) -> Target:
    """What the settings say; where nobody set the endpoints, what this machine's own etcd is started with."""
    settings = resolved.settings
    sources = {o.row.field: o.source for o in resolved.origins}
    if sources["endpoints"] == "default" and not settings.tls.given:
        found = target_from(find_deployments())
        if found is not None:
            return found
    return Target(settings.endpoints, settings.tls, sources["endpoints"])


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
    click.echo(click.style(terminal_text(diagnosis.endpoint), bold=True))
    for step in diagnosis.steps:
        sign = click.style("✓", fg="green") if step.ok else click.style("✗", fg="red", bold=True)
        click.echo(f"  {sign} {step.name:19} {terminal_text(step.what)}")
        if step.remedy:
            click.echo(f"    {'':19} {click.style('→ ' + terminal_text(step.remedy), fg='yellow')}")


def _conclusion(findings: Findings) -> str:
    failed = [d for d in findings.diagnoses if d.failed is not None]
    if not failed:
        return "Every step succeeds. `etcdview health` judges the cluster."
    some = f"{len(failed)} of {len(findings.diagnoses)} endpoints cannot be used as they should be."
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
