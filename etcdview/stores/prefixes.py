"""What a store holds below other prefixes than the registry's: OpenShift has two, /kubernetes.io and /openshift.io."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from etcdview.errors import DeniedError, NotFoundError, UnsupportedError
from etcdview.kube import openshift, resources
from etcdview.kube.keys import DEFAULT_PREFIX, KeySpace, show
from etcdview.kube.resources import ResourceType
from etcdview.models import Range
from etcdview.stores.protocols import Store, prefix_end

AT_MOST = 8
# Where the others are more than that: those of kube-apiserver and of OpenShift's API servers.
_USUAL = (DEFAULT_PREFIX.encode(), b"/kubernetes.io", openshift.PREFIX.encode())

First = Callable[[bytes, bytes], bytes | None]  # the first key of [start, end), None where there is none


@dataclass(frozen=True, slots=True)
class Place:
    """What keys begin with, after the prefix: `plural` is the name of the resource type that is all of it."""

    below: bytes
    plural: str = ""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """`prefixes` have keys at `place`, and the registry's own `prefix` has none there; without a place: none at all."""

    prefix: str
    prefixes: tuple[str, ...]
    place: Place = Place(b"")

    @property
    def what(self) -> str:
        """The fact, in a sentence."""
        if self.place.plural:
            plural = self.place.plural
            return f"No {plural} are below {self.prefix or '/'}; there are {plural} below {_listed(self.prefixes)}."
        part = "/" + show(self.place.below) if self.place.below else ""
        others = _listed([prefix + part for prefix in self.prefixes])
        return f"No key is below {self.prefix + part or '/'}; there are keys below {others}."

    @property
    def remedy(self) -> str:
        """What to do to read them."""
        return f"Name the API server's prefix with --etcd-prefix, for example --etcd-prefix {self.prefixes[0]}."


def places_of(types: Iterable[ResourceType]) -> tuple[Place, ...]:
    """Where the objects of these types are."""
    return tuple(Place(resource.prefix.encode() + b"/", resource.plural) for resource in types)


def openshift_types(words: Iterable[str]) -> tuple[ResourceType, ...]:
    """The types of OpenShift that these words mean: a registry with another prefix knows none of them."""
    return tuple(found for word in words for found in resources.find(word, openshift.TYPES))


def find_elsewhere(keyspace: KeySpace, first: First, places: Sequence[Place] = ()) -> Elsewhere | None:
    """Prefixes that have the keys which the registry's prefix lacks: all of them, or those of one of `places`.

    It asks for single keys, and not in the range of the registry as a whole, which etcd would count.
    """
    root = keyspace.root
    others = list(_parts(keyspace.roots, first))
    if not others:
        return None
    if all(first(known, prefix_end(known)) is None for known in keyspace.roots):
        return Elsewhere(keyspace.prefix, tuple(map(show, others)))
    if len(others) == AT_MOST:
        others = [part for part in dict.fromkeys((*others, *_USUAL)) if part + b"/" not in keyspace.roots]

    def has(start: bytes) -> bool:
        return first(start, prefix_end(start)) is not None

    for place in places:
        if not has(root + place.below) and (found := [part for part in others if has(part + b"/" + place.below)]):
            return Elsewhere(keyspace.prefix, tuple(map(show, found)), place)
    return None


def look_elsewhere(store: Store, keyspace: KeySpace, places: Sequence[Place] = ()) -> Elsewhere | None:
    """What `find_elsewhere` finds in a store; None where etcd does not permit its user to read all prefixes."""
    try:
        return find_elsewhere(keyspace, partial(_first, store), places)
    except (DeniedError, UnsupportedError):
        return None


def check_registry(store: Store, keyspace: KeySpace, places: Sequence[Place] = ()) -> None:
    """Raises NotFoundError where other prefixes have the keys which the registry's prefix lacks."""
    found = look_elsewhere(store, keyspace, places)
    if found is not None:
        raise NotFoundError(found.what, found.remedy)


def _first(store: Store, start: bytes, end: bytes) -> bytes | None:
    kvs = store.range(Range(start, end, limit=1, keys_only=True, serializable=True)).kvs
    return kvs[0].key if kvs else None


def _parts(roots: Sequence[bytes], first: First) -> Iterator[bytes]:
    """The first parts of keys (/kubernetes.io) that do not begin with one of `roots`, at most 8, a request each.

    Where one of them is a lone slash, those of all keys.
    """
    spans = _between(() if b"/" in roots else roots)
    found: list[bytes] = []
    for span_start, end in spans:
        start = span_start
        while start < end and len(found) < AT_MOST and (key := first(start, end)) is not None:
            if not start <= key < end:  # whatever answers so would be asked without end
                break
            name, slash, _ = key[1:].partition(b"/")
            part = b"/" + name
            start = prefix_end(part + slash) if slash else part + b"\0"
            if part not in found and part + b"/" not in roots:
                found.append(part)
                yield part


def _between(roots: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    start = b"/"
    for root in sorted(roots):
        yield start, root
        start = max(start, prefix_end(root))
    yield start, b"0"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
