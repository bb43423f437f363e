"""`python -m tools.served [RELEASE ...]`: hold what is served here to what each release serves; keep a sample."""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from etcdview.stores.files.dump import read_dump
from tools.given import arguments
from tools.kubernetes import versions
from tools.served import gorun
from tools.served.compare import Difference, differences, expected, is_comparable, is_converted, is_preferred
from tools.served.objects import MADE
from tools.served.objects import values as by_hand

TESTDATA = Path(__file__).parent.parent.parent / "tests" / "testdata"
DATA = TESTDATA / "served.jsonl.gz"
CAPTURE = TESTDATA / "cluster-shop" / "registry.jsonl.gz"
SEED, ROUNDS = 1, 20
KEPT_RELEASES = ("1.20", "1.30", "1.33", "1.36")  # of which more is kept
LARGEST = 3_300  # characters of an object that is kept


def main(argv: list[str]) -> int:
    """Print the counts of every release; exit status 1 where any object of a preferred version is wrong."""
    values = [*(kv.value for kv in read_dump(CAPTURE)), *by_hand()]
    kept: list[Mapping[str, Any]] = []
    wrong = 0
    for version in versions():
        release = ".".join(version.split(".")[:2])
        if argv and release not in argv:
            continue
        rows = [row for row in gorun.served(version, values, SEED, ROUNDS) if is_comparable(row)]
        found = [(row, differing) for row in rows if (differing := differences(row, release)) is not None]
        wrong += _report(release, found)
        kept += _sample(release, found)
    if not argv:
        _write(kept)
    return 1 if wrong else 0


def _report(release: str, found: Iterable[tuple[Mapping[str, Any], list[Difference]]]) -> int:
    """Print one line, and the faults below it; how many objects have any."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    faults: dict[tuple[str, str], Difference] = {}
    for row, differing in found:
        age = "current" if is_preferred(row, release) else "converted" if is_converted(row, release) else "left"
        unexplained = [d for d in differing if not d.reason]
        counts[age] += 1
        counts[f"{age} exact"] += not unexplained
        reasons.update({d.reason for d in differing if d.reason})
        for d in unexplained:
            faults.setdefault((d.kind, d.place), d)
    said = "".join(f"; {number} {text}" for text, number in reasons.items())
    exact = {age: f"{counts[f'{age} exact']:,} of {counts[age]:,}" for age in ("current", "converted", "left")}
    print(
        f"{release}: {exact['current']} objects exact, {exact['converted']} that are converted"
        f", {exact['left']} that are not converted{said}",
        flush=True,
    )
    for d in faults.values():
        print(f"  {'old: ' if d.old else ''}{d.kind} {d.place}: Go {str(d.expected)[:90]}, here {str(d.got)[:90]}")
    return sum(counts[age] - counts[f"{age} exact"] for age in exact)


def _sample(release: str, found: Iterable[tuple[Mapping[str, Any], list[Difference]]]) -> Iterator[dict[str, Any]]:
    """Of each kind the smallest object in which anything is set; of some releases one of middle size, too.

    And of those by hand all of the same releases.
    """
    by_kind: dict[tuple[str, str], list[Mapping[str, Any]]] = defaultdict(list)
    for row, differing in found:
        stored = row["stored"]
        if release in KEPT_RELEASES and stored["metadata"].get("name", "").startswith(MADE) and not differing:
            yield {"release": release, "stored": stored, "served": expected(row, release)}
        is_of_use = row["origin"] == "random" and not differing and stored != row["served"][0]
        if is_of_use and len(json.dumps(stored)) < LARGEST:
            by_kind[stored["apiVersion"], stored["kind"]].append(row)
    for rows in by_kind.values():
        rows.sort(key=lambda row: len(json.dumps(row["stored"])))
        for row in (rows[0], rows[len(rows) // 2])[: 2 if release in KEPT_RELEASES else 1]:
            yield {"release": release, "stored": row["stored"], "served": expected(row, release)}


def _write(rows: Iterable[Mapping[str, Any]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    DATA.write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))
    print(f"{DATA.name}: {DATA.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
