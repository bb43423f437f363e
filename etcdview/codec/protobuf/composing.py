"""Pods in two parts: what thousands of them have alike is made into a dict once, the rest for each."""

from __future__ import annotations

from google.protobuf.message import Message

from etcdview.codec.protobuf import special
from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.envelope import Envelope
from etcdview.codec.protobuf.getters import attributes, getter
from etcdview.codec.protobuf.schema import Schema
from etcdview.codec.protobuf.to_json import Plans
from etcdview.codec.remembered import remembered
from etcdview.kube.fields import MANAGED_FIELDS, Common, Composed

COMPOSED = ("v1", "Pod")
KEPT_COMMON = 2_000  # at one or two kilobytes each
_POD = "core/v1.Pod"
# What each pod has for itself, of what tables show. All else of its spec and its status is alike in many.
_OWN = (
    "metadata.name", "metadata.namespace", "metadata.labels", "metadata.creationTimestamp",
    "metadata.deletionTimestamp", "spec.nodeName", "status.nominatedNodeName", "status.podIP", "status.podIPs",
)  # fmt: skip
_NOTHING: dict[str, object] = {}
_NOT_ALIKE = {
    _POD: frozenset(("metadata",)),
    "core/v1.PodSpec": frozenset(("nodeName",)),
    "core/v1.PodStatus": frozenset(("nominatedNodeName", "podIP", "podIPs")),
}

_NOT_IN_ROWS = {
    _POD: frozenset(("spec", "status")),
    "apis/meta/v1.ObjectMeta": frozenset((MANAGED_FIELDS,)),
}


class Composer:
    """Makes objects of COMPOSED with what tables show. Safe from any thread.

    `whole` has all fields, as the messages that `object` takes were parsed by it; `shown` those that tables show.
    """

    def __init__(self, whole: Schema, shown: Schema) -> None:
        alike = shown.without(_NOT_ALIKE)
        self._alike = Plans(alike, Pool(alike))
        rest = whole.without(_NOT_IN_ROWS)
        self._metadata = Plans(rest, Pool(rest))
        self._own = getter(whole, _POD, *_OWN)
        self._address = attributes(whole, whole.named("core/v1.PodIP"), "ip")
        self._common = remembered(KEPT_COMMON, self._made)

    def object(self, envelope: Envelope, number: int, message: Message, *, all_metadata: bool = False) -> Composed:
        """The object of a sound envelope, parsed as `message`; `all_metadata`: also those that no column shows.

        Raises google.protobuf.message.DecodeError, and ours.
        """
        alike = self._alike.parts(number, envelope.raw)
        common = self._common(number, alike)
        name, namespace, labels, created, deleted, node, nominated, address, podips = self._own(message)
        labels = {key: labels[key] for key in sorted(labels)}
        addresses = [getattr(one, self._address) for one in podips]
        metadata = {"name": name, "namespace": namespace, "creationTimestamp": special.time(created), "labels": labels}
        if (deletion := special.time(deleted)) is not None:
            metadata["deletionTimestamp"] = deletion
        own = {"nominatedNodeName": nominated, "podIP": address, "podIPs": [{"ip": one} for one in addresses]}
        obj = Composed(
            apiVersion=envelope.api_version,
            kind=envelope.kind,
            metadata=metadata,
            spec={**common.parts.get("spec", _NOTHING), "nodeName": node},
            status={**common.parts.get("status", _NOTHING), **own},
        )
        obj.common = common
        texts = (name, namespace, node, nominated, address, *addresses, *labels, *labels.values())
        obj.texts = alike + "\0".join(texts).encode()
        if all_metadata:
            held = self._metadata.message(number).FromString(envelope.raw)
            held.DiscardUnknownFields()
            del obj["metadata"]
            obj |= self._metadata.plan(number).object(held)
            obj.texts += held.SerializeToString()
        return obj

    def _made(self, number: int, parts: bytes) -> Common:
        return Common(self._alike.read(number, parts))
