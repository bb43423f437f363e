"""Exercises with a check: they ask for keys of this very cluster, and say what is wrong with an answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etcdview.cluster.window import Window
from etcdview.index.base import Tree
from etcdview.kube.keys import KeySpace, ObjectKey, show
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.stores.protocols import prefix_end

MAX_ANSWER = 500
# What is asked for, by prefix: the ones whose key surprises come last.
_ASKED = ("deployments", "configmaps", "serviceaccounts", "services/specs", "minions", "clusterroles")


@dataclass(frozen=True, slots=True)
class Exercise:
    """A question for a key. `answer` is what was typed, `right` whether that is it, `reply` what to say of it."""

    number: int
    question: str
    answer: str = ""
    right: bool = False
    reply: str = ""


def exercises(window: Window, tree: Tree, number: int, answer: str) -> tuple[Exercise, ...]:
    """The exercises that this cluster has objects for; the one with `number` with a reply to `answer`."""
    found = []
    for count, (key, place) in enumerate(_objects(window, tree), 1):
        where = f" in namespace {place.namespace}" if place.namespace else ""
        question = f"Find the key of the {place.resource.kind} {place.name}{where}."
        if count == number and answer.strip():
            right, reply = check(window.keyspace, show(key), place, answer.strip())
            found.append(Exercise(count, question, answer.strip(), right, reply))
        else:
            found.append(Exercise(count, question))
    return tuple(found)


def _objects(window: Window, tree: Tree) -> Iterator[tuple[bytes, ObjectKey]]:
    """An object of each type that is asked for: the first, for the question must be the same with each answer."""
    counts = {t.resource.prefix: t for t in tree.types}
    for counted in filter(None, map(counts.get, _ASKED)):
        page = window.index.page(counted.prefix, prefix_end(counted.prefix), limit=1)
        place = window.keyspace.object_key(page.keys[0]) if page.keys else None
        if place is not None:
            yield page.keys[0], place


def check(keyspace: KeySpace, key: str, place: ObjectKey, answer: str) -> tuple[bool, str]:
    """Whether the answer is the key, and a sentence on it."""
    if answer == key:
        return True, "Right."
    if not answer.startswith(f"{keyspace.prefix}/"):
        return False, f"Keys of Kubernetes begin with {keyspace.prefix}/ here: kube-apiserver --etcd-prefix."
    given = keyspace.object_key(answer.encode("utf-8", "surrogateescape"))
    rest = answer.removeprefix(f"{keyspace.prefix}/")
    if not rest.startswith(f"{place.resource.prefix}/"):
        return False, _wrong_type(place.resource, rest.partition("/")[0])
    if place.namespace and (given is None or given.namespace != place.namespace):
        return False, f"The namespace, {place.namespace}, follows after the type."
    if not place.namespace and rest.count("/") > place.resource.prefix.count("/") + 1:
        return False, f"A {place.resource.kind} is in no namespace: the name follows after the type."
    return False, f"The type is right; the name must be {place.name}, to the letter."


def _wrong_type(resource: ResourceType, given: str) -> str:
    if resource.prefix != resource.plural:
        return f"This kind has an old name in etcd. See “Names that changed” above; {given} is not it."
    known = BY_PREFIX.get(given)
    other = f" {given} is where {known.kind} objects are." if known is not None and known.kind else ""
    return f"After the prefix comes the type, in the plural: {resource.kind} is not stored under {given}.{other}"
