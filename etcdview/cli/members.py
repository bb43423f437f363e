"""`etcdview members`: the members of the cluster and how each of them is, as the overview shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import source_options
from etcdview.cli.terminal import json_text, remark
from etcdview.config import Resolved
from etcdview.errors import UsageError
from etcdview.pages.parts.sizes import size_text
from etcdview.pages.parts.texts import counted, visible
from etcdview.pages.tools.member_data import HeldKey, compare_members
from etcdview.pages.tools.members import MemberRow, members_now
from etcdview.pages.tools.padding import padded

UNREACHABLE = 3
_COLUMNS = (
    *("NAME", "HEALTH", "ROLE", "ID", "VERSION", "DB SIZE", "IN USE", "QUOTA"),
    *("RAFT TERM", "RAFT INDEX", "APPLIED", "READ", "CLIENT URLS"),
)


@click.command("members", cls=GroupedCommand)
@click.argument("sources", nargs=-1, metavar="[DIR|FILE...]", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="json: as the API has them.")
@click.option("--diff", is_flag=True, help="Print which keys they hold differently, and which most of them agree on.")
@click.option("--values", is_flag=True, help="With --diff: compare all values, not only what etcd says of the keys.")
@source_options
def command(resolved: Resolved, sources: tuple[Path, ...], output: str, diff: bool, values: bool) -> int:
    """Print the members of the cluster, each as it answers.

    The exit status is 3 where none of them answers. `etcdview health` says what is wrong and what to do.

    --diff is for members whose HashKV differs: the keys of each at one revision, compared, and what their values say
    differently; Secrets as fingerprints. Values are compared where the keys agree. DIR and FILE are data directories or
    databases of members, in place of the live ones. Exit status 1: they differ.

    \b
      etcdview members --diff
      etcdview members --diff /mnt/cp1/etcd /mnt/cp2/etcd
    """
    if not diff and (sources or values):
        raise UsageError("Data directories and --values go with --diff.", "Add --diff.")
    if diff:
        return _diff(resolved, sources, output, values=values)
    members = members_now(resolved.settings)
    if output == "json":
        click.echo(json_text([as_json(member) for member in members], indent=2))
    else:
        for line in table(members):
            click.echo(line)
        for problem in problems(members):
            click.echo(f"etcdview: {problem}", err=True)
    return 0 if any(not member.error for member in members) else UNREACHABLE


def _diff(resolved: Resolved, sources: Sequence[Path], output: str, *, values: bool) -> int:
    if resolved.settings.from_file:
        raise UsageError("--from names one file.", "Name the data directories after --diff.")
    with ExitStack() as stack:
        found = compare_members(stack, resolved.settings, sources, remark, values=values)
        if output == "json":
            keys = [key.as_json() for key in found.keys]
            head = {"members": list(found.members), "revision": found.revision, "byValues": found.by_values}
            click.echo(json_text(head | {"keys": keys}, indent=2))
            return 1 if keys else 0
        compared = "values" if found.by_values else "keys"
        click.echo(visible(f"Compared {', '.join(found.members)} at revision {found.revision:,} by their {compared}."))
        count = 0
        for count, key in enumerate(found.keys, 1):  # noqa: B007 - the last is how many
            for line in _key_lines(key):
                click.echo(line)
        click.echo(f"{counted(count, 'key')} {'differs' if count == 1 else 'differ'}.")
        return 1 if count else 0


def _key_lines(key: HeldKey) -> Iterator[str]:
    yield f"~ {key.shown}"
    for number, state in enumerate(key.states):
        holds = f"written at revision {state.revision:,}" if state.revision else "no such key"
        agreed = "  (the majority)" if key.agreed and not number else ""
        yield visible(f"    {', '.join(state.members)}: {holds}{agreed}")
        if state.note:
            yield visible(f"      {state.note}")
        yield from (visible(f"      {line}") for line in state.field_lines)


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
