"""How to bring back a cluster that has lost its quorum, on a page: the answer of `etcdview restore plan`.

Its sources are the files that the server was started with (--compare, --from): a browser never names a path.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from etcdview.cluster.window import Window
from etcdview.errors import FileFormatError, UsageError
from etcdview.kube.words import counted
from etcdview.pages.parts.costly import check_costly
from etcdview.pages.parts.texts import unmistakable
from etcdview.pages.parts.writable import InputProblem
from etcdview.pages.tools.restore import PlannedRestore, RestoreTarget, bump_text, lack_text, plan_restore
from etcdview.recovery.restore_plan import RestoreSource

DATA_DIR, COPY = "/var/lib/etcd", "/root/etcd-restore.db"


@dataclass(frozen=True, slots=True)
class RestorePlanQuery:
    """Where the members' machines have things; `run`: the plan is wanted now, which reads every source."""

    data_dir: str = DATA_DIR
    copy: str = COPY
    run: bool = False


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One source: its path, how far it is, and what has to be said of it."""

    path: str
    furthest: bool
    source: RestoreSource
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RestorePlanPage:
    """`paths` are the sources that there are; `found` is None until the plan was made, `problem` says why it was not.

    `status` is the HTTP status that fits.
    """

    query: RestorePlanQuery
    paths: tuple[str, ...]
    found: PlannedRestore | None = None
    rows: tuple[SourceRow, ...] = ()
    bump: str = ""
    command: str = ""
    problem: InputProblem | None = None
    status: int = 200

    @property
    def furthest(self) -> str:
        """The path of the source to restore."""
        return unmistakable(str(self.found.furthest.path)) if self.found else ""


def restore_plan_page(window: Window, query: RestorePlanQuery, now: datetime) -> RestorePlanPage:
    """The page. Raises DeniedError for a viewer who may not read everything."""
    check_costly(window, "plan a restore")
    sources = restore_paths(window)
    paths = tuple(unmistakable(str(path)) for path in sources)
    command = f"etcdview restore plan {shlex.join(map(str, sources)) or 'DIR|FILE...'}"
    if not query.run or not sources:
        return RestorePlanPage(query, paths, command=command)
    target = RestoreTarget(query.data_dir, query.copy, f"restored-{now:%Y%m%dT%H%M%SZ}", ())
    try:
        found = plan_restore(sources, target, window.keyspace.prefix)
    except (UsageError, FileFormatError) as error:
        problem = InputProblem(error.what, error.remedy)
        return RestorePlanPage(query, paths, command=command, problem=problem, status=error.status)
    rows = tuple(_row(found, source) for source in found.sources)
    return RestorePlanPage(query, paths, found, rows, bump_text(found.plan), command)


def restore_paths(window: Window) -> tuple[Path, ...]:
    """The files that the server reads: those to compare with, and the one that it shows."""
    cluster = window.cluster
    stores = [*([] if cluster.store.live else [cluster.source]), *cluster.others.values()]
    return tuple(dict.fromkeys(Path(store.name) for store in stores))


def _row(found: PlannedRestore, source: RestoreSource) -> SourceRow:
    said = [source.error] if source.error else list(source.notes)
    lack = found.lacks.get(source.path)
    if lack is not None:
        types = (
            f"{unmistakable(t.resource)}: {counted(t.missing, 'key')} missing, {t.changed:,} older, "
            f"{t.deleted:,} deleted since"
            for t in lack.types
        )
        said += [lack_text(lack), *types]
    return SourceRow(unmistakable(str(source.path)), source is found.furthest, source, tuple(said))
