"""Pods as they are served, in parts: what thousands of them have alike is JSON already, and only the rest is made.

A parser that does not know the fields of such a part keeps its bytes, and by them finds the text that they became.
The rest is a dict as everywhere, in which texts stand for those parts, and is completed as everywhere (serving.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message import Message

from etcdview.codec import rawjson
from etcdview.codec.model import Object, set_resource_version
from etcdview.codec.protobuf import envelope, special
from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.getters import getter
from etcdview.codec.protobuf.schema import Schema, schema
from etcdview.codec.protobuf.to_json import Plans
from etcdview.codec.rawjson import JsonText
from etcdview.codec.remembered import remembered
from etcdview.codec.served import defaults, zeros
from etcdview.codec.served.rows import apply as apply_rows
from etcdview.codec.served.serving import serve
from etcdview.errors import DecodeError
from etcdview.kube.release import Release

IN_PARTS = ("v1", "Pod")
KEPT_TEXTS = 256  # of each struct: pods that are alike follow one another in a list
_CONTAINER = "core/v1.Container"
_FIELDS = "apis/meta/v1.FieldsV1"
# The structs that are kept as text, and where pods have them: all places of one have the same defaults.
PARTS = {
    _CONTAINER: ("spec.containers[]", "spec.initContainers[]"),
    "core/v1.Volume": ("spec.volumes[]",),
    "core/v1.Toleration": ("spec.tolerations[]",),
    "core/v1.Affinity": ("spec.affinity",),
    "core/v1.PodSecurityContext": ("spec.securityContext",),
    "core/v1.TopologySpreadConstraint": ("spec.topologySpreadConstraints[]",),
    "core/v1.VolumeMountStatus": ("status.containerStatuses[].volumeMounts[]",),
    "apis/meta/v1.OwnerReference": ("metadata.ownerReferences[]",),
}
# The volume of a service account's token has a name of its own in each pod.
_TOKEN_VOLUME = b"kube-api-access-"
_OWN_NAME = re.compile(rb"\x15(kube-api-access-[a-z0-9]{5})")  # a text of 21 bytes
_ANY_NAME = "kube-api-access-00000"


@functools.lru_cache(maxsize=8)
def pod_parts(release: Release | None) -> PodParts:
    """The one of that release: what it keeps is of use to all."""
    return PodParts(release)


class PodParts:
    """Makes the JSON of stored pods, as one release serves them. Safe from any thread."""

    def __init__(self, release: Release | None) -> None:
        self._release = release
        self._schema = schema(release)
        self._whole = Plans(self._schema, Pool(self._schema))
        self._number = self._schema.named("core/v1.Pod")
        self._host_network = getter(self._schema, "core/v1.Pod", "spec.hostNetwork")
        # Ports of pods in their node's network are completed by what the pod says.
        self._by_network = {False: self._plans(set(PARTS)), True: self._plans(set(PARTS) - {_CONTAINER})}

    def json(self, value: bytes, mod_revision: int, finish: Callable[[Object], Object]) -> bytes | None:
        """The JSON of a stored value's object; `finish` is given it as it is served, before it is written.

        None where it is to be read as a whole: what cannot be decoded, or holds a text that a stand-in may be.
        """
        opened = envelope.open_envelope(value)
        if opened.fault is not None or (opened.api_version, opened.kind) != IN_PARTS:
            return None
        raw, own = _with_any_name(opened.raw)
        try:
            text = self._text(raw, mod_revision, finish)
            if text is not None and own:
                text = text.replace(_ANY_NAME, own)
                text = text if text.count(own) == raw.count(_ANY_NAME.encode()) else None
            return None if text is None else text.encode()
        except (ParseError, DecodeError, ValueError, RecursionError):
            return None

    def _text(self, raw: bytes, mod_revision: int, finish: Callable[[Object], Object]) -> str | None:
        plans = self._by_network[False]
        message = plans.message(self._number).FromString(raw)
        if self._has_host_network(message):
            plans = self._by_network[True]
            message = plans.message(self._number).FromString(raw)
        obj = {"apiVersion": "v1", "kind": "Pod"} | plans.plan(self._number).object(message)
        if (obj.get("spec") or {}).get("resources"):  # what the pod requests as a whole, its containers say
            plans = self._by_network[True]
            obj |= plans.plan(self._number).object(plans.message(self._number).FromString(raw))
        set_resource_version(obj, mod_revision)
        return rawjson.dump_with_texts(finish(serve(obj, self._release)))

    def _has_host_network(self, message: Message) -> bool:
        found: bool = self._host_network(message)
        return found

    def _plans(self, names: set[str]) -> Plans:
        readers = {name: self._reader(name) for name in names}
        hollow = self._schema.without({name: _all_fields(self._schema, name) for name in names})
        return Plans(hollow, Pool(hollow), readers=special.READERS | readers | {_FIELDS: _fields})

    def _reader(self, name: str) -> Callable[[Any], JsonText]:
        number, minor = self._schema.named(name), defaults.minor_of(self._release)
        node = defaults.plan_at(*IN_PARTS, PARTS[name][0], minor)

        def made(raw: bytes) -> JsonText:
            obj = self._whole.read(number, raw)
            if self._release is not None:
                zeros.fill_struct(self._schema, number, obj)
            apply_rows(node, obj, minor)
            return JsonText(rawjson.dump(obj))

        kept = remembered(KEPT_TEXTS, made)
        return lambda message: kept(message.SerializeToString())


def _all_fields(schema: Schema, name: str) -> frozenset[str]:
    return frozenset(field.name for field in schema.struct(schema.named(name)).fields)


def _with_any_name(raw: bytes) -> tuple[bytes, str]:
    """The message with one name in place of the token volume's, and that name, "" where nothing was replaced."""
    found = _OWN_NAME.search(raw)
    if found is None or raw.count(_TOKEN_VOLUME) != raw.count(found[0]):
        return raw, ""
    return raw.replace(found[1], _ANY_NAME.encode()), found[1].decode()


def _fields(message: Any) -> JsonText | None:
    """FieldsV1: of most objects the same few."""
    held: bytes = message.f1
    return _fields_text(held) if held else None


def _made_fields_text(held: bytes) -> JsonText:
    return JsonText(rawjson.dump(special.parsed(held)))


_fields_text = remembered(4 * KEPT_TEXTS, _made_fields_text)
