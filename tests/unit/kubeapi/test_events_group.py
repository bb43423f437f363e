"""Events of the core group as events.k8s.io serves them."""

from __future__ import annotations

from etcdview.kubeapi.events import to_events_v1


def test_a_series_without_a_count_has_counted_none() -> None:
    event = {"apiVersion": "v1", "kind": "Event", "series": {"lastObservedTime": None}, "message": "m"}
    shown = to_events_v1(event)
    assert shown["series"] == {"count": 0, "lastObservedTime": None}
    assert shown["note"] == "m"
    assert event["series"] == {"lastObservedTime": None}
