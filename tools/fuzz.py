"""`python -m tools.fuzz [CASES [FILES]]`: damaged values for the decoder, and damaged files for all who read one.

A million and ten thousand where not said otherwise.
"""

from __future__ import annotations

import sys

from tests.fuzz import codec, files
from tools.given import arguments

MILLION = 1_000_000
FILES = 10_000


def main(argv: list[str]) -> int:
    """Run them; what is found is raised, made small."""
    cases, some = (*map(int, argv), *(MILLION, FILES)[len(argv) :])
    for line in (*codec.fuzz(cases), *files.fuzz(some)):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
