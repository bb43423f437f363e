"""Facts built by hand: a healthy cluster of three, and ways to bend it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from etcdview.health.assemble import assemble
from etcdview.health.facts import ClusterFacts, EndpointFacts, Probe, Trouble
from etcdview.health.rules import RULES, Sight
from etcdview.models import Member, Membership, MemberStatus

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
CLUSTER_ID = 0xCDF818194E3A8C32
SILENT = Trouble("DeadlineError", "https://10.0.0.9:2379 did not answer within 1 s.", "Look at the member.")


def ok(value: Any, latency: float = 0.002) -> Probe[Any]:
    return Probe(value, latency_seconds=latency, at=NOW)


def failed(trouble: Trouble = SILENT) -> Probe[Any]:
    return Probe(trouble=trouble, latency_seconds=1.0, at=NOW)


def member(number: int, **changes: Any) -> Member:
    host = f"10.0.0.{number}"
    made = Member(
        id=0xA0 + number,
        name=f"cp{number}",
        peer_urls=(f"https://{host}:2380",),
        client_urls=(f"https://{host}:2379",),
    )
    return replace(made, **changes)


def status(number: int, **changes: Any) -> MemberStatus:
    made = MemberStatus(
        cluster_id=CLUSTER_ID,
        member_id=0xA0 + number,
        revision=1201,
        version="3.6.5",
        db_size_bytes=20_000_000,
        leader_id=0xA1,
        raft_term=3,
        raft_index=5000,
        raft_applied_index=5000,
        db_size_in_use_bytes=15_000_000,
        storage_version="3.6.0",
        quota_bytes=2_147_483_648,
        downgrade_enabled=False,
    )
    return replace(made, **changes)


def endpoint(number: int, members: tuple[Member, ...], **changes: Any) -> EndpointFacts:
    status_changes = changes.pop("status", {})
    made = EndpointFacts(
        url=f"https://10.0.0.{number}:2379",
        given=True,
        status=ok(status(number, **status_changes)) if isinstance(status_changes, dict) else status_changes,
        read=ok(1201),
        local_read=ok(1201),
        membership=ok(Membership(CLUSTER_ID, members)),
    )
    return replace(made, **changes)


def silent(number: int, trouble: Trouble = SILENT) -> EndpointFacts:
    return EndpointFacts(f"https://10.0.0.{number}:2379", given=True, status=failed(trouble))


def cluster(
    size: int = 3,
    *,
    members: tuple[Member, ...] | None = None,
    bend: dict[int, dict[str, Any]] | None = None,
    down: tuple[int, ...] = (),
    at: datetime = NOW,
    known: Membership | None = None,
) -> ClusterFacts:
    """A healthy cluster of `size`; `bend` changes the endpoint of a member, `down` makes members silent."""
    given = members or tuple(member(n) for n in range(1, size + 1))
    endpoints = [
        silent(n) if n in down else endpoint(n, given, **(bend or {}).get(n, {})) for n in range(1, len(given) + 1)
    ]
    return assemble(endpoints, at=at, known=known or Membership(CLUSTER_ID, given))


@pytest.fixture
def build() -> SimpleNamespace:
    """The makers of facts above, by name."""
    return SimpleNamespace(
        cluster=cluster, member=member, status=status, endpoint=endpoint, silent=silent, ok=ok, failed=failed, now=NOW
    )


@pytest.fixture
def fires() -> Callable[..., list[str]]:
    """The severities of the findings that one rule gives for the facts."""

    def check(rule_id: str, facts: ClusterFacts, **more: Any) -> list[str]:
        found = list(RULES[rule_id].check(Sight(facts, **more)))
        assert all(f.id == rule_id and f.summary and f.evidence and f.why and f.action for f in found)
        return [f.severity for f in found]

    return check
