"""Whether changes are allowed here, what has to be typed to confirm one, and what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError, NotFoundError, UsageError
from etcdview.stores.protocols import Writable


@dataclass(frozen=True, slots=True)
class InputProblem:
    """What is wrong with what was typed."""

    what: str
    remedy: str = ""

    @classmethod
    def of(cls, error: EtcdviewError | None) -> InputProblem | None:
        """None for no error."""
        return None if error is None else cls(error.what, error.remedy)


def may_write(window: Window, key: bytes) -> bool:
    """Whether this viewer may change the key: for links that are shown only then."""
    cluster, viewer = window.cluster, window.viewer
    permitted = viewer.may("write") and viewer.scope.has(window.keyspace.object_key(key))
    return cluster.undo is not None and isinstance(cluster.source, Writable) and permitted


def check_typed(typed: str, expected: str) -> None:
    """Raises UsageError unless the two are the same."""
    if typed.strip() != expected:
        raise UsageError(f"To confirm, type {expected} exactly; the text does not match.", "Nothing was done.")


def off(*, live: bool) -> NotFoundError:
    """Why there is nothing to change with."""
    if not live:
        return NotFoundError("This is a file, so it cannot be changed.", "Open a live etcd to change something.")
    return NotFoundError(
        "Editing is off.",
        "Restart etcdview with --allow-writes to let admins make changes.",
    )
