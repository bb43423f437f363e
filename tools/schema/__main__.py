"""`python -m tools.schema [RELEASE ...]`: make the schema table anew, and tell what changed."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from pathlib import Path
from typing import Any

from tools.schema import changes, openshift, releases, walk
from tools.schema.merge import merge

TABLE = Path(__file__).parent.parent.parent / "etcdview" / "codec" / "protobuf" / "schema.json.gz"


def main(argv: list[str] | None = None) -> int:
    """Write the table; exit status 1 where a release could not be walked."""
    arguments = _arguments(argv)
    before = read(TABLE) if TABLE.exists() else None
    table = openshift.without(before) if arguments.openshift and before else _kubernetes(arguments)
    table = openshift.extended(table, walk.walk(openshift.SOURCE, fresh=arguments.fresh))
    write(TABLE, table)
    for line in changes.describe(before, table):
        print(line)
    print(f"{TABLE.name}: {TABLE.stat().st_size:,} bytes")
    return 0


def _kubernetes(arguments: argparse.Namespace) -> dict[str, Any]:
    """The table of all releases of Kubernetes that are wanted."""
    wanted = [s for s in releases.available() if not arguments.releases or s.release in arguments.releases]
    walked = []
    for source in wanted:
        facts = walk.walk(source, fresh=arguments.fresh)
        print(
            f"{source.release}: {len(facts['kinds'])} kinds, {len(facts['structs'])} structs"
            f" ({source.modules['k8s.io/api']})"
        )
        walked.append((source, facts))
    return merge(walked)


def read(path: Path) -> dict[str, Any]:
    """The table in `path`."""
    table: dict[str, Any] = json.loads(gzip.decompress(path.read_bytes()))
    return table


def write(path: Path, table: dict[str, Any]) -> None:
    """Write the table so that equal tables give equal bytes."""
    text = json.dumps(table, separators=(",", ":"), ensure_ascii=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.schema", description=__doc__)
    parser.add_argument("releases", nargs="*", help="only these (default: all that the module proxy has)")
    parser.add_argument("--fresh", action="store_true", help="walk every release again, cached or not")
    parser.add_argument("--openshift", action="store_true", help="only OpenShift's types; the releases as committed")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main())
