"""Rules about clocks: etcd does not need them to agree, but leases, certificates and people do."""

from __future__ import annotations

from collections.abc import Iterator

from etcdview.health.findings import Finding
from etcdview.health.rules.base import RuleContext, read_at, rule
from etcdview.kube.words import listed

_SKEW_SECONDS = 3.0  # a Date header tells whole seconds, so two of them differ by up to one anyway


@rule("clock-skew")
def clock_skew(context: RuleContext) -> Iterator[Finding]:
    """The clocks of two members, by the Date of their answers, are more than three seconds apart."""
    ahead = {
        m.name: probe.value.clock_ahead_seconds
        for m in context.facts.members
        if (probe := m.endpoint.wire.health).value and probe.value.clock_ahead_seconds is not None
    }
    if len(ahead) < 2 or max(ahead.values()) - min(ahead.values()) <= _SKEW_SECONDS:
        return
    parts = listed(f"{name} {seconds:+.0f} s" for name, seconds in ahead.items())
    yield Finding(
        id="clock-skew",
        severity="warning",
        summary="The members' clocks do not agree.",
        evidence=f"Against this machine's clock: {parts} {read_at(context.facts.at)}.",
        why="Certificate expiry and leases depend on the clock, and logs cannot be compared.",
        action="Synchronise every machine with NTP.",
        commands=("timedatectl", "chronyc tracking"),
    )


@rule("clock-here")
def clock_here(context: RuleContext) -> Iterator[Finding]:
    """The clock of this machine is more than a minute from that of every member."""
    ahead = [
        probe.value.clock_ahead_seconds
        for m in context.facts.members
        if (probe := m.endpoint.wire.health).value and probe.value.clock_ahead_seconds is not None
    ]
    if not ahead or min(map(abs, ahead)) <= 60:
        return
    yield Finding(
        id="clock-here",
        severity="warning",
        summary="The clock of the machine that etcdview runs on is wrong.",
        evidence=f"The members are ahead of it by {min(ahead, key=abs):.0f} s at least {read_at(context.facts.at)}.",
        why="Ages, certificate expiry and the times of evidence are wrong by that much.",
        action="Synchronise this machine with NTP.",
        commands=("timedatectl",),
    )
