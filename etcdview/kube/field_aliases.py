"""Fields that the API server selects by under another name than they are stored with.

Sources: the field label conversions in Kubernetes' pkg/apis/*/*/conversion.go, and the selectable fields of the
strategies in pkg/registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from etcdview.kube.fields import text
from etcdview.kube.resources import current_group


@dataclass(frozen=True, slots=True)
class StoredField:
    """Where a field stands in what is stored: at `path`, else at `other`; where there is neither it is `missing`."""

    path: str
    other: str = ""
    missing: str = ""


INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
# Group and kind -> label -> field. Numbers are 0 where nothing is stored.
_ALIASES: dict[tuple[str, str], dict[str, StoredField]] = {
    ("", "Event"): {
        "source": StoredField("source.component", "reportingComponent"),
        "reportingController": StoredField("reportingComponent"),
        **{f"regarding.{name}": StoredField(f"involvedObject.{name}") for name in INVOLVED},
    },
    ("", "Pod"): {"spec.host": StoredField("spec.nodeName")},
    ("", "ReplicationController"): {"status.replicas": StoredField("status.replicas", missing="0")},
    ("batch", "Job"): {"status.successful": StoredField("status.succeeded", missing="0")},
}
_NONE: Mapping[str, StoredField] = {}


def stored_field(obj: Mapping[str, Any], label: str) -> StoredField:
    """Where the field `label` of an object as it is stored is to be found."""
    kind = text(obj, "kind")
    known = _ALIASES.get((current_group(text(obj, "apiVersion"), kind), kind), _NONE)
    return known.get(label) or StoredField(label)
