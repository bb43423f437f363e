"""`python -m tools.fuzz [CASES]`: damaged and invented values for the decoder, a million where not said otherwise."""

from __future__ import annotations

import sys

from tests.fuzz.codec import fuzz

MILLION = 1_000_000


def main(argv: list[str]) -> int:
    """Run them; what is found is raised, made small."""
    for line in fuzz(int(argv[0]) if argv else MILLION):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
