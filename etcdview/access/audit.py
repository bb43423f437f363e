"""The audit log: who did what, from where, to which key, and how it ended; JSON, one entry a line.

Entries hold names, addresses, keys and field names, never a value. Several processes may write one log.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, get_args

from etcdview import private_files
from etcdview.errors import AuditError
from etcdview.kube.keys import show

# begun: it is about to be done; how it ends is the next entry of that action
Result = Literal["begun", "done", "refused", "failed"]
RESULTS: tuple[Result, ...] = get_args(Result)

MAX_BYTES = 10 * 1024 * 1024
KEPT_FILES = 9
_LONGEST_TEXT = 2000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that somebody did, or tried. `action` is a word such as login, reveal, download, put, compact.

    `key` is as shown to people, `revision` the one read or written (0: none), `detail` what else identifies it.
    """

    at: datetime
    who: str
    method: str
    address: str
    action: str
    result: Result
    key: str = ""
    revision: int = 0
    detail: str = ""


class Audit:
    """Appends entries to a file of mode 0600, or to standard error where no file is named.

    A file that others may read or write, or that is a link, is not written to. It is put aside as FILE.1 (FILE.2 and
    so on, at most `kept`) before it would grow over `max_bytes`.
    """

    def __init__(self, path: Path | None, *, max_bytes: int = MAX_BYTES, kept: int = KEPT_FILES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._searched: dict[tuple[str, int], tuple[tuple[int, int], AuditEntry | None]] = {}

    def record(
        self,
        *,
        who: str,
        address: str,
        action: str,
        result: Result = "done",
        method: str = "",
        key: bytes = b"",
        revision: int = 0,
        detail: str = "",
        at: datetime | None = None,
    ) -> None:
        """Write one entry. Raises AuditError where that fails: what was to be logged must then not be done."""
        entry = AuditEntry(
            at=at or datetime.now(UTC),
            who=who[:_LONGEST_TEXT],
            method=method,
            address=address,
            action=action,
            result=result,
            key=show(key)[:_LONGEST_TEXT],
            revision=revision,
            detail=detail[:_LONGEST_TEXT],
        )
        self._write(to_line(entry))

    def check(self) -> None:
        """Raises AuditError where no entry could be written now."""
        if self.path is not None:
            self._append(self.path, b"")

    def latest(self, limit: int) -> tuple[AuditEntry, ...]:
        """The newest entries, newest first; none where there is no file."""
        if self.path is None:
            return ()
        try:
            return tuple(entry for entry, _ in zip(self._backwards(self.path), range(limit), strict=False))
        except OSError as error:
            raise AuditError(f"The audit log {self.path} cannot be read: {error.strerror}.") from error

    def newest_done(self, action: str) -> AuditEntry | None:
        """The newest entry of an action that was done; None where the log has none, or cannot be read.

        Without a file too: standard error is not read, and what one process remembers is not what the others do.
        A file is read again only where it has changed, and without making its other entries: cheap enough for a page.
        """
        if self.path is None:
            return None
        with suppress(OSError):
            for file in self._files(self.path):
                if found := self._newest_in(file, action):
                    return found
        return None

    def _newest_in(self, file: Path, action: str) -> AuditEntry | None:
        stat = file.stat()
        place, state = (action, stat.st_ino), (stat.st_size, stat.st_mtime_ns)
        known = self._searched.get(place)
        if known is None or known[0] != state:
            known = self._searched[place] = state, _last_done(file.read_bytes(), action)
        return known[1]

    def _write(self, line: str) -> None:
        if self.path is None:
            sys.stderr.write(line)
            return
        self._append(self.path, line.encode())

    def _append(self, path: Path, line: bytes) -> None:
        try:
            # the lock is a file of its own, since the log itself is renamed
            with private_files.locked(path.with_name(path.name + ".lock")):
                self._rotate(path, len(line))
                with private_files.locked(path) as file:
                    private_files.append(file, line)
        except OSError as error:
            raise AuditError(
                f"The audit log {path} cannot be written: {error.strerror}. Nothing was done.",
                "Free disk space or correct its permissions; the setting audit-log names another file.",
            ) from error

    def _rotate(self, path: Path, more: int) -> None:
        if not path.exists() or path.stat().st_size + more <= self._max_bytes:
            return
        for number in range(self._kept - 1, 0, -1):
            older = _aside(path, number)
            if older.exists():
                older.replace(_aside(path, number + 1))
        path.replace(_aside(path, 1))

    def _backwards(self, path: Path) -> Iterator[AuditEntry]:
        for file in self._files(path):
            lines = file.read_text("utf-8").splitlines()
            yield from (entry for line in reversed(lines) if (entry := from_line(line)) is not None)

    def _files(self, path: Path) -> Iterator[Path]:
        """Those that exist, the newest first."""
        return filter(Path.exists, (path, *(_aside(path, number) for number in range(1, self._kept + 1))))


def to_line(entry: AuditEntry) -> str:
    """The entry as one line of JSON; whatever a name holds cannot begin another line."""
    fields = {
        "at": entry.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "who": entry.who,
        "method": entry.method,
        "address": entry.address,
        "action": entry.action,
        "result": entry.result,
        "key": entry.key,
        "revision": entry.revision,
        "detail": entry.detail,
    }
    return json.dumps({name: value for name, value in fields.items() if value not in ("", 0)}) + "\n"


def from_line(line: str) -> AuditEntry | None:
    """The entry of a line; None for a line that is none (a write that a full disk cut short)."""
    try:
        fields = json.loads(line)
        at = datetime.fromisoformat(fields.pop("at"))
        return AuditEntry(at=at, **({"who": "", "method": "", "address": "", "action": ""} | fields))
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _last_done(log: bytes, action: str) -> AuditEntry | None:
    """Only lines that name the action are made entries of."""
    named, end = f'"action": {json.dumps(action)}'.encode(), len(log)
    while (at := log.rfind(named, 0, end)) >= 0:
        end = log.rfind(b"\n", 0, at) + 1
        entry = from_line(log[end : log.find(b"\n", at) + 1 or None].decode("utf-8", "replace"))
        if entry is not None and (entry.action, entry.result) == (action, "done"):
            return entry
    return None


def _aside(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")
