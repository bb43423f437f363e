"""What a program of this folder was called with. `--help` prints what its first lines say, and begins nothing."""

from __future__ import annotations

import sys


def arguments(document: str | None, *, takes_any: bool = True) -> list[str]:
    """Those behind the program's name. `document` is its docstring, which is its help.

    Exits with 0 after the help, and with 2 where the program takes none and was given some.
    """
    found = sys.argv[1:]
    if "-h" in found or "--help" in found:
        print((document or "").strip())
        sys.exit(0)
    if found and not takes_any:
        print(f"unknown argument: {found[0]}\n\n{(document or '').strip()}", file=sys.stderr)
        sys.exit(2)
    return found
