"""`python -m tools.tables [RELEASE ...]`: hold the tables to what each release prints, and keep a sample.

    python -m tools.tables cases [RELEASE ...]

holds them to the objects that Kubernetes' own tests of its printers print: of the newest release where none is named.
Where releases are named, the sample of the others stays as it is.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tools.given import arguments
from tools.kubernetes import versions
from tools.tables import gorun
from tools.tables.compare import Difference, differences, reason, table_of
from tools.tables.objects import objects

DATA = Path(__file__).parent.parent.parent / "tests" / "testdata" / "tables.jsonl.gz"
SEED, ROUNDS = 1, 20
KEPT_ROUNDS = 1  # of the random rows; hand-made ones are all kept


def main(argv: list[str]) -> int:
    """Print the counts of every release; exit status 1 where any cell is wrong."""
    if argv[:1] == ["cases"]:
        return _cases(argv[1:] or [_minor(versions()[-1])])
    kept = [row for row in _read() if argv and row["release"] not in argv]
    wrong = 0
    for version in versions():
        release = _minor(version)
        if argv and release not in argv:
            continue
        rows = gorun.printed(version, objects(), SEED, ROUNDS)
        wrong += _report(release, rows)
        kept += [{"release": release, **row} for row in gorun.sample(rows, KEPT_ROUNDS, ROUNDS) if "cells" in row]
    _write(sorted(kept, key=lambda row: int(row["release"].partition(".")[2])))
    return 1 if wrong else 0


def _cases(releases: list[str]) -> int:
    wrong = 0
    for version in versions():
        if _minor(version) in releases:
            rows = gorun.printed(version, gorun.cases(version), SEED, 0)
            without = Counter(_named(row) for row in rows if table_of(row["object"], _minor(version)) is None)
            never = ", ".join(f"{number} {kind}" for kind, number in without.items())
            print(f"{len(rows):,} objects of Kubernetes' own tests; never stored are {never}")
            wrong += _report(_minor(version), rows)
    return 1 if wrong else 0


def _named(row: Mapping[str, Any]) -> str:
    return f"{row['object']['apiVersion']} {row['object']['kind']}"


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _report(release: str, rows: list[dict[str, Any]]) -> int:
    """Print one line, and the faults below it; how many there are."""
    found = [d for row in rows for d in differences(row, release)]
    unexplained = [d for d in found if not reason(d)]
    cells = sum(len(row.get("cells", ())) for row in rows)
    print(f"{release}: {cells:,} cells of {len(rows):,} objects, {_text(found)}, {len(unexplained)} wrong", flush=True)
    _show(unexplained)
    return len(unexplained)


def _text(found: Iterable[Difference]) -> str:
    reasons = Counter(text for d in found if (text := reason(d)))
    return "; ".join(f"{number} {text}" for text, number in reasons.items()) or "none differs"


def _show(unexplained: list[Difference]) -> None:
    seen: set[tuple[str, str]] = set()
    for d in unexplained:
        if (d.kind, d.column) not in seen:
            print(f"  {d.kind} {d.column}: Go {d.expected!r}, here {d.got!r}")
        seen.add((d.kind, d.column))


def _read() -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(DATA.read_bytes()).splitlines()] if DATA.exists() else []


def _write(rows: Iterable[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    DATA.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
    print(f"{DATA.name}: {len(DATA.read_bytes()):,} bytes")


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
