"""The process that reads all values once and writes their facts, so that no page waits for it.

`filler_starter` begins one and talks to it by lines of JSON: the task on its input, its progress on its output. Where
there is much to read, and more than one processor, that one begins another for half of it in the same way.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etcdview import background
from etcdview.cluster.sources import open_codec, open_source
from etcdview.config import Settings
from etcdview.errors import EtcdviewError, UnreachableError
from etcdview.index.facts.database import FILLING_CACHE_KIB, FactWriter
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.filling import Pass, PassPiece, TooMuchError, UnwritableError, shared_out, write_facts
from etcdview.index.facts.live import StartFiller
from etcdview.index.facts.problems import problem_text
from etcdview.kube.keys import KeySpace

NICENESS = 10
_MODULE = "etcdview.cluster.facts_process"
_TOO_MUCH = "too much"
_SAY_SECONDS = 0.5
_DONE = b"done\n"  # the last line of a process that has read everything


def filler_starter(settings: Settings) -> StartFiller:
    """What begins a process that reads by these settings."""
    return lambda task, path: FillerProcess(settings, task, path)


class FillerProcess:
    """One pass in a process of its own; see index.facts.live.Filler."""

    def __init__(self, settings: Settings, task: Pass, path: Path, *, half: bool = False) -> None:
        """`half`: of a process like this one, which ends together with it and completes what both have written."""
        environ = os.environ | background.modules_found()
        self._process = subprocess.Popen(  # noqa: S603 - our own words, no shell
            [sys.executable, "-P", "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            process_group=None if half else 0,
        )
        given = {"settings": asdict(settings), "task": _packed(task), "path": str(path), "half": half}
        self._half = half
        self._given = json.dumps(given).encode()

    def progress(self) -> Iterator[tuple[int, int]]:
        """See Filler."""
        process = self._process
        assert process.stdin is not None  # noqa: S101 - for mypy: both are pipes
        assert process.stdout is not None  # noqa: S101
        done = False
        try:
            process.stdin.write(self._given)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended: its output says why
        try:
            with process.stdout:
                for line in process.stdout:
                    if line == _DONE:
                        done = True
                    elif line.endswith(b"\n"):  # else it was ended in the middle of it
                        yield from _from_line(json.loads(line))
        finally:  # a line that says what it failed with is its last
            status = process.wait()
        if not done:
            raise UnreachableError(f"The process that reads all values ended with status {status}.")

    def stop(self) -> None:
        """See Filler."""
        if self._half:
            self._process.kill()
        elif self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it has ended at this moment
                os.killpg(self._process.pid, signal.SIGKILL)  # its half as well
        self._process.wait()


def _from_line(answer: dict[str, Any]) -> Iterator[tuple[int, int]]:
    """What one line of the process says. Raises what it has ended with."""
    if "keys" in answer:
        yield answer["keys"], answer["bytes"]
    elif answer["error"] == _TOO_MUCH:
        raise TooMuchError
    else:
        kind = UnwritableError if answer["unwritable"] else UnreachableError
        raise kind(answer["error"], answer["remedy"])


def _packed(task: Pass) -> dict[str, Any]:
    encoded = base64.b64encode
    pieces = [[encoded(piece.start).decode(), encoded(piece.end).decode(), piece.since] for piece in task.pieces]
    return {"pieces": pieces, "rate": task.rate, "most_bytes": task.most_bytes}


def _unpacked(given: dict[str, Any]) -> Pass:
    decoded = base64.b64decode
    pieces = tuple(PassPiece(decoded(start), decoded(end), since) for start, end, since in given.pop("pieces"))
    return Pass(pieces, **given)


def _settings(given: dict[str, Any]) -> Settings:
    """Settings from JSON, which has lists where they have tuples."""
    changed: dict[str, Any] = {k: tuple(value) if isinstance(value, list) else value for k, value in given.items()}
    return Settings(**changed)


def _say(**words: Any) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do one pass, as standard input says."""
    _give_way()
    given = json.load(sys.stdin)
    try:
        _do(given)
    except BrokenPipeError:  # who began this has ended
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes it once more


def _give_way() -> None:
    """Let pages go first. Where a filter of system calls forbids that, it takes its turn like all others."""
    with contextlib.suppress(PermissionError):
        os.nice(max(NICENESS - os.getpriority(os.PRIO_PROCESS, 0), 0))  # who began this may be nicer


def _do(given: dict[str, Any]) -> None:
    """The pass, and how it ended. Raises BrokenPipeError where nobody listens."""
    try:
        _pass(_settings(given["settings"]), _unpacked(given["task"]), Path(given["path"]), half=given["half"])
        sys.stdout.write(_DONE.decode())
        sys.stdout.flush()
    except TooMuchError:
        _say(error=_TOO_MUCH)
    except EtcdviewError as error:
        unwritable = isinstance(error, UnwritableError)  # of the other half
        what = error.what if given["half"] or unwritable else f"The values could not be read: {error.what}"
        _say(error=what, remedy=error.remedy, unwritable=unwritable)
    except BrokenPipeError:
        raise
    except (sqlite3.Error, OSError) as error:  # also of a database that who began this has removed
        _say(error=problem_text(error), remedy="", unwritable=True)


def _pass(settings: Settings, task: Pass, path: Path, *, half: bool) -> None:
    mine, rest = (task, None) if half or os.cpu_count() == 1 else shared_out(task)
    store = open_source(settings)
    extractor = Extractor(open_codec(settings), KeySpace(settings.etcd_prefix), lambda: datetime.now(UTC))
    with contextlib.closing(FactWriter(path, cache_kib=FILLING_CACHE_KIB)) as writer, contextlib.closing(store):
        if rest is None:
            write_facts(store, writer, extractor, mine, lambda keys, size: _say(keys=keys, bytes=size))
        else:
            with contextlib.closing(_Half(FillerProcess(settings, rest, path, half=True))) as other:
                write_facts(store, writer, extractor, mine, other.report)
                other.join()
        if not half:
            writer.complete()


class _Half:
    """The process that reads the other half; `close` it in the end."""

    def __init__(self, process: FillerProcess) -> None:
        self._process = process
        self._mine = self._its = (0, 0)  # keys and bytes
        self._error: EtcdviewError | None = None
        self._done = False
        self._thread = threading.Thread(target=self._watch, name="etcdview-facts-half", daemon=True)
        background.start(self._thread)

    def report(self, keys: int, size: int) -> None:
        """Say how far both are. Raises what the other has ended with."""
        self._mine = keys, size
        self._say()

    def join(self) -> None:
        """Wait for its end, and say meanwhile how far it is. Raises what it failed with."""
        while self._thread.is_alive():
            self._thread.join(_SAY_SECONDS)
            self._say()
        self._say()
        if not self._done:
            raise UnreachableError("Reading half of the values broke off.")

    def close(self) -> None:
        """End it."""
        self._process.stop()
        self._thread.join()

    def _say(self) -> None:
        if self._error is not None:
            raise self._error
        _say(keys=self._mine[0] + self._its[0], bytes=self._mine[1] + self._its[1])

    def _watch(self) -> None:
        try:
            for found in self._process.progress():
                self._its = found
            self._done = True
        except EtcdviewError as error:
            self._error = error


if __name__ == "__main__":
    main()
