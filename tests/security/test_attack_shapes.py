"""One field of another type than should be, in any object: a damaged or hand-written etcd breaks no page for others.

A few mutants here; `pytest -m long tests/security/test_attack_shapes.py` tries every field of every captured type,
which takes most of an hour of a processor; ETCDVIEW_SHAPE_ROUNDS=200 for the first rounds, 200:400 for those after.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from random import Random

import pytest

from etcdview.pages.registry import listing
from tests.security.shapes import Broken, Looker, Mutant, Registry, rounds
from tests.security.table import attack

SHAPES = "Values of a wrong shape"
# Of some 700: one is a field of each type.
FIRST, _, LAST = ":".join(["0", *os.environ.get("ETCDVIEW_SHAPE_ROUNDS", "").split(":")][-2:]).partition(":")
FEW = 6  # some seconds; a seed of its own each day would be a test that fails by chance
Record = Callable[[str, object], None]

# Those that broke pages once: key, field, and what stood there.
ONCE: list[tuple[bytes, tuple[str | int, ...], object]] = [
    (b"/registry/deployments/shop/cart", ("metadata", "labels"), "x"),
    (b"/registry/deployments/shop/cart", ("metadata", "managedFields"), 5),
    (b"/registry/pods/shop/crashloop", ("metadata", "finalizers"), 7),
    (b"/registry/services/specs/shop/cart", ("spec", "clusterIPs"), 5),
    (b"/registry/leases/kube-system/kube-scheduler", ("spec",), []),
    (b"/registry/leases/kube-system/kube-scheduler", ("spec", "renewTime"), "zzzz"),
    (b"/registry/deployments/shop/cart", ("kind",), [["x"]]),
]


@pytest.fixture(scope="module")
def registry(capture: Path) -> Registry:
    return Registry(capture)


@pytest.fixture
def looker(registry: Registry, tmp_path: Path) -> Looker:
    return Looker(registry, tmp_path)


@attack(
    SHAPES,
    "any field of any captured object as a text, a number, a list, a map, null, a number beyond all bounds",
    "every page, API operation and command answers; the other objects of a list are still there",
)
def test_a_field_of_another_type_breaks_nothing(registry: Registry, looker: Looker) -> None:
    mutants = Random(14).sample(next(rounds(registry, Random(14), 1)), FEW)  # noqa: S311 - the same ones each time

    assert looker.look(mutants) == []
    assert looker.count > 10 * FEW


@pytest.mark.parametrize(("key", "path", "other"), ONCE, ids=lambda value: str(value)[-30:])
def test_what_broke_a_page_once_does_no_more(
    registry: Registry, looker: Looker, key: bytes, path: tuple[str | int, ...], other: object
) -> None:
    place = registry.keyspace.object_key(key)
    assert place is not None

    assert looker.look([registry.mutant(place.resource.id, key, path, other)], everything=False, commands=False) == []


def test_a_reader_that_trusts_a_field_is_found(
    registry: Registry, looker: Looker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "labels_of", lambda obj: dict(obj["metadata"].get("labels", {})))
    mutant = registry.mutant("pods", b"/registry/pods/shop/crashloop", ("metadata", "labels"), 5)

    assert "listing.py" in str(looker.look([mutant], everything=False, commands=False))


@pytest.mark.long
def test_no_field_of_another_type_breaks_anything(registry: Registry, looker: Looker, record_property: Record) -> None:
    tried: list[Mutant] = []
    broken: list[Broken] = []
    every = rounds(registry, Random(1), 2)  # noqa: S311 - the same ones each time
    wanted = islice(every, int(FIRST or 0), int(LAST) if LAST else None)
    for number, mutants in enumerate(wanted):
        broken += looker.look(mutants, commands=number % 4 == 0)
        tried += mutants

    assert list({each.why: each for each in broken}.values()) == []
    assert FIRST or LAST or len(tried) > 6000
    record_property("mutated fields", f"{len(tried):,}, opened by {looker.count:,} addresses and commands")
