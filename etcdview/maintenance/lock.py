"""One operation at a time on a cluster: what one request has looked at must not change under it by another.

It holds for all processes of one host that keep their undo file in one folder. Others are seen by the look alone: a
member that is being defragmented serves no read, and counts as away.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from etcdview import private_files
from etcdview.errors import UnsafeError

_LONGEST = 400


@contextmanager
def operation_lock(folder: Path, cluster_id: int, what: str, now: datetime) -> Iterator[None]:
    """Nobody else's operation on that cluster runs meanwhile. `what` tells others who does what.

    Raises UnsafeError where another runs: nobody waits in line for something that may take half an hour.
    """
    path = folder / f"maintenance-{cluster_id:x}.lock"
    with ExitStack() as stack:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = stack.enter_context(private_files.locked(path, wait=False))
            os.ftruncate(file, 0)
            os.write(file, f"{what}, since {now.astimezone(UTC):%H:%M:%S} UTC".encode()[:_LONGEST])
        except BlockingIOError:
            raise UnsafeError(f"{_running(path)}: one operation at a time.", "Wait until it ends.") from None
        except OSError as error:
            raise UnsafeError(
                f"The lock {path} cannot be taken: {error.strerror}. Nothing was done.",
                "It lies beside the undo file: correct its permissions, or set another undo-file.",
            ) from error
        try:
            yield
        finally:
            os.ftruncate(file, 0)  # the lock itself goes with the file, also where the process is killed


def _running(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace") or "Another operation runs"
    except OSError:
        return "Another operation runs"
