"""`python -m tools.vectors [RELEASE ...]`: hold the codec to what Go makes of every kind, and keep a sample of it.

The release `openshift` is OpenShift's own types.
"""

from __future__ import annotations

import base64
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from etcdview.codec import Codec, to_json, to_yaml
from tools.given import arguments
from tools.schema import openshift, releases
from tools.vectors import gorun
from tools.vectors.objects import objects
from tools.vectors.sample import SAMPLE

DATA = Path(__file__).parent.parent.parent / "tests" / "testdata" / "vectors"
SEED, ROUNDS = 1, 3
_ANY = ""  # OpenShift's types are the same in every release of Kubernetes


def main(argv: list[str]) -> int:
    """Print the counts of every release; exit status 1 where any value is wrong."""
    wanted = [source for source in releases.available() if not argv or source.release in argv]
    total: Counter[str] = Counter()
    kept: list[gorun.Vector] = []
    for source in wanted:
        vectors = gorun.fill(source, SEED, ROUNDS)
        counts = Counter(verdict(vector) for vector in vectors)
        print(f"{source.release}: {_text(counts)}", flush=True)
        total += counts
        kept += [v for v in vectors if (v.release, v.api_version, v.kind) in SAMPLE]
    if not argv or openshift.SOURCE.release in argv:
        total += _of_openshift()
    if wanted:
        total += _printing(wanted[-1], write=not argv)
    print(f"all: {_text(total)}")
    if not argv:
        _write("kinds.jsonl.gz", map(_row, kept))
    return 1 if total["wrong"] else 0


def verdict(vector: gorun.Vector) -> str:
    """Whether the codec makes of the value what Go does: exact or wrong."""
    decoded = Codec(release=vector.release or None).decode(b"", vector.value)
    return "exact" if _canonical(decoded.object) == _canonical(json.loads(vector.object)) else "wrong"


def _of_openshift() -> Counter[str]:
    """OpenShift's stored kinds; one value of each is kept."""
    made = gorun.fill(openshift.SOURCE, SEED, ROUNDS)
    vectors = [v for v in made if f"{v.api_version} {v.kind}" in openshift.KINDS]
    counts = Counter(verdict(replace(vector, release=_ANY)) for vector in vectors)
    print(f"openshift: {_text(counts)}", flush=True)
    _write("openshift.jsonl.gz", ({"value": _row(v)["value"], "object": v.object} for v in vectors[::ROUNDS]))
    return counts


def _printing(source: gorun.Source, *, write: bool) -> Counter[str]:
    """kubectl's YAML and JSON of the hard objects."""
    asked = list(objects())
    shown = gorun.printed(source, asked)
    rows = [{"object": obj, **text} for obj, text in zip(asked, shown, strict=True) if "error" not in text]
    right = sum(to_yaml(row["object"]) == row["yaml"] and to_json(row["object"]) == row["json"] for row in rows)
    print(f"printed: {right} of {len(rows)} exact, {len(shown) - len(rows)} that kubectl itself cannot print")
    if write:
        _write("printing.jsonl.gz", rows)
    return Counter(exact=right, wrong=len(rows) - right)


def _canonical(obj: Any) -> str:
    return json.dumps(obj, sort_keys=True)


def _text(counts: Counter[str]) -> str:
    return ", ".join(f"{number:,} {what}" for what, number in sorted(counts.items()) if number)


def _row(vector: gorun.Vector) -> dict[str, str]:
    value = base64.b64encode(vector.value).decode("ascii")
    return {"release": vector.release, "value": value, "object": vector.object}


def _write(name: str, rows: Iterable[Any]) -> None:
    DATA.mkdir(exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (DATA / name).write_bytes(gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0))


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
