"""Objects on their way into an export: as they are, or as `kubectl apply` takes them, and what has to be said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from etcdview.codec import Codec
from etcdview.kube.fields import without_managed_fields
from etcdview.kube.keys import ObjectKey, show
from etcdview.kube.resources import ResourceType
from etcdview.objects import ObjectRow
from etcdview.recovery.bundle import BundleObject
from etcdview.recovery.for_apply import prepare
from etcdview.recovery.order import apply_rank

_OLD_CRDS = "apiextensions.k8s.io/v1beta1"
SECRETS_LEFT_OUT = "objects with Secret values (--show-secrets exports them)"


@dataclass(slots=True)
class ExportRemarks:
    """What has to be said of an export: each kind of thing that was taken out or left out, and how often.

    What is `left_out` would be in the way, or is made again; what is `withheld` is missing in the export.
    """

    taken_out: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    withheld: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)

    @property
    def incomplete(self) -> bool:
        """Whether anything is missing that was to be exported."""
        return bool(self.withheld or self.unreadable)

    def sentences(self) -> Iterator[str]:
        """For people."""
        if self.taken_out:
            yield f"Taken out of the objects: {_listed(self.taken_out)}."
        if self.left_out or self.withheld:
            yield f"Not exported: {_listed(self.left_out + self.withheld)}."
        yield from self.unreadable


class Preparing:
    """Makes rows into objects of a bundle; `remarks` are whole after the last. `secrets_left_out` is how it says so."""

    def __init__(self, codec: Codec, *, for_apply: bool, secrets_left_out: str = SECRETS_LEFT_OUT) -> None:
        self._codec = codec
        self._for_apply = for_apply
        self._secrets_left_out = secrets_left_out
        self.remarks = ExportRemarks()

    def bundled(self, row: ObjectRow, resource: ResourceType) -> Iterator[BundleObject]:
        """The object; none where it is left out, or cannot be read."""
        if row.object is None or row.object_key is None:
            self.unreadable(row)
            return
        obj = self._prepared(row.object, row.object_key, masked=row.masked)
        if obj is not None:
            yield BundleObject(apply_rank(resource), resource.qualified, row.namespace, row.name, obj)

    def unreadable(self, row: ObjectRow) -> None:
        """Remember that a key is not exported, and why."""
        why = row.error.what if row.error else "Its key is not that of an object."
        self.remarks.unreadable.append(f"{show(row.key)} is not exported. {why}")

    def _prepared(self, obj: dict[str, Any], object_key: ObjectKey, *, masked: bool) -> dict[str, Any] | None:
        if not self._for_apply:
            return without_managed_fields(obj)
        found = prepare(object_key, as_applied(self._codec, obj))
        if found.left_out:
            self.remarks.left_out[found.left_out] += 1
            return None
        if masked:
            self.remarks.withheld[self._secrets_left_out] += 1
            return None
        self.remarks.taken_out.update(found.taken_out)
        return found.object


def as_applied(codec: Codec, obj: dict[str, Any]) -> dict[str, Any]:
    """The object in a version that is still served: CRDs may be stored as they were before Kubernetes 1.16."""
    return codec.as_served(obj) if obj.get("apiVersion") == _OLD_CRDS else obj


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {word}" for word, count in counts.most_common())
