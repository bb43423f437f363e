"""The pages for looking after the cluster: its members and what can be done, one operation's plan, and doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from etcdview.access.roles import LOCAL_METHOD
from etcdview.cluster.window import Window
from etcdview.errors import DeniedError, NotFoundError, QueryError
from etcdview.index.base import Changing
from etcdview.index.changes import KEPT_CHANGES
from etcdview.kube.words import counted
from etcdview.maintenance import operations, plans
from etcdview.maintenance.lock import operation_lock
from etcdview.maintenance.members import ClusterNow, MemberNow, look
from etcdview.maintenance.plans import OPERATIONS, Plan
from etcdview.maintenance.snapshot_stream import Stream
from etcdview.models import Alarm
from etcdview.pages.parts.addresses import Crumb, href
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.writable import InputProblem, check_typed, off
from etcdview.stores.protocols import Maintainable

EARLIER_SECONDS = 300.0
DefragmentStep = operations.DefragmentStep  # of defragmenting all members, for the page that streams them


@dataclass(frozen=True, slots=True)
class OperationQuery:
    """What is asked for. `member` is an ID in hexadecimal, `revision` 0: none; `typed` confirms."""

    operation: str
    member: str = ""
    revision: int = 0
    peer_url: str = ""
    name: str = ""
    alarm: str = ""
    typed: str = ""

    @property
    def detail(self) -> str:
        """What the audit log says beside the operation."""
        parts = (self.member, self.peer_url, self.alarm, str(self.revision or ""))
        return " ".join(part for part in parts if part)[:200]


@dataclass(frozen=True, slots=True)
class OperationLink:
    """An operation on one member; `final`: what it takes away does not come back. `refusal`: why it cannot work now."""

    text: str
    href: str
    final: bool = False
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One member and what can be done with it. Sizes are bytes, None where unknown."""

    id: str
    name: str
    role: str
    problem: str
    db_size: int | None
    db_size_in_use: int | None
    links: tuple[OperationLink, ...]
    refusals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """One alarm."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """A revision that stood so many minutes ago."""

    revision: int
    minutes: int


@dataclass(frozen=True, slots=True)
class MaintenancePage:
    """`changes`: this viewer may change the cluster; `why_not` says why nobody may. `blocked`: why nothing
    can be written now. `flags`: to start a new member."""

    crumbs: tuple[Crumb, ...]
    members: tuple[MemberLine, ...]
    alarms: tuple[AlarmLine, ...]
    revision: int
    earlier: Earlier | None
    changes: bool
    why_not: str
    blocked: str
    done: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OperationPage:
    """One operation before it is confirmed. `fields` travel with the form; `loses` says what history goes with it."""

    crumbs: tuple[Crumb, ...]
    plan: Plan
    fields: tuple[tuple[str, str], ...]
    commands: tuple[Command, ...]
    action: str
    loses: str = ""
    problem: InputProblem | None = None


@dataclass(frozen=True, slots=True)
class RunPage:
    """All members' turns, as they come."""

    crumbs: tuple[Crumb, ...]
    title: str
    steps: Iterator[DefragmentStep]


_DONE = {
    "compact": "The history has been compacted.",
    "defragment": "The member has been defragmented.",
    "move-leader": "The leader has moved.",
    "disarm": "The alarm has been disarmed.",
    "add-learner": "The member has been added as a learner. Start it with empty data and these flags.",
    "promote": "The learner is now a voter.",
    "remove": "The member has been removed.",
}


def maintenance_page(
    window: Window, now: datetime, done: str = "", member: str = "", name: str = ""
) -> MaintenancePage:
    """The members, looked at now. Raises NotFoundError for a file, DeniedError for a role that may do nothing here."""
    store = _store(window, "snapshot")
    cluster = look(store)
    changes = window.cluster.undo is not None and window.viewer.may("maintain")
    added = cluster.by_id(_id(member)) if member and done == "add-learner" else None
    return MaintenancePage(
        crumbs=(Crumb("Maintenance"),),
        members=tuple(_line(cluster, m, changes) for m in sorted(cluster.members, key=lambda m: (m.member.name, m.id))),
        alarms=tuple(_alarm(cluster, alarm) for alarm in cluster.alarms),
        revision=cluster.revision,
        earlier=_earlier(window, now),
        changes=changes,
        blocked=plans.no_quorum(cluster),
        why_not=off(live=True).remedy if window.cluster.undo is None else "",
        done=_DONE.get(done, ""),
        flags=plans.start_flags(cluster, added, name or "NAME") if added else (),
    )


