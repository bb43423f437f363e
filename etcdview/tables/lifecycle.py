"""The group lifecycle.k8s.io: evictions, and who asks for them (alpha, from 1.37 on)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from etcdview.kube.fields import NONE, UNSET, condition, dig, items, number, text
from etcdview.tables.base import AGE, NAME, Cells, Column, Object, created, name_of, table
from etcdview.tables.durations import UNKNOWN, age, human_duration, parse_time

_GROUP = "lifecycle.k8s.io"
_ENDED = ("Canceled", "Interrupted", "Completed")
_TARGET = Column("Target", description="What is to go.")
_TARGET_TYPE = Column("Target Type", description="Its kind.")
_STATUS = Column("Status", description="How far it is.")


@table(
    _GROUP,
    "EvictionRequest",
    columns=(
        NAME,
        _TARGET,
        _TARGET_TYPE,
        _STATUS,
        Column("Requester", description="Who asks."),
        Column("Intent", description="Whether the request stands."),
        AGE,
    ),
)
def eviction_request(obj: Object, now: datetime) -> Cells:
    """A request to evict."""
    asked = text(obj, "spec", "requester"), text(obj, "spec", "intent")
    return name_of(obj), *_target(obj), _status(obj), *asked, created(obj, now)


@table(
    _GROUP,
    "Eviction",
    columns=(
        NAME,
        _TARGET,
        _TARGET_TYPE,
        _STATUS,
        Column("Active Responder", description="Who acts, and how many have, of all."),
        Column("Responder Status", description="What it does."),
        Column("Responder Expected Finish", description="When it means to be done."),
        Column("Requesters", description="Who asks for it."),
        AGE,
        Column("Responder Heartbeat", priority=1, description="Since it was heard of last."),
        Column("Responder Status Message", priority=1, description="What it says."),
    ),
)
def eviction(obj: Object, now: datetime) -> Cells:
    """An eviction under way."""
    targets = items(obj, "status", "targetResponders")
    seen = [t for t in targets if text(t, "state") in (*_ENDED, "Active")]
    active = [t for t in seen if text(t, "state") == "Active"] or seen
    last = active[-1] if active else None
    status, finish, heartbeat, message = _responder(obj, last, now)
    return (
        name_of(obj),
        *_target(obj),
        _status(obj),
        f"{UNSET if last is None else text(last, 'name')} ({len(seen)}/{len(targets)})",
        status,
        finish,
        _requesters(items(obj, "status", "requesters")),
        created(obj, now),
        heartbeat,
        message,
    )


def _target(obj: Object) -> tuple[str, str]:
    pod = dig(obj, "spec", "target", "pod")
    return (UNSET, UNSET) if pod is None else (text(pod, "name"), "Pod")


def _status(obj: Object) -> str:
    for kind in ("TargetEvicted", "Failed"):
        found = condition(obj, kind)
        if text(found, "status") == "True":
            return f"{kind} ({text(found, 'reason')})"
    return "Progressing" if number(obj, "status", "observedGeneration") > 0 else "Pending"


def _responder(obj: Object, target: Any, now: datetime) -> tuple[str, str, str, str]:
    """Status, expected finish, heartbeat and message of the responder that acts."""
    named = (r for r in items(obj, "status", "responders") if text(r, "name") == text(target, "name"))
    responder = next(named, None) if target is not None else None
    if responder is None:
        return UNSET, UNKNOWN, UNSET, UNSET
    beat = dig(responder, "heartbeatTime")
    heartbeat = UNSET if beat is None else f"{age(beat, now)} ago"
    message = text(responder, "message").strip() or UNSET
    return *_progress(text(target, "state"), responder, now), heartbeat, message


def _progress(state: str, responder: Any, now: datetime) -> tuple[str, str]:
    if state == "Active":
        started = dig(responder, "startTime")
        return (state, UNKNOWN) if started is None else (f"Started ({age(started, now)} ago)", _finish(responder, now))
    done = dig(responder, "completionTime")
    return f"{state} ({age(done, now)} ago)" if state == "Completed" and done is not None else state, "-"


def _finish(responder: Any, now: datetime) -> str:
    moment = parse_time(dig(responder, "expectedCompletionTime"))
    if moment is None:
        return UNKNOWN
    return f"in {human_duration(moment - now)}" if moment > now else f"{human_duration(now - moment)} ago"


def _requesters(requesters: list[Any]) -> str:
    names = sorted(text(r, "name") for r in requesters if text(r, "intent") != "Withdrawn")
    if not names:
        return "<withdrawn>" if requesters else NONE
    return f"{names[0]} + {len(names) - 1} more..." if len(names) > 1 else names[0] or UNSET
