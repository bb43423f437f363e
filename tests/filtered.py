"""`python -m tests.filtered UNIT PROGRAM ...`: run a program under the system call filters of a systemd unit.

They are made by libseccomp, as systemd makes them, of the unit's SystemCallFilter, SystemCallErrorNumber,
RestrictAddressFamilies and MemoryDenyWriteExecute (systemd.exec(5)). Where nothing names the error, a call kills.
"""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import re
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000  # SCMP_ACT_* of seccomp.h
_EQUAL, _MASKED_EQUAL, _MORE = 4, 7, 6  # SCMP_CMP_*
_UNKNOWN = -1


class _Argument(ctypes.Structure):
    """scmp_arg_cmp: the number of an argument, how it is compared, and with what."""

    _fields_ = (("number", ctypes.c_uint), ("how", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def allowed(unit: str) -> set[str]:
    """The system calls that the lines of a unit leave, the first of which names what is allowed."""
    found = members("@default")
    for line in settings(unit, "SystemCallFilter"):
        named = {call for word in line.removeprefix("~").split() for call in members(word)}
        found = found - named if line.startswith("~") else found | named
    return found


def members(word: str) -> set[str]:
    """A system call, or all of a set such as @system-service."""
    if not word.startswith("@"):
        return {word}
    command = ["systemd-analyze", "--no-pager", "syscall-filter", word]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[1:]
    return {call for line in listed if not line.strip().startswith("#") for call in members(line.strip()) if call}


def settings(unit: str, name: str) -> list[str]:
    """The values of a setting that a unit may have several times."""
    return re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)


class Filter:
    """What this process may call from `load` on, and all that it starts."""

    def __init__(self, otherwise: int) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._filter = ctypes.c_void_p(self._library.seccomp_init(otherwise))

    def add(self, action: int, call: str, *arguments: tuple[int, int, int, int]) -> None:
        """A rule for a system call with such arguments; other processors have calls that this one lacks."""
        number = self._library.seccomp_syscall_resolve_name(call.encode())
        if number == _UNKNOWN:
            return
        array = (_Argument * len(arguments))(*arguments)
        status = self._library.seccomp_rule_add_array(self._filter, action, number, len(arguments), array)
        if status:
            raise OSError(-status, f"{os.strerror(-status)}: {call}")

    def load(self) -> None:
        """Raises OSError where the kernel refuses it."""
        status = self._library.seccomp_load(self._filter)
        if status:
            raise OSError(-status, os.strerror(-status))


def main(words: Sequence[str]) -> None:
    """Load the filters and become the program. Raises OSError."""
    unit = Path(words[0]).read_text()
    (error,) = settings(unit, "SystemCallErrorNumber")
    calls = Filter(_ERRNO | getattr(errno, error))
    for call in allowed(unit):
        calls.add(_ALLOW, call)
    others = Filter(_ALLOW)
    _refuse_families(others, settings(unit, "RestrictAddressFamilies")[0].split())
    if settings(unit, "MemoryDenyWriteExecute") == ["yes"]:
        _refuse_written_code(others)
    others.load()
    calls.load()
    os.execvp(words[1], list(words[1:]))  # noqa: S606 - what the tests name


def _refuse_families(calls: Filter, names: Sequence[str]) -> None:
    """All families of sockets but these."""
    wanted = sorted(getattr(socket, name) for name in names)
    refused = _ERRNO | errno.EAFNOSUPPORT
    calls.add(refused, "socket", (0, _MORE, wanted[-1], 0))
    for family in set(range(wanted[-1])) - set(wanted):
        calls.add(refused, "socket", (0, _EQUAL, family, 0))


def _refuse_written_code(calls: Filter) -> None:
    both, refused = mmap.PROT_EXEC | mmap.PROT_WRITE, _ERRNO | errno.EPERM
    calls.add(refused, "mmap", (2, _MASKED_EQUAL, both, both))
    for call in ("mprotect", "pkey_mprotect"):
        calls.add(refused, call, (2, _MASKED_EQUAL, mmap.PROT_EXEC, mmap.PROT_EXEC))


if __name__ == "__main__":
    main(sys.argv[1:])
