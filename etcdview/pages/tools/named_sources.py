"""Sources that are named in words: live, a file, and either of them at a revision (FILE@REV)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from etcdview.cluster.sources import open_etcd, open_file
from etcdview.config import Settings
from etcdview.errors import UsageError
from etcdview.pages.tools.source import Say, warned
from etcdview.stores.protocols import Store

LIVE = "live"
_REVISION = re.compile(r"(?P<source>.+)@(?P<revision>[0-9]{1,19})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class SourceName:
    """What a person wrote; `path` is empty for the live etcd, `revision` 0 for the newest."""

    text: str
    path: str = ""
    revision: int = 0

    @classmethod
    def parse(cls, text: str) -> SourceName:
        """`live`, `FILE`, `live@12`, `FILE@12`; a file whose own name ends in @12 is meant where there is one."""
        match = _REVISION.fullmatch(text)
        if match is None or Path(text).exists():
            return cls(text, "" if text == LIVE else text)
        source, revision = match["source"], int(match["revision"])
        if revision == 0:
            raise UsageError(f"{text} names no revision: they begin at 1.", "Leave @0 out for the newest.")
        return cls(text, "" if source == LIVE else source, revision)


class NamedSources:
    """The stores behind such names, each opened once. What a reader has to know of them is said."""

    def __init__(self, settings: Settings, say: Say) -> None:
        self._settings = settings
        self._say = say
        self._opened: dict[str, Store] = {}

    def open(self, name: SourceName) -> Store:
        """Raises UsageError for a file that does not exist, FileFormatError; no call to etcd is made yet."""
        if name.path not in self._opened:
            self._opened[name.path] = self._file(name.path) if name.path else self._live()
        return self._opened[name.path]

    def close(self) -> None:
        """Let go of all of them."""
        for store in self._opened.values():
            store.close()

    def _live(self) -> Store:
        return warned(open_etcd(self._settings), self._say)

    def _file(self, path: str) -> Store:
        if not Path(path).exists():
            raise UsageError(f"There is no file {path}.", "Give a snapshot, a dump or a data directory, or live.")
        store = open_file(Path(path))
        for note in store.notes:
            self._say(f"{path}: {note}")
        return store
