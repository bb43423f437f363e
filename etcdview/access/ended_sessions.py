"""Sessions that were ended before their time: shared by all workers, in memory only.

A session is a signed cookie; a copy of it would outlive the logout, were its number not remembered until it expires.
"""

from __future__ import annotations

import hashlib
import mmap
import multiprocessing
import struct

SLOTS = 8192
_DIGEST = 16


class EndedSessions:
    """A ring of digests in memory that forked processes share; the oldest gives way, long after it has expired."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._slots = slots
        self._memory = mmap.mmap(-1, 8 + slots * _DIGEST)
        self._lock = multiprocessing.get_context("fork").Lock()  # guards the ring, over all processes

    def end(self, session: str) -> None:
        """From now on no request with this session is answered."""
        with self._lock:
            if self.has(session):  # told again and again, it would push the others out
                return
            (position,) = struct.unpack_from("<Q", self._memory, 0)
            offset = 8 + position % self._slots * _DIGEST
            self._memory[offset : offset + _DIGEST] = _digest(session)
            struct.pack_into("<Q", self._memory, 0, position + 1)

    def has(self, session: str) -> bool:
        """Whether the session was ended."""
        wanted, at = _digest(session), 8
        while (at := self._memory.find(wanted, at)) >= 0:
            if (at - 8) % _DIGEST == 0:
                return True
            at += 1
        return False


def _digest(session: str) -> bytes:
    return hashlib.blake2b(session.encode(), digest_size=_DIGEST).digest()
