"""Events of the core group as events.k8s.io/v1 serves them: the same objects under other names.

Source: Convert_v1_Event_To_core_Event in Kubernetes' pkg/apis/events/v1/conversion.go, the other way round.
"""

from __future__ import annotations

from typing import Any

_RENAMED = {
    "involvedObject": "regarding",
    "message": "note",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
    "reportingComponent": "reportingController",
}
_LEFT_OUT_EMPTY = ("reportingController", "reportingInstance", "note", "reason", "type")


def to_events_v1(event: dict[str, Any]) -> dict[str, Any]:
    """The event in the other group's version; what is in it is not copied."""
    renamed = {_RENAMED.get(name, name): value for name, value in event.items()}
    renamed["apiVersion"] = "events.k8s.io/v1"
    if isinstance(renamed.get("series"), dict):
        renamed["series"] = {"count": 0} | renamed["series"]
    return {name: value for name, value in renamed.items() if name not in _LEFT_OUT_EMPTY or value != ""}
