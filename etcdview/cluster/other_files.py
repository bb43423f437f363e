"""The files of folders with several snapshots, each opened at its first use, and let go when others are used."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from etcdview.stores.protocols import Store

KEPT_FILES = 4  # each holds the names and the revisions of its keys


@dataclass(frozen=True, slots=True)
class TimelineFile:
    """A snapshot of the folder that is open. `path` is its name below that folder's."""

    path: Path
    written: datetime

    @property
    def name(self) -> str:
        """How addresses name it."""
        return self.path.name


class OtherFiles(Mapping[str, Store]):
    """Stores by name, opened at their first use. A file that is let go is closed when its last reader has ended.

    Any thread may call it; one file opens at a time. Getting one raises FileFormatError.
    """

    def __init__(self, paths: Mapping[str, Path], open_path: Callable[[Path], Store]) -> None:
        self._paths = paths
        self._open = open_path
        self._kept: OrderedDict[str, Store] = OrderedDict()
        self._lock = threading.Lock()  # guards _kept, and lets one file be opened at a time

    def __getitem__(self, name: str) -> Store:
        path = self._paths[name]
        with self._lock:
            found = self._kept.pop(name, None) or self._open(path)
            self._kept[name] = found
            while len(self._kept) > KEPT_FILES:
                self._kept.popitem(last=False)
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._paths  # without opening it

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)