def operation_page(window: Window, query: OperationQuery, problem: InputProblem | None = None) -> OperationPage:
    """What the operation would do now, what it risks, and whether it is refused."""
    store = _store(window, "snapshot" if query.operation == "snapshot" else "maintain")
    cluster = look(store)
    plan = _plan(cluster, query)
    fields = {
        "member": query.member,
        "revision": str(query.revision) if query.operation == "compact" else "",
        "peer": query.peer_url,
        "name": query.name,
        "alarm": query.alarm,
    }
    return OperationPage(
        crumbs=(Crumb("Maintenance", "/maintenance"), Crumb(query.operation)),
        plan=plan,
        fields=tuple((name, value) for name, value in fields.items() if value),
        commands=tuple(Command("etcdctl", text) for text in plan.commands),
        action=f"/maintenance/{query.operation}",
        loses=_loses(window, cluster, query.revision) if query.operation == "compact" and not plan.refusal else "",
        problem=problem,
    )


def operate(window: Window, query: OperationQuery, now: datetime) -> str:
    """Do it, once `typed` is right; gives where to go on. Raises UsageError, UnsafeError, UnreachableError."""
    with _locked(window, query, now) as store:
        added = _operate(store, query)
    return href("/maintenance", done=query.operation, member=added, name=query.name if added else "")


@contextmanager
def running(window: Window, query: OperationQuery, now: datetime) -> Iterator[RunPage]:
    """Defragment all members, once `typed` is right: one after the other, as the steps are asked for, until it ends."""
    with _locked(window, query, now) as store:
        crumbs = (Crumb("Maintenance", "/maintenance"), Crumb("defragment all"))
        yield RunPage(crumbs, "Defragmenting all members", operations.defragment_all(store))


def snapshot_stream(window: Window, query: OperationQuery) -> Stream:
    """A snapshot that has begun, once `typed` is right."""
    return Stream.begin(operations.snapshot(_confirmed(window, query)))


def _operate(store: Maintainable, query: OperationQuery) -> str:
    """Gives the ID of a member that was added."""
    if query.operation == "compact":
        operations.compact(store, query.revision)
    elif query.operation == "disarm":
        operations.disarm(store, Alarm(_id(query.member), query.alarm))
    elif query.operation == "add-learner":
        return f"{operations.add_learner(store, query.peer_url, query.name).id:x}"
    else:
        _ON_MEMBER[query.operation](store, _id(query.member))
    return ""


_ON_MEMBER = {
    "defragment": operations.defragment,
    "move-leader": operations.move_leader,
    "promote": operations.promote,
    "remove": operations.remove,
}


@contextmanager
def _locked(window: Window, query: OperationQuery, now: datetime) -> Iterator[Maintainable]:
    """From the check to the end of the operation, no other one runs; a snapshot changes nothing and needs no lock."""
    store, undo = _store(window, "maintain"), window.cluster.undo
    if undo is None:
        raise off(live=True)
    what = f"{window.viewer.name} runs {query.operation}"
    with operation_lock(undo.path.parent, store.members().cluster_id, what, now):
        yield _confirmed(window, query)


def _confirmed(window: Window, query: OperationQuery) -> Maintainable:
    store = _store(window, "snapshot" if query.operation == "snapshot" else "maintain")
    check_typed(query.typed, _plan(look(store), query).confirm)
    return store


def _store(window: Window, act: str) -> Maintainable:
    store, viewer = window.cluster.source, window.viewer
    if not isinstance(store, Maintainable):
        raise NotFoundError("This is a file: maintenance needs a live etcd.", "Open a live etcd.")
    if act == "maintain" and window.cluster.undo is None:
        raise off(live=True)
    if viewer.method == LOCAL_METHOD:  # nobody has to log in: then nothing is changed, and no Secret leaves
        raise off(live=True)
    if not (viewer.may("maintain") if act == "maintain" else viewer.may("snapshot")):
        raise DeniedError(f"Your role ({viewer.role}) does not permit this.", "Ask etcdview's administrator.")
    return store


