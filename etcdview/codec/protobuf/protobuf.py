"""Protobuf values: envelope, then the kind's message by the schema table."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from google.protobuf.message import DecodeError as ParseError
from google.protobuf.message import Message

from etcdview.codec.model import Decoded, Detail, Excerpt, Object, StorageFormat, UnknownField
from etcdview.codec.protobuf import repair, unknown, wire
from etcdview.codec.protobuf.composing import COMPOSED, Composer
from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.envelope import Envelope, open_envelope
from etcdview.codec.protobuf.excerpts import Excerpts
from etcdview.codec.protobuf.getters import getter
from etcdview.codec.protobuf.schema import Schema, schema
from etcdview.codec.protobuf.to_json import Plans
from etcdview.codec.remembered import is_small, remembered
from etcdview.errors import DecodeError
from etcdview.kube.fields import Labelled
from etcdview.kube.release import Release

_META = "apis/meta/v1.ObjectMeta"
_MANAGERS = {_META: frozenset({"managedFields"})}
# Of structs that a pod has many of, or large ones; tests/unit/tables holds that no cell misses them.
NOT_IN_CELLS = {
    _META: frozenset(("deletionGracePeriodSeconds", "generateName", "managedFields", "selfLink", "uid")),
    "core/v1.PodSpec": frozenset(
        ("activeDeadlineSeconds", "affinity", "dnsConfig", "dnsPolicy", "enableServiceLinks", "ephemeralContainers",
         "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostname", "imagePullSecrets", "overhead",
         "preemptionPolicy", "priority", "priorityClassName", "schedulerName", "securityContext", "serviceAccount",
         "serviceAccountName", "terminationGracePeriodSeconds", "tolerations", "topologySpreadConstraints", "volumes")
    ),
    "core/v1.Container": frozenset(
        ("args", "command", "env", "envFrom", "imagePullPolicy", "lifecycle", "livenessProbe", "ports",
         "readinessProbe", "resizePolicy", "resources", "securityContext", "startupProbe", "stdin", "stdinOnce",
         "terminationMessagePath", "terminationMessagePolicy", "tty", "volumeDevices", "volumeMounts", "workingDir")
    ),
    "core/v1.PodStatus": frozenset(
        ("ephemeralContainerStatuses", "hostIP", "hostIPs", "message", "observedGeneration", "qosClass", "startTime")
    ),
    "core/v1.PodCondition": frozenset(("lastProbeTime", "lastTransitionTime", "message", "observedGeneration")),
    "core/v1.ContainerStatus": frozenset(
        ("allocatedResources", "containerID", "image", "imageID", "resources", "user", "volumeMounts")
    ),
    "core/v1.ContainerStateRunning": frozenset(("startedAt",)),
    "core/v1.ContainerStateTerminated": frozenset(("containerID", "message", "startedAt")),
    "core/v1.ContainerStateWaiting": frozenset(("message",)),
}  # fmt: skip

# Of these what names other objects.
_LINKS = {
    "core/v1.PodSpec": frozenset(
        ("ephemeralContainers", "imagePullSecrets", "priorityClassName", "serviceAccount", "serviceAccountName",
         "volumes")
    ),
    "core/v1.Container": frozenset(("env", "envFrom")),
}  # fmt: skip

_COMPOSED_DETAILS = frozenset((Detail.CELLS, Detail.ROWS))
_TELLING_UNKNOWN = frozenset((Detail.WHOLE, Detail.UNMANAGED))  # of no others is anyone told of unknown fields

KEPT_STATES = 2_000  # at one or two kilobytes each
# What decides how an object is, of kinds that there are many of; tests/unit/relations holds that no state misses more.
KEPT_FOR_STATE = {
    _META: frozenset(("deletionTimestamp",)),
    "apps/v1.DaemonSetSpec": frozenset[str](),
    "apps/v1.DeploymentSpec": frozenset(("replicas",)),
    "apps/v1.DeploymentStatus": frozenset(("readyReplicas",)),
    "apps/v1.ReplicaSetSpec": frozenset(("replicas",)),
    "apps/v1.ReplicaSetStatus": frozenset(("readyReplicas",)),
    "apps/v1.StatefulSetSpec": frozenset(("replicas",)),
    "apps/v1.StatefulSetStatus": frozenset(("readyReplicas",)),
    "batch/v1.JobSpec": frozenset(("completions", "parallelism", "suspend")),
    "core/v1.Container": frozenset(("name", "restartPolicy")),
    "core/v1.ContainerStateRunning": frozenset[str](),
    "core/v1.ContainerStateTerminated": frozenset(("exitCode", "reason", "signal")),
    "core/v1.ContainerStatus": frozenset(("name", "ready", "started", "state")),
    "core/v1.EndpointAddress": frozenset[str](),
    "core/v1.Event": frozenset(("metadata", "reason", "type")),
    "core/v1.PodCondition": frozenset(("reason", "status", "type")),
    "core/v1.PodSpec": frozenset(("containers", "initContainers")),
    "core/v1.PodStatus": frozenset(("conditions", "containerStatuses", "initContainerStatuses", "phase", "reason")),
    "discovery/v1.Endpoint": frozenset(("conditions",)),
    "discovery/v1.EndpointSlice": frozenset(("metadata", "endpoints")),
}

KEPT_EXCERPTS = 32  # parsers, of as many sets of fields

STATE_IN_ANNOTATIONS = ("autoscaling/v1", "HorizontalPodAutoscaler")  # the first version has no conditions


@functools.lru_cache(maxsize=32)
def protobuf_format(release: Release | None) -> ProtobufFormat:
    """The one of that release: its descriptors are made once for all callers."""
    return ProtobufFormat(release)


class ProtobufFormat:
    """Decodes protobuf values as one release's table has them."""

    def __init__(self, release: Release | None = None) -> None:
        self.schema: Schema = schema(release)
        self.pool = Pool(self.schema)
        self.plans = Plans(self.schema, self.pool)
        self._state_of = remembered(KEPT_STATES, self._made_state)
        self._metadata_of = functools.lru_cache(maxsize=None)(self._field_of_metadata)
        self._brief = functools.lru_cache(maxsize=None)(self._made_brief)
        self._excerpts = functools.lru_cache(maxsize=KEPT_EXCERPTS)(self._made_excerpts)

    def decode(self, value: bytes, detail: Detail | Excerpt = Detail.WHOLE) -> Decoded:
        """A value that begins with envelope.MAGIC."""
        envelope = open_envelope(value)
        form = _form(envelope.api_version, envelope.kind)
        number = self.schema.find(envelope.api_version, envelope.kind)
        if number is None:
            return Decoded(form, None, _unknown_kind(envelope), value, self._metadata(envelope))
        try:
            repair.check_size(self.schema, number, envelope.raw)
        except DecodeError as error:
            return Decoded(form, None, _named_fault(envelope, error), value, self._metadata(envelope))
        try:
            if envelope.fault is not None:
                raise ParseError
            # All of it, however little is wanted: it is quick, and so damage and unknown fields are told anywhere.
            message = self.pool.message(number).FromString(envelope.raw)
            shown = self._shown(envelope, number, message, detail)
        except (ParseError, DecodeError):
            return self._mended(form, envelope, number, value)
        unknown_fields = self._unknown(number, message, envelope, value) if detail in _TELLING_UNKNOWN else ()
        return Decoded(form, shown, None, value, None, unknown_fields)

    def _shown(self, envelope: Envelope, number: int, message: Message, detail: Detail | Excerpt) -> Object:
        """As much of a sound message as is wanted. Raises google.protobuf.message.DecodeError, and ours."""
        if isinstance(detail, Excerpt):
            return self._excerpts(number, detail).object(envelope)
        if detail is Detail.LABELS:
            return Labelled(_head(envelope) | self._labels(number, message))
        if detail in _COMPOSED_DETAILS and (envelope.api_version, envelope.kind) == COMPOSED:
            return self._composer.object(envelope, number, message, all_metadata=detail is Detail.ROWS)
        if detail is Detail.WHOLE:
            return _head(envelope) | self.plans.plan(number).object(message)
        return _head(envelope) | self._brief(detail).read(number, envelope.raw)

    def _labels(self, number: int, message: Message) -> Object:
        """What Detail.LABELS has of a message of that struct."""
        holder = self._metadata_of(number)
        if not holder or not message.HasField(holder):
            return {}
        name, namespace, labels = self._named(getattr(message, holder))
        return {"metadata": {"name": name, "namespace": namespace, "labels": dict(labels)}}

    def _field_of_metadata(self, number: int) -> str:
        """What the struct's parsed messages call its metadata, "" where it has none."""
        meta = self.schema.named(_META)
        return next((f"f{f.number}" for f in self.schema.struct(number).fields if f.message == meta), "")

    @functools.cached_property
    def _named(self) -> attrgetter[Any]:
        return getter(self.schema, _META, "name", "namespace", "labels")

    def state_parts(self, envelope: Envelope, number: int) -> tuple[Object, bool]:
        """What decides the state of a sound value; whether it is one dict, not to be changed, for all that are alike.

        Controllers make thousands of such. Raises google.protobuf.message.DecodeError, and ours.
        """
        if (envelope.api_version, envelope.kind) == STATE_IN_ANNOTATIONS:
            return _head(envelope) | self._brief(Detail.CELLS).read(number, envelope.raw), False
        asked = (envelope.api_version, envelope.kind, number, self._for_state.parts(number, envelope.raw))
        return self._state_of(*asked), is_small(*asked)

    def _made_state(self, api_version: str, kind: str, number: int, parts: bytes) -> Object:
        return {"apiVersion": api_version, "kind": kind} | self._for_state.read(number, parts)

    @functools.cached_property
    def _composer(self) -> Composer:
        return Composer(self.schema, self.schema.without(NOT_IN_CELLS))

    @functools.cached_property
    def _for_state(self) -> Plans:
        left = self.schema.without(NOT_IN_CELLS).keeping(KEPT_FOR_STATE)
        return Plans(left, Pool(left))

    def _made_brief(self, detail: Detail) -> Plans:
        left = self.schema.without(_left_out(detail))
        return Plans(left, Pool(left))

    def _made_excerpts(self, number: int, detail: Excerpt) -> Excerpts:
        return Excerpts(self.schema.without(NOT_IN_CELLS), number, detail.fields)

    def _mended(self, form: StorageFormat, envelope: Envelope, number: int, value: bytes) -> Decoded:
        """What upb or the raw JSON within would not have: invalid UTF-8 is not a fault, everything else is reported."""
        try:
            repaired = repair.repair(self.schema, number, envelope.raw)
            message = self.pool.message(number).FromString(repaired.data)
        except (ParseError, DecodeError) as error:
            refusal = error if isinstance(error, DecodeError) else DecodeError("it is not protobuf")
            return Decoded(form, None, _named_fault(envelope, refusal), value, _head(envelope))
        fault: DecodeError | None = repaired.fault or envelope.fault
        if fault is None:
            try:
                obj = _head(envelope) | self.plans.plan(number).object(message)
                return Decoded(form, obj, None, value, None, self._unknown(number, message, envelope, value))
            except DecodeError as error:
                fault = error
        partial = _head(envelope) | self._lenient.plan(number).object(message)
        return Decoded(form, None, _named_fault(envelope, fault), value, partial)

    @functools.cached_property
    def _lenient(self) -> Plans:
        return Plans(self.schema, self.pool, lenient=True)

    def _metadata(self, envelope: Envelope) -> Object:
        """Kind and metadata of a kind that the table does not know: ObjectMeta is field 1 wherever it is."""
        known = _head(envelope)
        number = self.schema.named(_META)
        try:
            first = next(wire.pieces(envelope.raw, 0, len(envelope.raw)), None)
            if first is None or first.number != 1 or first.wire_type != wire.BYTES:
                return known
            repair.check_size(self.schema, number, envelope.raw[first.value_start : first.end])
            raw = repair.repair(self.schema, number, envelope.raw[first.value_start : first.end]).data
            metadata = self._lenient.read(number, raw)
        except (ParseError, DecodeError):
            return known
        return known | {"metadata": metadata} if "name" in metadata else known

    def _unknown(self, number: int, message: Message, envelope: Envelope, value: bytes) -> tuple[UnknownField, ...]:
        """The fields that the table does not know. upb is asked first, which is quick: nearly always none."""
        size = message.ByteSize()
        message.DiscardUnknownFields()
        if message.ByteSize() == size:
            return ()
        return unknown.find(self.schema, number, value, envelope.offset, envelope.offset + len(envelope.raw))


