"""The relations among a set of objects, seen from any of them: what it names, what names it, what is selected."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from etcdview.kube.fields import mapping, text
from etcdview.relations.model import RELATIONS, Object, Ref, Reference, Related, Selection, State, ref_of
from etcdview.relations.needed import NOT_STORED
from etcdview.relations.references import CLAIM, STATEFUL_SET, keeps_claim, references
from etcdview.relations.selections import selections
from etcdview.relations.states import state_of

# A pod that its owner selects is told once, by the owner reference.
_OWNERS_SELECT = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"})
_GONE = State("not found", False)
_ABSENT = State("missing (optional)", None)
OUTSIDE = State("outside your role", None)


class Graph:
    """Objects and their relations. Built once, read by many.

    `read` are the kinds, as (group, kind), of which all objects are here; None: those that occur. `absent` are objects
    that were looked up and not found. Only of these can it be told that an object is missing.
    """

    def __init__(
        self,
        objects: Iterable[Object],
        read: Iterable[tuple[str, str]] | None = None,
        absent: Iterable[Ref] = (),
        outside: Callable[[Ref], bool] = lambda _ref: False,
    ) -> None:
        self._objects = {ref_of(obj): obj for obj in objects}
        occurring = ((ref.group, ref.kind) for ref in self._objects)
        self._read = frozenset(occurring if read is None else read)
        self._absent = frozenset(absent)
        self._outside = outside
        self._namers: dict[Ref, list[tuple[Ref, Reference]]] = defaultdict(list)
        self._selections: dict[tuple[str, str, str], list[tuple[Ref, Selection]]] = defaultdict(list)
        self._by_place: dict[tuple[str, str, str], list[Ref]] = defaultdict(list)
        for ref, obj in self._objects.items():
            self._add(ref, obj)

    def _add(self, ref: Ref, obj: Object) -> None:
        self._by_place[ref.group, ref.kind, ref.namespace].append(ref)
        for reference in self._references(obj):
            self._namers[reference.ref].append((ref, reference))
        if ref.kind not in _OWNERS_SELECT:
            for selection in selections(obj):
                object_key = selection.group, selection.kind, selection.namespace
                self._selections[object_key].append((ref, selection))

    def __iter__(self) -> Iterator[Object]:
        return iter(self._objects.values())

    def get(self, ref: Ref) -> Object | None:
        """The object, None where it is not here."""
        return self._objects.get(ref)

    def hides(self, ref: Ref) -> bool:
        """Whether the object is outside of what the viewer may see: it may exist or not."""
        return ref not in self._objects and self._outside(ref)

    def state(self, ref: Ref, now: datetime) -> State:
        """How the object is; nothing of one that is not here, and of one outside only that."""
        obj = self._objects.get(ref)
        if obj is None:
            return OUTSIDE if self._outside(ref) else State()
        return state_of(obj, now)

    def related(self, obj: Object, now: datetime) -> tuple[Related, ...]:
        """All that is related to the object, which may be missing in the graph: what it names comes first."""
        ref = ref_of(obj)
        found = [*self._named(obj, now), *self._selected(obj, now), *self._naming(obj, now), *self._selecting(obj, now)]
        found += self._keeping(obj, now)
        return tuple(related for related in dict.fromkeys(found) if related.ref != ref)

    def broken(self, obj: Object) -> tuple[Reference, ...]:
        """Missing objects that the object refers to; only of kinds that were read."""
        return tuple(r for r in self._references(obj) if not r.optional and self._is_missing(r))

    def selected_by(self, obj: Object) -> tuple[Ref, ...]:
        """The objects that the object selects by labels."""
        return tuple(
            other
            for selection in selections(obj)
            for other in self._by_place[selection.group, selection.kind, selection.namespace]
            if selection.selector.matches(mapping(self._objects[other], "metadata", "labels"))
        )

    def owned(self, obj: Object) -> tuple[Ref, ...]:
        """The objects that name this one as their owner."""
        return tuple(
            other for other, r in self._namers.get(ref_of(obj), ()) if r.relation == "owner" and _means(r, obj)
        )

    def owners(self, obj: Object) -> tuple[Ref, ...]:
        """The chain of owners, the nearest first, as far as they are here."""
        chain: list[Ref] = []
        current: Object | None = obj
        while current is not None:
            above = [r.ref for r in self._references(current) if r.relation == "owner" and r.ref not in chain]
            chain += above[:1]
            current = self._objects.get(above[0]) if above else None
        return tuple(chain)

    def _references(self, obj: Object) -> tuple[Reference, ...]:
        """What the object names; an owner that is here without a namespace is meant without one."""
        return tuple(map(self._with_known_kind, references(obj)))

    def _with_known_kind(self, reference: Reference) -> Reference:
        ref = reference.ref
        if reference.relation != "owner" or not ref.namespace or ref in self._objects:
            return reference
        cluster_wide = replace(ref, namespace="")
        return replace(reference, ref=cluster_wide) if cluster_wide in self._objects else reference

    def _named(self, obj: Object, now: datetime) -> Iterator[Related]:
        for reference in self._references(obj):
            words = RELATIONS[reference.relation][0]
            missing = self._is_missing(reference)
            gone = _ABSENT if reference.optional else _GONE
            state = gone if missing else self.state(reference.ref, now)
            known = missing or reference.ref in self._objects
            yield Related(reference.relation, words, "out", reference.ref, state, missing, known)

    def _selected(self, obj: Object, now: datetime) -> Iterator[Related]:
        if text(obj, "kind") in _OWNERS_SELECT:
            return
        relation = next((s.relation for s in selections(obj)), "")
        for other in self.selected_by(obj):
            yield Related(relation, RELATIONS[relation][0], "out", other, self.state(other, now))

    def _naming(self, obj: Object, now: datetime) -> Iterator[Related]:
        for other, reference in self._namers.get(ref_of(obj), ()):
            if _means(reference, obj):
                words = RELATIONS[reference.relation][1]
                yield Related(reference.relation, words, "in", other, self.state(other, now))

    def _keeping(self, obj: Object, now: datetime) -> Iterator[Related]:
        """A StatefulSet and its pods' claims, which stay when it has fewer pods: neither names the other."""
        ref, (seen_from_set, seen_from_claim) = ref_of(obj), RELATIONS["keeps"]
        if (ref.group, ref.kind) == STATEFUL_SET:
            for other in self._by_place[*CLAIM, ref.namespace]:
                if keeps_claim(obj, other.name):
                    yield Related("keeps", seen_from_set, "out", other, self.state(other, now))
        elif (ref.group, ref.kind) == CLAIM:
            for other in self._by_place[*STATEFUL_SET, ref.namespace]:
                if keeps_claim(self._objects[other], ref.name):
                    yield Related("keeps", seen_from_claim, "in", other, self.state(other, now))

    def _selecting(self, obj: Object, now: datetime) -> Iterator[Related]:
        ref, labels = ref_of(obj), mapping(obj, "metadata", "labels")
        for other, selection in self._selections.get((ref.group, ref.kind, ref.namespace), ()):
            if selection.selector.matches(labels):
                words = RELATIONS[selection.relation][1]
                yield Related(selection.relation, words, "in", other, self.state(other, now))

    def _is_missing(self, reference: Reference) -> bool:
        ref = reference.ref
        obj = self._objects.get(ref)
        if obj is not None:
            return not _means(reference, obj)
        if self._outside(ref):
            return False
        return ref in self._absent or ((ref.group, ref.kind) in self._read and ref.kind not in NOT_STORED)


def _means(reference: Reference, obj: Object) -> bool:
    """Whether the reference is to this very object, not to one of the same name before or after it."""
    return not reference.uid or reference.uid == text(obj, "metadata", "uid")
