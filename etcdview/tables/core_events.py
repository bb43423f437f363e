"""Events, as the core group stores them and as events.k8s.io serves them."""

from __future__ import annotations

from datetime import datetime

from etcdview.kube.fields import dig, number, text
from etcdview.kube.release import Release
from etcdview.tables.base import NAME, Cells, Column, Object, name_of, release_table
from etcdview.tables.durations import age


@release_table(
    "",
    "Event",
    columns=(
        Column("Last Seen", description="Since it happened last."),
        Column("Type", description="Normal or Warning."),
        Column("Reason", description="Why, in one word."),
        Column("Object", description="What it is about."),
        Column("Subobject", priority=1, description="The part it is about."),
        Column("Source", priority=1, description="Who reports it, and from which host."),
        Column("Message", description="What happened."),
        Column("First Seen", priority=1, description="Since it happened first."),
        Column("Count", priority=1, description="How often it happened."),
        Column(NAME.name, priority=1, format="name", description=NAME.description),
    ),
)
def event(obj: Object, now: datetime, release: Release) -> Cells:
    """An event of either API."""
    first = age(_either(obj, "firstTimestamp", "deprecatedFirstTimestamp") or dig(obj, "eventTime"), now)
    return (
        _last_seen(obj, first, now),
        text(obj, "type"),
        text(obj, "reason"),
        _target(obj),
        text(_about(obj), "fieldPath"),
        _source(obj),
        (text(obj, "message") or text(obj, "note")).strip(),
        first,
        _count(obj, release),
        name_of(obj),
    )


def _either(obj: Object, *names: str) -> object:
    return next((obj[name] for name in names if obj.get(name)), None)


def _about(obj: Object) -> object:
    return _either(obj, "involvedObject", "regarding")


def _last_seen(obj: Object, first: str, now: datetime) -> str:
    if dig(obj, "series") is not None:
        return age(dig(obj, "series", "lastObservedTime"), now)
    last = _either(obj, "lastTimestamp", "deprecatedLastTimestamp")
    return age(last, now) if last else first


def _count(obj: Object, release: Release) -> int:
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
