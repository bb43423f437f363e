"""What only one of several processes may do: the first that asks."""

from __future__ import annotations

import os


class OnlyOnce:
    """Make it before the fork; in each process after it `is_mine` may be asked. One process is told yes, once."""

    def __init__(self) -> None:
        # A pipe with one byte in it, and nobody to write more: of two that read at the same moment one gets it.
        self._token, filled = os.pipe()
        os.write(filled, b"1")
        os.close(filled)

    def is_mine(self) -> bool:
        """Whether nobody asked before."""
        return os.read(self._token, 1) == b"1"
