"""The stores behind names of sources (live, FILE, and either at a revision), each opened once."""

from __future__ import annotations

from pathlib import Path

from etcdview.cluster.source_name import LIVE, SourceName
from etcdview.cluster.sources import open_file, open_live
from etcdview.config import Settings
from etcdview.errors import UsageError
from etcdview.pages.tools.source import Say, warned
from etcdview.stores.files.timeline import may_exist
from etcdview.stores.protocols import Store

__all__ = ["LIVE", "NamedSources", "SourceName"]


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
        return warned(open_live(self._settings), self._say)

    def _file(self, path: str) -> Store:
        if not may_exist(Path(path)):
            raise UsageError(f"There is no file {path}.", "Give a snapshot, a dump or a data directory, or live.")
        store = open_file(Path(path))
        for note in store.notes:
            self._say(f"{path}: {note}")
        return store
