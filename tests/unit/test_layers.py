"""The house's one-way streets: which layer may import which, and who may speak grpc and flask."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A layer may import those before it, and itself. Names in one row are neighbours and do not import each other.
RANKS: tuple[tuple[str, ...], ...] = (
    ("etcdview.errors", "etcdview.models", "etcdview.diff"),
    ("etcdview.resources", "etcdview.endpoints", "etcdview.jsonpaths", "etcdview.private"),
    ("etcdview.keys", "etcdview.redact"),
    ("etcdview.config", "etcdview.tls", "etcdview.stores.base", "etcdview.viewers", "etcdview.audit", "etcdview.undo"),
    ("etcdview.accounts", "etcdview.stores", "etcdview.codec", "etcdview.tables", "etcdview.health"),
    ("etcdview.definitions", "etcdview.selectors", "etcdview.sorting", "etcdview.sources"),
    ("etcdview.relations", "etcdview.edits", "etcdview.upkeep"),
    ("etcdview.index", "etcdview.objects"),
    ("etcdview.content", "etcdview.edits", "etcdview.undo"),
    ("etcdview.browse",),
    ("webapp",),
    ("etcdview.demo",),
    ("etcdview.cli",),
    ("etcdview.__main__", "wsgi"),
)
RANK = {name: rank for rank, names in enumerate(RANKS) for name in names}
# Who may import what is kept to one place.
KEPT = {
    "etcd3": ("etcdview.stores",),
    "grpc": ("etcdview.stores",),
    "flask": ("webapp", "etcdview.cli.serving"),
    "google": ("etcdview.codec", "etcdview.stores"),
    "cbor2": ("etcdview.codec",),
    "gunicorn": ("etcdview.cli", "etcdview.demo", "webapp"),
}


def modules() -> list[str]:
    files = [*(ROOT / "etcdview").rglob("*.py"), *(ROOT / "webapp").rglob("*.py"), ROOT / "wsgi.py"]
    return sorted(".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for f in files)


def imports(module: str) -> Iterator[str]:
    path = ROOT / Path(*module.split("."))
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(name: str) -> str | None:
    """The layer with the longest name that `name` belongs to."""
    found = [known for known in RANK if name == known or name.startswith(known + ".")]
    return max(found, key=len, default=None)


@pytest.mark.parametrize("module", [m for m in modules() if m != "etcdview"])
def test_a_module_imports_only_what_lies_below_it(module: str) -> None:
    own = layer(module)
    assert own is not None, f"{module} has no rank: give it one"
    for name in imports(module):
        other = layer(name)
        if other is not None and other != own:
            assert RANK[other] < RANK[own], f"{module} ({own}) imports {name} ({other})"


@pytest.mark.parametrize("module", modules())
def test_foreign_libraries_are_kept_to_their_layer(module: str) -> None:
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
