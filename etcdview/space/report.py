"""Keys and bytes by resource type, by namespace and by object, as one report; pure functions of facts."""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any, Literal, get_args

from etcdview.index.base import Tree
from etcdview.index.facts.reading import KeyFacts, Total
from etcdview.kube.keys import as_text
from etcdview.kube.resources import BY_PREFIX, ResourceType, custom

By = Literal["resource", "namespace", "object"]
BYS: tuple[By, ...] = get_args(By)
TypeOf = Callable[[str], ResourceType | None]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes of values, and what of them is in which fields. `annotations` has the last applied configuration in it."""

    values: int = 0
    managed_fields: int = 0
    annotations: int = 0
    last_applied: int = 0
    data: int = 0

    @property
    def rest(self) -> int:
        """What is in none of these fields. JSON counts data in base64, so that it may seem to be more than all."""
        return max(self.values - self.managed_fields - self.annotations - self.data, 0)


@dataclass(frozen=True, slots=True)
class SpaceRow:
    """Keys of one type ("by resource"), of one namespace, or one key; what does not apply is None.

    `resource` is also None for unrecognised keys, `namespace` "" for what is in none. `sizes` is None while unknown.
    All three are None for what a limit leaves out.
    """

    keys: int
    sizes: Sizes | None
    resource: ResourceType | None = None
    namespace: str | None = None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class SpaceReport:
    """The rows, the largest first; their sum is the total. `complete`: the facts of all values are known.

    Until then keys are counted by their names, and the sizes are None.
    """

    revision: int
    complete: bool
    by: By
    keys: int
    sizes: Sizes | None
    rows: tuple[SpaceRow, ...]


def type_of(prefix: str, known: TypeOf) -> ResourceType | None:
    """The resource type with that storage prefix; None for "", which is that of unrecognised keys."""
    if not prefix:
        return None
    group, _, plural = prefix.rpartition("/")
    return known(prefix) or BY_PREFIX.get(prefix) or replace(custom(group.rpartition("/")[2], plural), prefix=prefix)


def sum_of(totals: Iterable[Total]) -> tuple[int, Sizes]:
    """How many keys, and their sizes."""
    found = _grouped(totals, lambda _: "")
    return found.get("", (0, Sizes()))


def rows_by_resource(totals: Iterable[Total], known: TypeOf) -> tuple[SpaceRow, ...]:
    """A row a resource type, the largest first; unrecognised keys have one too."""
    found = _grouped(totals, lambda total: total.resource)
    return _ordered(SpaceRow(keys, sizes, type_of(prefix, known)) for prefix, (keys, sizes) in found.items())


def rows_by_namespace(totals: Iterable[Total]) -> tuple[SpaceRow, ...]:
    """A row a namespace, the largest first; one ("") for what is in none."""
    found = _grouped(totals, lambda total: total.namespace)
    return _ordered(SpaceRow(keys, sizes, namespace=name) for name, (keys, sizes) in found.items())


def rows_of_objects(facts: Iterable[KeyFacts], known: TypeOf) -> Iterator[SpaceRow]:
    """A row a key, in their order."""
    for found in facts:
        yield SpaceRow(1, sizes_of(found), type_of(found.resource, known), found.namespace, found.key)


def rows_of_names(tree: Tree, by: By) -> tuple[SpaceRow, ...]:
    """What the names alone tell: keys by type or namespace, without sizes."""
    counts: defaultdict[str, int] = defaultdict(int)
    if by == "object":
        return (SpaceRow(tree.count, None),) if tree.count else ()
    if by == "resource":
        rows = [SpaceRow(found.count, None, found.resource) for found in tree.types if found.count]
        if tree.unrecognised:
            rows.append(SpaceRow(tree.unrecognised, None))
        return _ordered(rows)
    for found in tree.types:
        for name, count in found.namespaces.items():
            counts[name] += count
    counts[""] += tree.count - sum(counts.values())
    return _ordered(SpaceRow(count, None, namespace=name) for name, count in counts.items() if count)


def with_rest(rows: Sequence[SpaceRow], keys: int, sizes: Sizes) -> tuple[SpaceRow, ...]:
    """The rows, and one more of what they leave out of so many keys; none where they leave out nothing."""
    shown, sums = total_of(rows)
    if shown >= keys:
        return tuple(rows)
    left = (max(whole - part, 0) for whole, part in zip(astuple(sizes), astuple(sums), strict=True))
    return (*rows, SpaceRow(keys - shown, Sizes(*left)))


def total_of(rows: Iterable[SpaceRow]) -> tuple[int, Sizes]:
    """How many keys the rows have together, and their sizes."""
    keys, sums = 0, [0] * 5
    for row in rows:
        keys += row.keys
        if row.sizes is not None:
            sums = [a + b for a, b in zip(sums, astuple(row.sizes), strict=True)]
    return keys, Sizes(*sums)


def sizes_of(found: KeyFacts) -> Sizes:
    """The sizes of one value."""
    annotations = found.annotation_bytes + found.last_applied_bytes
    return Sizes(found.size, found.managed_bytes, annotations, found.last_applied_bytes, found.data_bytes)


def report_json(report: SpaceReport) -> dict[str, Any]:
    """The report as `GET /api/v1/space` and `etcdview space -o json` have it. Unknown sizes are null."""
    return {
        "revision": report.revision,
        "complete": report.complete,
        "total": {"keys": report.keys, "bytes": report.sizes.values if report.sizes else None},
        "rows": [row_json(row, report.by) for row in report.rows],
    }


def row_json(row: SpaceRow, by: By) -> dict[str, Any]:
    """One row; what does not apply is left out."""
    sizes = row.sizes
    shown: dict[str, Any] = {}
    if by == "resource" or row.key is not None:
        shown["resource"] = row.resource.plural if row.resource else ""
        shown["group"] = row.resource.group if row.resource else ""
    if row.namespace is not None:
        shown["namespace"] = row.namespace
    if row.key is not None:
        shown["key"] = as_text(row.key)
        shown["key64"] = base64.urlsafe_b64encode(row.key).rstrip(b"=").decode()
    return shown | {
        "keys": row.keys,
        "bytes": sizes.values if sizes else None,
        "managedFieldsBytes": sizes.managed_fields if sizes else None,
        "annotationsBytes": sizes.annotations if sizes else None,
        "lastAppliedBytes": sizes.last_applied if sizes else None,
        "dataBytes": sizes.data if sizes else None,
    }


def _grouped(totals: Iterable[Total], group: Callable[[Total], str]) -> dict[str, tuple[int, Sizes]]:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * 6)
    for total in totals:
        own = sums[group(total)]
        own[0] += total.keys
        own[1] += total.bytes
        own[2] += total.managed_bytes
        own[3] += total.annotation_bytes + total.last_applied_bytes
        own[4] += total.last_applied_bytes
        own[5] += total.data_bytes
    return {name: (keys, Sizes(*parts)) for name, (keys, *parts) in sums.items()}


def _ordered(rows: Iterable[SpaceRow]) -> tuple[SpaceRow, ...]:
    return tuple(sorted(rows, key=_largest_first))


def _largest_first(row: SpaceRow) -> tuple[int, int, str, str]:
    name = row.resource.qualified if row.resource else ""
    return -(row.sizes.values if row.sizes else 0), -row.keys, name, row.namespace or ""
