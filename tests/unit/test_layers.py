"""The house's one-way streets: which room may import which, no circles anywhere, and who may speak grpc and flask."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A room may import those in the rows above it. Rooms of one row are neighbours and do not import each other.
RANKS: tuple[tuple[str, ...], ...] = (
    ("background", "errors", "models", "private_files"),
    ("endpoints", "kube"),
    ("config", "tls", "codec", "tables"),
    ("stores", "relations", "access", "deployment"),
    ("index", "describe", "writes", "health", "demo"),
    ("objects", "checks", "maintenance", "space", "recovery"),
    ("cluster",),
    ("pages", "kubeapi"),
    ("webapp",),
    ("cli",),
    ("__main__", "wsgi"),
)
RANK = {room: rank for rank, rooms in enumerate(RANKS) for room in rooms}
AT_MOST_ROOMS = 28  # the last four: space, recovery and kubeapi, planned from the start, and background
# What the two surfaces may know of the library: HTTP and terminals stay out of it, bytes and etcd out of them.
SURFACES = {
    "webapp": (
        "pages",
        "kubeapi",
        "cluster",
        "access",
        "errors",
        "config",
        "models",
    ),
    "cli": ("pages", "cluster", "access", "errors", "config", "models", "demo", "webapp", "background"),
}
# Who may import what is kept to one place.
KEPT = {
    "etcd3": ("etcdview.stores.etcd",),
    "grpc": ("etcdview.stores.etcd",),
    "flask": ("webapp", "etcdview.cli.serve"),
    "google": ("etcdview.codec", "etcdview.stores"),
    "cbor2": ("etcdview.codec",),
    "gunicorn": ("etcdview.cli", "etcdview.demo", "webapp"),
}
Graph = Mapping[str, set[str]]


@cache
def modules() -> dict[str, Path]:
    """Dotted name -> file, of all that is ours."""
    files = [*(ROOT / "etcdview").rglob("*.py"), *(ROOT / "webapp").rglob("*.py"), ROOT / "wsgi.py"]
    named = {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in files}
    return dict(sorted(named.items()))


def imports(module: str) -> Iterator[str]:
    """What a module imports, wherever the line stands and whatever it is for: TYPE_CHECKING counts."""
    for node in ast.walk(ast.parse(modules()[module].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(name: str) -> str:
    """The room that a module lies in: the file or folder directly under etcdview/, webapp or wsgi."""
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == "etcdview" else first


@cache
def arrows() -> dict[str, set[str]]:
    """Module -> the modules of ours that it imports."""
    found = {}
    for module in modules():
        targets = {_module(name) for name in imports(module)}
        found[module] = targets - {"", "etcdview", module}
    return found


def _module(name: str) -> str:
    while name and name not in modules():
        name = name.rpartition(".")[0]
    return name


def circle(graph: Graph) -> list[str]:
    """One circle of the graph; empty where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(node) for node in error.args[1]]
    return []


def joined(pairs: Iterable[tuple[str, str]]) -> Graph:
    """Pairs as a graph, without those of a node with itself."""
    graph: defaultdict[str, set[str]] = defaultdict(set)
    for start, end in pairs:
        if start != end:
            graph[start].add(end)
    return graph


def inside(folder: str) -> Graph:
    """The arrows between what lies directly in a folder: its files, and its folders as wholes."""
    depth = folder.count(".") + 1

    def child(module: str) -> str:
        return ".".join(module.split(".")[: depth + 1])

    within = [m for m in modules() if m.startswith(folder + ".")]
    return joined(
        (child(module), child(target))
        for module in within
        for target in arrows()[module]
        if target.startswith(folder + ".")
    )


FOLDERS = sorted({".".join(f.relative_to(ROOT).parent.parts) for f in modules().values()} - {""})
ROOMS = sorted({room(m) for m in modules() if m.startswith("etcdview.")} - {"__main__"})


def test_each_room_has_one_rank() -> None:
    named = [name for rank in RANKS for name in rank]
    assert sorted(named) == sorted({*ROOMS, "webapp", "__main__", "wsgi"})
    assert len(named) == len(set(named))


def test_there_are_few_rooms_and_no_circle_between_them(record_property: pytest.RecordProperty) -> None:
    between = joined((room(m), room(t)) for m, targets in arrows().items() for t in targets if room(m) and room(t))
    count = sum(map(len, between.values()))
    record_property(
        "house", f"{len(ROOMS)} rooms under etcdview/, {count} arrows, circles: {circle(between) or 'none'}"
    )
    assert len(ROOMS) <= AT_MOST_ROOMS
    assert circle(between) == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_circle_within_a_folder(folder: str) -> None:
    assert circle(inside(folder)) == []


def test_no_circle_between_modules() -> None:
    assert circle(arrows()) == []


@pytest.mark.parametrize("module", [m for m in modules() if m != "etcdview"])
def test_a_module_imports_only_what_lies_below_it(module: str) -> None:
    own = room(module)
    for target in arrows()[module]:
        other = room(target)
        if other != own:
            assert RANK[other] < RANK[own], f"{module} ({own}) imports {target} ({other})"


def test_no_two_public_classes_have_one_name() -> None:
    """Two of one name can meet in one list of imports, at the latest in a test or a surface."""
    homes: defaultdict[str, list[str]] = defaultdict(list)
    for module, path in modules().items():
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].append(module)
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


@pytest.mark.parametrize("module", [m for m in modules() if room(m) in SURFACES])
def test_a_surface_imports_nothing_below_the_pages(module: str) -> None:
    allowed = {*SURFACES[room(module)], room(module)}
    for target in arrows()[module]:
        assert room(target) in allowed, f"{module} imports {target}"


@pytest.mark.parametrize("module", modules())
def test_foreign_libraries_are_kept_to_their_room(module: str) -> None:
    for name in imports(module):
        owners = KEPT.get(name.partition(".")[0])
        assert owners is None or module.startswith(owners), f"{module} imports {name}"


def test_help_costs_no_grpc_no_flask_and_no_protobuf() -> None:
    code = (
        "import sys; from etcdview.cli.main import run; run(['--help']);"
        "print(sorted({m.partition('.')[0] for m in sys.modules} & {'grpc', 'flask', 'google', 'etcd3', 'webapp'}))"
    )

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert result.stdout.splitlines()[-1] == "[]"
