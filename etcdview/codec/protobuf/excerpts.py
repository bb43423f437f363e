"""Objects of a few fields, each made once for all values that are alike in these: of thousands of pods, few are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from etcdview.codec.protobuf.descriptors import Pool
from etcdview.codec.protobuf.envelope import Envelope
from etcdview.codec.protobuf.schema import Schema
from etcdview.codec.protobuf.to_json import Plans
from etcdview.codec.remembered import remembered
from etcdview.kube.fields import Excerpted

KEPT = 2_000  # of each set of fields, at a kilobyte or two each


class Excerpts:
    """Reads these fields of sound messages of one struct, and nothing else. Safe from any thread."""

    def __init__(self, schema: Schema, number: int, fields: Iterable[str]) -> None:
        left = schema.keeping(_by_struct(schema, number, fields))
        self._plans = Plans(left, Pool(left))
        self._number = number
        self._object = remembered(KEPT, self._made)

    def object(self, envelope: Envelope) -> Excerpted:
        """The object of a sound envelope. Raises google.protobuf.message.DecodeError, and ours."""
        return self._object(envelope.api_version, envelope.kind, self._plans.parts(self._number, envelope.raw))

    def _made(self, api_version: str, kind: str, parts: bytes) -> Excerpted:
        found = Excerpted(apiVersion=api_version, kind=kind)
        found |= self._plans.read(self._number, parts)
        found.texts = parts
        return found


def _by_struct(schema: Schema, number: int, fields: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Which fields of which structs the paths lead through; a field that this version does not have leads nowhere.

    A struct that is wanted whole at one place is whole everywhere.
    """
    kept: dict[str, frozenset[str]] = {schema.struct(number).name: frozenset()}
    whole: set[str] = set()
    for path in fields:
        at = number
        for step in path.split("."):
            struct = schema.struct(at)
            field = next((f for f in struct.fields if f.name == step), None)
            if field is None:
                break
            kept[struct.name] = kept.get(struct.name, frozenset()) | {step}
            at = field.message
        else:
            if at >= 0:
                whole.add(schema.struct(at).name)
    return {name: names for name, names in kept.items() if name not in whole}