def _plan(cluster: ClusterNow, query: OperationQuery) -> Plan:
    if query.operation not in OPERATIONS:
        raise NotFoundError(f"Unknown operation {query.operation[:30]!r}.", f"Choose {', '.join(OPERATIONS)}.")
    operation = query.operation
    if operation in _NEEDED and not getattr(query, _NEEDED[operation][0]):
        raise QueryError(*_NEEDED[operation][1:])
    if operation == "snapshot":
        return plans.snapshot(cluster)
    if operation == "compact":
        return plans.compact(cluster, query.revision)
    if operation == "defragment-all":
        return plans.defragment_all(cluster)
    if operation == "disarm":
        return plans.disarm(cluster, Alarm(_id(query.member), query.alarm))
    if operation == "add-learner":
        return plans.add_learner(cluster, query.peer_url, query.name)
    return _MEMBER_PLANS[operation](cluster, operations.known(cluster.by_id(_id(query.member))))


# What an address of an operation must have, with the error where it has it not.
_NEEDED = {
    "add-learner": (
        "peer_url",
        "The peer URL of the new member is missing.",
        "Give the URL at which the other members reach it, such as https://10.0.0.4:2380.",
    ),
    "disarm": ("alarm", "An alarm is missing.", "Choose NOSPACE or CORRUPT."),
}
_MEMBER_PLANS = {
    "defragment": plans.defragment,
    "move-leader": plans.move_leader,
    "promote": plans.promote,
    "remove": plans.remove,
}


def _id(text: str) -> int:
    try:
        return int(text, 16) if len(text) <= 16 else int("", 16)
    except ValueError:
        raise QueryError(f"{text[:40]!r} is not a member ID.", "IDs are hexadecimal, as etcdctl prints them.") from None


def _earlier(window: Window, now: datetime) -> Earlier | None:
    """The newest revision that is EARLIER_SECONDS old, by when the index saw it; None where it saw none such."""
    names = window.cluster.index
    if not isinstance(names, Changing):
        return None
    seconds = now.timestamp()
    for change in names.changes.recent(limit=KEPT_CHANGES):
        if seconds - change.seen_at >= EARLIER_SECONDS:
            return Earlier(change.revision, int((seconds - change.seen_at) // 60))
    return None


def _loses(window: Window, cluster: ClusterNow, revision: int) -> str:
    """How much history goes with a compaction; what has gone before is known from the members' metrics, if at all."""
    monitor = window.cluster.monitor
    facts = monitor.latest().facts if monitor else None
    metrics = [m.metrics for m in facts.members] if facts else []
    compacted = int(max((m.compact_revision or 0 for m in metrics if m), default=0))
    stay = cluster.revision - revision
    left = f"the {stay:,} after it remain" if stay else "none remain, so changes cannot be undone"
    if 0 < compacted < revision:
        return f"Discards {counted(revision - compacted, 'revision')}, {compacted:,} to {revision - 1:,}; {left}."
    return f"All remaining revisions before {revision:,} are discarded; {left}."


def _line(cluster: ClusterNow, member: MemberNow, changes: bool) -> MemberLine:
    status = member.status
    apart = cluster.apart(member) if member.alive and cluster.leader else ""
    links = tuple(_links(cluster, member)) if changes else ()
    without_leader = member.alive and not member.learner and cluster.leader is None
    return MemberLine(
        id=member.id_hex,
        name=member.name,
        role="cut off" if apart else "unknown" if without_leader else member.role,
        problem=apart or member.problem,
        db_size=status.db_size_bytes if status else None,
        db_size_in_use=status.db_size_in_use_bytes if status else None,
        links=links,
        refusals=_refusals(links),
    )


def _refusals(links: Sequence[OperationLink]) -> tuple[str, ...]:
    """Why some of the operations cannot work now, each reason once."""
    reasons = dict.fromkeys(link.refusal for link in links if link.refusal)
    return tuple(f"{', '.join(x.text for x in links if x.refusal == reason)}: {reason}" for reason in reasons)


def _links(cluster: ClusterNow, member: MemberNow) -> Iterator[OperationLink]:
    names = {"defragment": member.alive, "move-leader": member.alive and not (member.leader or member.learner)}
    names |= {"promote": member.learner, "remove": True}
    texts = {"defragment": "defragment", "move-leader": "make leader", "promote": "promote", "remove": "remove"}
    for operation, shown in names.items():
        if shown:
            yield OperationLink(
                texts[operation],
                href(f"/maintenance/{operation}", member=member.id_hex),
                final=operation == "remove",
                refusal=_MEMBER_PLANS[operation](cluster, member).refusal,
            )


def _alarm(cluster: ClusterNow, alarm: Alarm) -> AlarmLine:
    member = cluster.by_id(alarm.member_id)
    text = f"{alarm.kind} of {member.name if member else f'{alarm.member_id:x}'}"
    return AlarmLine(text, href("/maintenance/disarm", member=f"{alarm.member_id:x}", alarm=alarm.kind))
