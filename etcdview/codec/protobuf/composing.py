"""Pods in two parts: what thousands of them have alike is made into a dict once, the rest for each."""

from __future__ import annotations

import functools
from collections.abc import Mapping

from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.envelope import Envelope
from etcdview.codec.protobuf.schema import Schema
from etcdview.codec.protobuf.to_json import Plans
from etcdview.kube.fields import Common, Composed

COMPOSED = ("v1", "Pod")
KEPT_COMMON = 2_000  # at one or two kilobytes each
_META = "apis/meta/v1.ObjectMeta"
# What each pod has for itself, of what tables show.
_OWN = {
    "core/v1.Pod": frozenset(("metadata", "spec", "status")),
    "core/v1.PodSpec": frozenset(("nodeName",)),
    "core/v1.PodStatus": frozenset(("nominatedNodeName", "podIP", "podIPs")),
    _META: frozenset(("creationTimestamp", "deletionTimestamp", "labels", "name", "namespace")),
}
_ALIKE: Mapping[str, frozenset[str]] = {
    "core/v1.Pod": frozenset(("metadata",)),
    "core/v1.PodSpec": _OWN["core/v1.PodSpec"],
    "core/v1.PodStatus": _OWN["core/v1.PodStatus"],
}


class Composer:
    """Makes objects of COMPOSED with what tables show, of a schema that has no more. Safe from any thread."""

    def __init__(self, schema: Schema) -> None:
        alike, own = schema.without(_ALIKE), schema.keeping(_OWN)
        self._alike, self._own = Plans(alike, Pool(alike)), Plans(own, Pool(own))
        self._common = functools.lru_cache(maxsize=KEPT_COMMON)(self._made)

    def object(self, envelope: Envelope, number: int) -> Composed:
        """The object of a sound envelope. Raises google.protobuf.message.DecodeError, and ours."""
        message = self._alike.message(number).FromString(envelope.raw)
        message.DiscardUnknownFields()
        common = self._common(number, message.SerializeToString())
        obj = Composed(apiVersion=envelope.api_version, kind=envelope.kind)
        obj.update(self._own.read(number, envelope.raw))
        for name, part in common.parts.items():  # spec and status stand in both, as far as they are there
            obj[name] = part | obj[name] if name in obj else part
        obj.common = common
        return obj

    def _made(self, number: int, parts: bytes) -> Common:
        return Common(self._alike.read(number, parts))
