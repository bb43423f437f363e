"""The sidebar of the registry: resource types by what people do with them, as counted in the chosen namespace."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from etcdview.cluster.window import Window
from etcdview.errors import EtcdviewError
from etcdview.index.base import Tree, TypeCount
from etcdview.kube.resources import BY_PREFIX, ResourceType
from etcdview.pages.parts.addresses import href
from etcdview.pages.registry.query import UNRECOGNISED, RegistryQuery

TYPES_SHOWN = 1000  # custom types, in the order of their groups: a cluster has some hundreds
NAMESPACES_SHOWN = 100  # of a type with thousands of them, those around the chosen one
NAMESPACES_NAMED = 1000  # that the selector knows
IN_A_LIST = 200  # namespaces in a list to choose from; a field with suggestions where there are more
CUSTOM, OTHER = "Custom resources", "Other keys"

# Tasks in their order, each with the types it takes, by group and plural; "" takes what is left of a group.
_TASKS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Workloads",
        (
            ("", "pods"),
            ("apps", ""),
            ("batch", ""),
            ("autoscaling", ""),
            ("", "replicationcontrollers"),
            ("", "podtemplates"),
        ),
    ),
    ("Config", (("", "configmaps"), ("", "secrets"), ("", "limitranges"), ("", "resourcequotas"))),
    ("Network", (("", "services"), ("", "endpoints"), ("discovery.k8s.io", ""), ("networking.k8s.io", ""))),
    ("Storage", (("", "persistentvolumeclaims"), ("", "persistentvolumes"), ("storage.k8s.io", ""))),
    ("Access control", (("", "serviceaccounts"), ("rbac.authorization.k8s.io", ""), ("certificates.k8s.io", ""))),
    ("Policy", (("policy", ""), ("admissionregistration.k8s.io", ""), ("flowcontrol.apiserver.k8s.io", ""))),
    ("Cluster", (("", "nodes"), ("", "namespaces"), ("", "events"))),
)
_FOLDED = frozenset({"Access control", "Policy", "Cluster", CUSTOM})  # until one of their types is chosen
_TASK_OF = {place: (number, inside) for number, (_, of) in enumerate(_TASKS) for inside, place in enumerate(of)}
_LAST = len(_TASKS) - 1  # what is built in and has no other task: Cluster


@dataclass(frozen=True, slots=True)
class NamespaceLink:
    """One namespace of the chosen type."""

    name: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class TypeLink:
    """One resource type, with its namespaces when it is the chosen one. `count` is None where it is not known.

    `resource` is what addresses call it; `unshown` is how many more namespaces there are than are listed;
    `unhealthy` how many of its objects are, as far as facts tell.
    """

    text: str
    count: int | None
    href: str
    current: bool
    namespaces: tuple[NamespaceLink, ...] = ()
    resource: str = ""
    unshown: int = 0
    unhealthy: int = 0


@dataclass(frozen=True, slots=True)
class ResourceGroup:
    """The resource types of one task, or of one API group of custom resources below it. `is_open`: not folded."""

    name: str
    types: tuple[TypeLink, ...]
    is_open: bool = True

    @property
    def count(self) -> int:
        """Keys of all its types."""
        return sum(t.count or 0 for t in self.types)


@dataclass(frozen=True, slots=True)
class NamespaceChoice:
    """The namespaces to choose from, and the one that is chosen ("" for all). `more`: there are others."""

    chosen: str
    names: tuple[str, ...]
    more: bool

    @property
    def is_list(self) -> bool:
        """Whether all of them fit a list to choose from."""
        return not self.more and len(self.names) <= IN_A_LIST


def shown_types(tree: Tree, chosen: TypeCount | None) -> list[TypeCount]:
    """The types that the sidebar lists: the built-in ones by task, the first of the others, and the chosen one."""
    ordered = sorted(tree.types, key=_order)
    first = ordered[: TYPES_SHOWN + sum(t.resource.builtin for t in ordered)]
    left_out = chosen is not None and chosen in ordered[len(first) :]
    return [*first, chosen] if left_out and chosen is not None else first


def resource_groups(
    window: Window, tree: Tree, shown: Sequence[TypeCount], query: RegistryQuery, chosen: TypeCount | None
) -> Iterator[ResourceGroup]:
    """The types by task, each leading to its list in the chosen namespace."""
    unhealthy = _unhealthy(window, query.namespace)
    for task, types in groupby(shown, key=_task):
        links = tuple(_type_link(t, query, chosen, unhealthy) for t in types)
        current = any(link.current for link in links)
        yield ResourceGroup(task, links, current or chosen is None or task not in _FOLDED)
    if tree.unrecognised:
        address = href("/registry", resource=UNRECOGNISED)
        link = TypeLink("unrecognised keys", tree.unrecognised, address, query.mode == "unrecognised")
        yield ResourceGroup(OTHER, (link,))


def namespace_choice(window: Window, query: RegistryQuery, chosen: TypeCount | None) -> NamespaceChoice:
    """The namespaces by their own keys, and those that the chosen type has without one."""
    start, end = window.objects.bounds(BY_PREFIX["namespaces"])
    names = {query.namespace} if query.namespace else set()
    names.update(name for name in list(chosen.namespaces)[:NAMESPACES_NAMED] if name) if chosen else None
    try:
        page = window.index.page(start, end, limit=NAMESPACES_NAMED) if window.touches(start, end) else None
    except EtcdviewError:  # names are not in memory, and etcd does not answer: the list says why
        page = None
    keys = page.keys if page is not None else ()
    names.update(found.name for key in keys if (found := window.keyspace.object_key(key)) is not None)
    return NamespaceChoice(query.namespace, tuple(sorted(names)), page is not None and page.next_after is not None)


def _order(counted: TypeCount) -> tuple[int, int, str, str]:
    resource = counted.resource
    task, inside = _place(resource)
    return task, inside, resource.group, resource.plural


def _place(resource: ResourceType) -> tuple[int, int]:
    """Which task, and which of its places: types of a task stand in the order of the table."""
    if not resource.builtin:
        return len(_TASKS), 0
    group = (resource.group, resource.plural)
    return _TASK_OF.get(group) or _TASK_OF.get((resource.group, "")) or (_LAST, len(_TASKS[_LAST][1]))


def _task(counted: TypeCount) -> str:
    task, _ = _place(counted.resource)
    return _TASKS[task][0] if task < len(_TASKS) else CUSTOM


def _type_link(
    counted: TypeCount, query: RegistryQuery, chosen: TypeCount | None, unhealthy: Mapping[str, int]
) -> TypeLink:
    resource = counted.resource
    text = resource.plural if resource.builtin else resource.qualified
    address = href("/registry", resource=resource.id, namespace=query.namespace)
    count = _count(counted, query.namespace)
    bad = unhealthy.get(resource.prefix, 0)
    if chosen is None or chosen.resource.prefix != resource.prefix:
        return TypeLink(text, count, address, False, unhealthy=bad)
    names = [name for name in counted.namespaces if name]
    shown = _around(names, query.namespace)
    links = tuple(
        NamespaceLink(
            name,
            counted.namespaces[name],
            query.href(namespace=name, cursor=""),
            name == query.namespace,
        )
        for name in shown
    )
    return TypeLink(text, count, address, True, links, resource.id, len(names) - len(shown), bad)


def _count(counted: TypeCount, namespace: str) -> int | None:
    """How many there are in the namespace; None where the index does not count by namespace."""
    if not namespace or not counted.resource.namespaced:
        return counted.count
    if counted.count and not counted.namespaces:
        return None
    return counted.namespaces.get(namespace, 0)


def _around(names: Sequence[str], chosen: str) -> Sequence[str]:
    """The sorted names, or where these are too many those before and behind the chosen one."""
    middle = bisect_left(names, chosen)
    first = max(min(middle - NAMESPACES_SHOWN // 2, len(names) - NAMESPACES_SHOWN), 0)
    return names[first : first + NAMESPACES_SHOWN]


def _unhealthy(window: Window, namespace: str) -> Mapping[str, int]:
    """How many objects of each type (by its storage prefix) are unhealthy; none where facts do not tell yet."""
    found: Counter[str] = Counter()
    facts = window.value_facts
    try:
        totals: Iterable[tuple[str, int]] = (
            (total.resource, total.keys)
            for total in (facts.totals() if facts is not None else ())
            if total.state == "unhealthy" and (not namespace or total.namespace in ("", namespace))
        )
        for resource, keys in totals:
            found[resource] += keys
    except EtcdviewError:  # mostly because they are being read again
        return {}
    return found
