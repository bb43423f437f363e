"""One rule for questions that make a live etcd read everything it has: HashKV, and a count of all values."""

from __future__ import annotations

from etcdview.cluster.window import Window
from etcdview.errors import DeniedError

MANY = 3000  # objects: reading and decoding so many takes about half a second


def may_ask_costly(window: Window) -> bool:
    """Whether this viewer may ask: of etcd an operator with a login, of a file anyone; never of a part only."""
    viewer = window.viewer
    if not viewer.scope.whole:
        return False
    return not window.store.live or viewer.may("snapshot") or viewer.may("maintain")


def lists_many(window: Window) -> bool:
    """Whether an answer that names every resource type, or every namespace, is a long one."""
    types = window.index.tree().types
    return len(types) > MANY or any(len(counted.namespaces) > MANY for counted in types)


def check_costly(window: Window, what: str) -> None:
    """Raises DeniedError for a viewer who may not ask; `what` is a verb and its object, such as "count all values"."""
    if may_ask_costly(window):
        return
    if not window.viewer.scope.whole:
        raise DeniedError(f"Your role is limited to part of the cluster, so you cannot {what}.")
    raise DeniedError(
        f"Your role ({window.viewer.role}) may not {what}: etcd reads everything for it.",
        "Log in with the role operator.",
    )


def running_question(window: Window) -> str:
    """A sentence about the question that is being answered in the background; "" where there is none."""
    count = window.cluster.coverage.full()
    if count is not None and count.progress is not None:
        return "All values are being counted."
    monitor = window.cluster.monitor
    if monitor is not None and monitor.latest(wait_seconds=0).comparing:
        return "The members' data is being compared."
    return ""
