"""The undo file: what each changed key held before, one JSON line a change, for nobody but its owner.

Values are kept as they were stored, byte for byte: Secrets too, in plain text where they were stored so.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from etcdview import private_files
from etcdview.errors import EtcdviewError, UndoError, UnknownOutcomeError
from etcdview.models import KeyValue

_REMEDY = "Free disk space or correct its permissions; the setting undo-file names another."


@dataclass(frozen=True, slots=True)
class Undo:
    """One change. `before` None: there was no such key. `action` is put or delete."""

    at: datetime
    who: str
    action: str
    key: bytes
    before: KeyValue | None


class UndoFile:
    """Appends to a file of mode 0600. Several processes may write one; it only ever grows."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def keeping(self, changes: list[Undo]) -> Iterator[None]:
        """Keep them, then make them inside. What was surely not made is withdrawn: to undo it would undo another's.

        Raises UndoError as `keep` does.
        """
        self.keep(changes)
        try:
            yield
        except UnknownOutcomeError:
            raise
        except EtcdviewError:
            with suppress(UndoError):
                self._append("".join(map(_withdrawal, changes)))
            raise

    def keep(self, changes: list[Undo]) -> None:
        """Write them to disk. Raises UndoError where that fails: then nothing may be changed."""
        self._append("".join(map(to_line, changes)))

    def _append(self, text: str) -> None:
        lines = text.encode()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with private_files.locked(self.path) as file:
                private_files.append(file, lines)
        except OSError as error:
            raise UndoError(
                f"The undo file {self.path} cannot be written: {error.strerror}. Nothing was changed.", _REMEDY
            ) from error

    def changes_of(self, key: bytes) -> tuple[Undo, ...]:
        """The changes of one key, newest first. Raises UndoError for a file that cannot be read."""
        encoded = _encoded(key)
        try:
            with self.path.open(encoding="utf-8", errors="replace") as lines:  # it only grows: a line at a time
                found = _made(line for line in lines if encoded in line)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise UndoError(f"The undo file {self.path} cannot be read: {error.strerror}.", _REMEDY) from error
        return tuple(undo for undo in reversed(found) if undo.key == key)


def default_path(environ: Mapping[str, str]) -> Path:
    """Where the undo file is if no setting names one."""
    state = environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(f"{state}/etcdview/undo.jsonl").expanduser()


def to_line(undo: Undo) -> str:
    """As it stands in the file."""
    fields: dict[str, object] = {
        "at": undo.at.astimezone(UTC).isoformat(timespec="milliseconds"),
        "who": undo.who,
        "action": undo.action,
        "key": undo.key.decode("utf-8", "backslashreplace"),
        "key64": _encoded(undo.key),
    }
    if undo.before is not None:
        fields |= {
            "value": _encoded(undo.before.value),
            "createRevision": undo.before.create_revision,
            "modRevision": undo.before.mod_revision,
            "version": undo.before.version,
            "lease": f"{undo.before.lease:x}",
        }
    return json.dumps(fields) + "\n"


def from_line(line: str) -> Undo | None:
    """The change of a line; None for a line that a full disk cut short."""
    try:
        fields = json.loads(line)
        key = base64.b64decode(fields["key64"], validate=True)
        before = None
        if "value" in fields:
            before = KeyValue(
                key=key,
                create_revision=int(fields["createRevision"]),
                mod_revision=int(fields["modRevision"]),
                version=int(fields["version"]),
                lease=int(fields["lease"], 16),
                value=base64.b64decode(fields["value"], validate=True),
            )
        at = datetime.fromisoformat(fields["at"])
        return Undo(at, str(fields["who"]), str(fields["action"]), key, before)
    except (ValueError, TypeError, KeyError):
        return None


def _made(lines: Iterator[str]) -> list[Undo]:
    """The changes of these lines that were not withdrawn."""
    found: list[Undo] = []
    for line in lines:
        undo, withdrawn = from_line(line), _withdrawn(line)
        if undo is not None:
            found.append(undo)
        elif withdrawn is not None:
            not_made = next((one for one in reversed(found) if _mark(one) == withdrawn), None)
            found = [one for one in found if one is not not_made]
    return found


def _mark(undo: Undo) -> dict[str, str]:
    """By what a line tells which change it withdraws."""
    at = undo.at.astimezone(UTC).isoformat(timespec="milliseconds")
    return {"at": at, "who": undo.who, "key64": _encoded(undo.key)}


def _withdrawal(undo: Undo) -> str:
    """A line that an etcdview without withdrawals passes over: it has none of a change's fields."""
    return json.dumps({"withdrawn": _mark(undo)}) + "\n"


def _withdrawn(line: str) -> object:
    with suppress(ValueError):
        fields = json.loads(line)
        return fields.get("withdrawn") if isinstance(fields, dict) else None
    return None


def _encoded(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
