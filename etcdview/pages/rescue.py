"""What a backup has and this cluster lacks, on a page. It only shows: `etcdview rescue` brings it back."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.errors import CompactedError, UsageError
from etcdview.pages.compare import CompareQuery, FirstChanges, compare, sources_of
from etcdview.pages.parts.texts import unmistakable
from etcdview.pages.parts.writable import InputProblem
from etcdview.pages.tools.compare import ComparedState
from etcdview.recovery.comparison import KeyChange
from etcdview.recovery.rescue import rescuable

LISTED = 500


@dataclass(frozen=True, slots=True)
class RescueQuery:
    """Which backup (NAME or NAME@REVISION), "" while nobody has chosen; and what of it."""

    source: str = ""
    resource: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class RescueRow:
    """How much of one type in one namespace is missing, and how much differs."""

    resource: str
    namespace: str
    missing: int
    different: int


@dataclass(frozen=True, slots=True)
class RescuePage:
    """`sources` are the backups to choose from. `missing` are names, of which `more` are not listed.

    `commands` bring them back; `stopped` says why not everything was compared. `status` is the HTTP status that fits.
    """

    query: RescueQuery
    sources: tuple[str, ...]
    backup: ComparedState | None = None
    live: ComparedState | None = None
    rows: tuple[RescueRow, ...] = ()
    missing: tuple[str, ...] = ()
    more: int = 0
    commands: tuple[str, ...] = ()
    stopped: str = ""
    problem: InputProblem | None = None
    status: int = 200


class MissingChanges(FirstChanges):
    """The first objects that are missing and worth bringing back."""

    def add(self, change: KeyChange) -> None:
        """One more."""
        if change.change == "removed" and rescuable(change.object_key):
            super().add(change)


def rescue_page(window: Window, query: RescueQuery) -> RescuePage:
    """The page. Raises DeniedError, and what the stores raise."""
    own, *backups = sources_of(window)
    if not query.source:
        return RescuePage(RescueQuery(backups[0] if backups else ""), tuple(backups))
    wanted = CompareQuery(query.source, own, query.resource, query.namespace, limit=LISTED)
    changes = MissingChanges(LISTED, all_fields=False)
    try:
        found, _ = compare(window, wanted, changes)
    except (UsageError, CompactedError) as error:
        problem = InputProblem(error.what, error.remedy)
        return RescuePage(query, tuple(backups), problem=problem, status=error.status)
    rows = (
        RescueRow(resource, namespace, count.removed, count.changed - count.noise)
        for resource, namespace, count in found.counts.rows()
        if count.removed + count.changed > count.noise
    )
    names = ("/".join(filter(None, (c["resource"], c["namespace"], c["name"]))) for c in changes)
    return RescuePage(
        query,
        tuple(backups),
        found.old,
        found.new,
        tuple(rows),
        tuple(map(unmistakable, names)),
        changes.more,
        _commands(query),
        found.stopped,
    )


def _commands(query: RescueQuery) -> tuple[str, ...]:
    chosen = [*([query.resource] if query.resource else []), *(["-n", query.namespace] if query.namespace else [])]
    words = shlex.join(["etcdview", "rescue", *chosen, "--from", query.source])
    return words, f"{words} -o bundle", f"{words} --into-etcd --allow-writes"
