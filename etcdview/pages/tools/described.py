"""What `etcdview describe` prints: the summaries of the objects that are named, as their pages have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from etcdview.cluster.window import Window
from etcdview.kube.resources import ResourceType
from etcdview.pages.object.entry import read_entry, why_undecodable
from etcdview.pages.object.views import SummaryView, summary_view


def types_called(window: Window, name: str) -> Sequence[ResourceType]:
    """The types that a word means; a custom type whose CRD is gone too, while objects are left."""
    found = window.definitions.find(name)
    left = None if found else window.objects.undefined(name)
    return found or ((left,) if left else ())


def described(window: Window, resource: ResourceType, namespace: str, name: str, now: datetime) -> SummaryView:
    """The summary of one object. Raises what read_entry raises, and DecodeError."""
    key = window.keyspace.key(resource, namespace if resource.namespaced else "", name)
    answer = read_entry(window, key)
    if answer.entry.object is None:
        raise why_undecodable(answer.entry)
    return summary_view(window, answer.entry.object, answer.revision, now)
