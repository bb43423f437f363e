"""What surrounds one object: reads what its relations need, and no more, and makes the graph of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from etcdview.codec import Detail
from etcdview.errors import BudgetError, DeniedError
from etcdview.kube.crds import Definitions
from etcdview.kube.keys import KeySpace
from etcdview.kube.resources import ResourceType
from etcdview.objects.reading import ObjectRow, Objects
from etcdview.relations.graph import Graph
from etcdview.relations.model import Object, Ref, ref_of
from etcdview.relations.needs import KindRange, needs

# Objects that one range may bring: beyond it a page would take seconds, for relations nobody can overlook.
AT_MOST = 2000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The graph around one object.

    `cut` are the ranges that hold more than was read, `outside` those that the viewer may not see all of, `undecoded`
    those with values that cannot be decoded.
    """

    graph: Graph
    cut: tuple[KindRange, ...] = ()
    outside: tuple[KindRange, ...] = ()
    undecoded: tuple[KindRange, ...] = ()


def surroundings(
    objects: Objects,
    definitions: Definitions,
    obj: Object,
    *,
    revision: int = 0,
    at_most: int = AT_MOST,
    also: Sequence[bytes] = (),
    covers: Callable[[bytes, bytes], bool] = lambda _start, _end: True,
) -> Surroundings:
    """What is related to `obj`, as of `revision`; at most so many objects of each range.

    `covers` says whether the viewer may see all of a range. Of a key outside nothing is known: it is neither read nor
    called missing. Of a range that is outside in part, the rest is read. `also` are keys that are known to be related.
    """
    ref = ref_of(obj)
    resource = _type(definitions, ref)
    wanted = needs(obj, builtin=resource is None or resource.builtin)
    found: dict[Ref, Object] = {ref: obj}
    cut, outside, undecoded = [], [], []
    typed = ((part, _type(definitions, Ref(part.group, part.kind, part.namespace, ""))) for part in wanted.ranges)
    for part, resource in typed:
        if resource is None:
            continue
        rows = _some(_permitted(objects, resource, part, revision), at_most)
        if rows is None:
            cut.append(part)
            continue
        found |= {ref_of(row.object): row.object for row in rows[:at_most] if row.object is not None}
        cut += [part] * (len(rows) > at_most)
        undecoded += [part] * any(row.object is None for row in rows)
        outside += [part] * (not covers(*objects.bounds(resource, part.namespace, part.name_prefix)))
    keys = {r: key for r in wanted.refs if (key := key_of(r, definitions, objects.keyspace)) is not None}
    hidden = {r for r, key in keys.items() if not covers(key, key + b"\0")}
    looked_for = {r: key for r, key in keys.items() if r not in hidden}
    try:
        rows_by_key = objects.get_many(list(looked_for.values()), revision=revision)
    except BudgetError:  # nothing is known of these
        rows_by_key, looked_for = {}, {}
    found |= _of_keys(objects, also, revision)
    there = {r: rows_by_key[key] for r, key in looked_for.items() if key in rows_by_key}
    found |= {r: row.object for r, row in there.items() if row.object is not None}
    absent = looked_for.keys() - there.keys()
    graph = Graph(found.values(), read=(), absent=absent, outside=hidden.__contains__)
    return Surroundings(graph, tuple(cut), tuple(outside), tuple(undecoded))


def _of_keys(objects: Objects, keys: Sequence[bytes], revision: int) -> dict[Ref, Object]:
    try:
        rows = objects.get_many(keys, revision=revision).values()
    except BudgetError:
        return {}
    return {ref_of(row.object): row.object for row in rows if row.object is not None}


def _some(rows: Iterator[ObjectRow], at_most: int) -> list[ObjectRow] | None:
    """The first of them, and one more where there are more; None where the request's budget is spent."""
    try:
        return list(islice(rows, at_most + 1))
    except BudgetError:
        return None


def key_of(ref: Ref, definitions: Definitions, keyspace: KeySpace) -> bytes | None:
    """The key under which the object that `ref` names would be stored; None for a kind that is not stored."""
    resource = _type(definitions, ref)
    return None if resource is None else keyspace.key(resource, ref.namespace if resource.namespaced else "", ref.name)


def _type(definitions: Definitions, ref: Ref) -> ResourceType | None:
    return definitions.by_kind(f"{ref.group}/", ref.kind)


def _permitted(objects: Objects, resource: ResourceType, part: KindRange, revision: int) -> Iterator[ObjectRow]:
    """What may be read of the range, perhaps nothing."""
    with suppress(DeniedError):
        yield from objects.read(
            resource, part.namespace, revision=revision, name_prefix=part.name_prefix, detail=Detail.UNMANAGED
        )
