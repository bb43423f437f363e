"""`etcdview members`: the members of the cluster and how each of them is, as the overview shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import json_text
from etcdview.config import Resolved
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import visible
from etcdview.pages.tools.members import MemberRow, members_now
from etcdview.pages.tools.padding import padded

UNREACHABLE = 3
_COLUMNS = (
    *("NAME", "HEALTH", "ROLE", "ID", "VERSION", "DB SIZE", "IN USE", "QUOTA"),
    *("RAFT TERM", "RAFT INDEX", "APPLIED", "READ", "CLIENT URLS"),
)


@click.command("members", cls=GroupedCommand)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: as the API has them.")
@source_options
def command(resolved: Resolved, output: str) -> int:
    """Print the members of the cluster, each as it answers.

    The exit status is 3 where none of them answers. `etcdview health` says what is wrong and what to do.
    """
    members = members_now(resolved.settings)
    if output == "json":
        click.echo(json_text([as_json(member) for member in members], indent=2))
    else:
        for line in table(members):
            click.echo(line)
        for problem in problems(members):
            click.echo(f"etcdview: {problem}", err=True)
    return 0 if any(not member.error for member in members) else UNREACHABLE


def as_json(member: MemberRow) -> dict[str, Any]:
    """A member as `GET /api/v1/cluster` has it."""
    return {
        "id": member.id,
        "name": member.name,
        "healthy": member.healthy,
        "error": member.error,
        "leader": member.leader,
        "learner": member.learner,
        "version": member.version,
        "peerURLs": list(member.peer_urls),
        "clientURLs": list(member.client_urls),
        "dbSize": member.db_size,
        "dbSizeInUse": member.db_size_in_use,
        "quota": member.quota,
        "raftTerm": member.raft_term,
        "raftIndex": member.raft_index,
        "raftAppliedIndex": member.raft_applied_index,
        "latencySeconds": member.latency_seconds,
    }


def table(members: Sequence[MemberRow]) -> list[str]:
    """The members as kubectl prints rows; "-" for what a member or its release does not say."""
    return padded([_COLUMNS, *map(_row, members)])


def problems(members: Sequence[MemberRow]) -> Iterator[str]:
    """Why members do not answer."""
    return (visible(f"{m.name or m.id}: {m.error} {m.remedy}".rstrip()) for m in members if m.error)


def _row(member: MemberRow) -> list[str]:
    latency = member.latency_seconds
    return [
        visible(member.name),
        "healthy" if member.healthy else "unhealthy",
        member.role,
        member.id or "-",
        visible(member.version) or "-",
        *(_size(size) for size in (member.db_size, member.db_size_in_use, member.quota)),
        *(_number(n) for n in (member.raft_term, member.raft_index, member.raft_applied_index)),
        "-" if latency is None else f"{latency * 1000:.0f} ms",
        visible(",".join(member.client_urls)) or "-",
    ]


def _size(size: int | None) -> str:
    return "-" if size is None else size_text(size)


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)
