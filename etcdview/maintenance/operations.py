"""The operations themselves. Each looks at the cluster anew and goes by its plan: what is refused is not done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from etcdview.errors import EtcdviewError, UnsafeError
from etcdview.maintenance import plans
from etcdview.maintenance.members import MemberNow, look
from etcdview.models import Alarm, Member, SnapshotPiece
from etcdview.stores.protocols import Maintainable

DEFRAGMENT_SECONDS = 1800.0
MOVE_SECONDS = 10.0
BACK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class DefragmentStep:
    """One member's turn. `before` and `after` are sizes in bytes, 0 where unknown; `problem` "" where it went well."""

    member: str
    before: int = 0
    after: int = 0
    problem: str = ""


def compact(store: Maintainable, revision: int) -> None:
    """See plans.compact. Raises UnsafeError where it is refused."""
    _check(plans.compact(look(store), revision))
    store.compact(revision)


def defragment(store: Maintainable, member_id: int) -> DefragmentStep:
    """See plans.defragment. Raises UnsafeError where it is refused."""
    cluster = look(store)
    member = known(cluster.by_id(member_id))
    _check(plans.defragment(cluster, member))
    return _defragment(store, member)


def defragment_all(store: Maintainable) -> Iterator[DefragmentStep]:
    """See plans.defragment_all: a step as each is done; it ends with the first that goes wrong, and raises nothing."""
    done: set[int] = set()
    while True:
        try:
            cluster = look(store)
            waiting = [m for m in plans.defragment_order(cluster) if m.id not in done]
            if not waiting:
                return
            _check(plans.defragment_all(cluster))
            step = _defragment(store, waiting[0])
        except EtcdviewError as error:
            yield DefragmentStep("", problem=str(error))
            return
        done.add(waiting[0].id)
        yield step


def move_leader(store: Maintainable, member_id: int) -> None:
    """See plans.move_leader."""
    cluster = look(store)
    _check(plans.move_leader(cluster, known(cluster.by_id(member_id))))
    leader = known(cluster.leader)
    probe = store.probe(leader.url)
    try:
        probe.move_leader(member_id, MOVE_SECONDS)
    finally:
        probe.close()


def disarm(store: Maintainable, alarm: Alarm) -> None:
    """See plans.disarm."""
    _check(plans.disarm(look(store), alarm))
    store.disarm(alarm)


def add_learner(store: Maintainable, peer_url: str, name: str) -> Member:
    """See plans.add_learner; gives the member, with its ID and no name."""
    _check(plans.add_learner(look(store), peer_url, name))
    return store.add_learner([peer_url])


def promote(store: Maintainable, member_id: int) -> None:
    """See plans.promote."""
    cluster = look(store)
    _check(plans.promote(cluster, known(cluster.by_id(member_id))))
    store.promote(member_id)


def remove(store: Maintainable, member_id: int) -> None:
    """See plans.remove."""
    cluster = look(store)
    _check(plans.remove(cluster, known(cluster.by_id(member_id))))
    store.remove(member_id)


def snapshot(store: Maintainable) -> Iterator[SnapshotPiece]:
    """The pieces of a snapshot of one member; see plans.snapshot."""
    source = plans.snapshot_source(look(store))
    if source is None:
        raise UnsafeError("No member answers.", "`etcdview health` has details.")
    probe = store.probe(source.url)
    try:
        yield from probe.snapshot()
    finally:
        probe.close()


def known(member: MemberNow | None) -> MemberNow:
    """Raises UnsafeError where there is no such member (any more)."""
    if member is None:
        raise UnsafeError("The cluster has no such member.", "Reload the list of members.")
    return member


def _check(plan: plans.Plan) -> None:
    if plan.refusal:
        raise UnsafeError(plan.refusal, "Nothing was done.")


def _defragment(store: Maintainable, member: MemberNow) -> DefragmentStep:
    before = member.status.db_size_bytes if member.status else 0
    probe = store.probe(member.url)
    try:
        probe.defragment(DEFRAGMENT_SECONDS)
        with suppress(EtcdviewError):  # it has fallen behind meanwhile: give it time to catch up; the next look judges
            probe.read(BACK_SECONDS, serializable=False)
        after = probe.status(BACK_SECONDS).db_size_bytes
    finally:
        probe.close()
    return DefragmentStep(member.name, before, after)
