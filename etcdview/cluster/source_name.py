"""How a source is named: live, a file, and either of them at a revision (FILE@REV)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from etcdview.errors import UsageError
from etcdview.stores.files.timeline import may_exist

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
        there = may_exist(Path(text))
        if match is None or there:
            if not there:
                _check_revision(text)
            return cls(text, "" if text == LIVE else text)
        source, revision = match["source"], int(match["revision"])
        if revision == 0:
            raise UsageError(f"{text} names no revision: they begin at 1.", "Leave @0 out for the newest.")
        return cls(text, "" if source == LIVE else source, revision)


def _check_revision(text: str) -> None:
    """Raises UsageError for what is not a revision, behind a source that there is; `text` itself names none."""
    source, at, revision = text.rpartition("@")
    if at and source and (source == LIVE or may_exist(Path(source))):
        raise UsageError(f"{revision!r} in {text} is not a revision.", f"Write a number: {source}@1201.")