def _made_form(api_version: str, kind: str) -> StorageFormat:
    return StorageFormat("protobuf", api_version=api_version, kind=kind)


_form = remembered(1024, _made_form)


def _left_out(detail: Detail) -> Mapping[str, frozenset[str]]:
    match detail:
        case Detail.UNMANAGED:
            return _MANAGERS
        case Detail.ROWS:
            return NOT_IN_CELLS | _MANAGERS
        case Detail.LINKED:
            return {name: fields - _LINKS.get(name, frozenset()) for name, fields in NOT_IN_CELLS.items()}
        case _:
            return NOT_IN_CELLS


def _head(envelope: Envelope) -> Object:
    return {"apiVersion": envelope.api_version, "kind": envelope.kind}


def _unknown_kind(envelope: Envelope) -> DecodeError:
    if envelope.fault is not None and not envelope.kind:
        return DecodeError(
            f"The envelope of this value is cut short: {envelope.fault.reason}.", offset=envelope.fault.offset
        )
    kind, api_version = _short(envelope.kind) or "a kind without a name", _short(envelope.api_version) or "no version"
    return DecodeError(
        f"No release that etcdview knows has {kind} of {api_version}.",
        "Its metadata and its bytes can be shown; a newer etcdview may know it.",
        offset=envelope.offset,
    )


def _named_fault(envelope: Envelope, fault: DecodeError) -> DecodeError:
    """The fault with its offset into the whole value, and where in the object it is."""
    offset, kind = fault.offset, _short(envelope.kind)
    if offset is not None and fault is not envelope.fault:
        offset += envelope.offset
    if not isinstance(fault, wire.WireError):
        return DecodeError(f"This {kind} has an invalid field: {fault.what}", offset=offset)
    inside = f" inside {fault.path}" if fault.path else ""
    return DecodeError(
        f"This {kind} is cut short or damaged at byte {offset:,}{inside}: {fault.reason}.",
        "The part before it and the raw bytes can be shown.",
        offset=offset,
    )


def _short(name: str) -> str:
    return name[:100]
