"""Events, as the core group stores them and as events.k8s.io serves them."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import dig, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import NAME, Cells, Column, Object, name_of, release_table
from etcdview.tables.durations import age, parse_time

_TIMES = (
    "series", "firstTimestamp", "lastTimestamp", "deprecatedFirstTimestamp", "deprecatedLastTimestamp", "eventTime",
)  # fmt: skip
_COUNTS = ("series", "count", "deprecatedCount")
_ABOUT = ("involvedObject", "regarding")
_SOURCE = ("source", "deprecatedSource", "reportingComponent", "reportingController", "reportingInstance")


@release_table(
    "",
    "Event",
    columns=(
        Column("Last Seen", description="Since it happened last.", reads=_TIMES),
        Column("Type", description="Normal or Warning.", reads=("type",)),
        Column("Reason", description="Why, in one word.", reads=("reason",)),
        Column("Object", description="What it is about.", reads=_ABOUT),
        Column("Subobject", priority=1, description="The part it is about.", reads=_ABOUT),
        Column("Source", priority=1, description="Who reports it, and from which host.", reads=_SOURCE),
        Column("Message", description="What happened.", reads=("message", "note")),
        Column("First Seen", priority=1, description="Since it happened first.", reads=_TIMES),
        Column("Count", priority=1, description="How often it happened.", reads=_COUNTS),
        Column(NAME.name, priority=1, format="name", description=NAME.description),
    ),
)
def event(obj: Object, now: datetime, release: Release) -> Cells:
    """An event of either API."""
    first = age(_either(obj, "firstTimestamp", "deprecatedFirstTimestamp") or dig(obj, "eventTime"), now)
    return (
        age(_last_time(obj), now),
        text(obj, "type"),
        text(obj, "reason"),
        _target(obj),
        text(_about(obj), "fieldPath"),
        _source(obj),
        (text(obj, "message") or text(obj, "note")).strip(),
        first,
        event_count(obj, release),
        name_of(obj),
    )


def _either(obj: Object, *names: str) -> object:
    return next((obj[name] for name in names if obj.get(name)), None)


def _about(obj: Object) -> object:
    return _either(obj, "involvedObject", "regarding")


def last_seen(obj: Object) -> datetime | None:
    """When the event happened last; its cell says how long ago, to the hour or the day. None where that is unknown."""
    return parse_time(_last_time(obj))


def _last_time(obj: Object) -> object:
    if dig(obj, "series") is not None:
        return dig(obj, "series", "lastObservedTime")
    times = ("lastTimestamp", "deprecatedLastTimestamp", "firstTimestamp", "deprecatedFirstTimestamp")
    return _either(obj, *times) or dig(obj, "eventTime")


def event_count(obj: Object, release: Release) -> int:
    """How often the event happened, by what it says itself; 1 where it does not say that."""
    if dig(obj, "series") is not None:
        return number(obj, "series", "count") + (release < Release(1, 23))  # the first was not counted before
    return number(obj, "count") or number(obj, "deprecatedCount") or 1


def _target(obj: Object) -> str:
    kind, name = text(_about(obj), "kind").lower(), text(_about(obj), "name")
    return f"{kind}/{name}" if name else kind


def _source(obj: Object) -> str:
    source = _either(obj, "source", "deprecatedSource")
    component = text(source, "component") or text(obj, "reportingComponent") or text(obj, "reportingController")
    host = text(source, "host") or text(obj, "reportingInstance")
    return f"{component}, {host}" if host else component
