"""A file to run, not to import: becomes another program that the kernel ends when the parent does.

    python -I launch.py PARENT SIGNAL PROGRAM [ARGUMENT...]

It is a program of its own, since code between fork and exec of a process with threads (grpc's) may hang.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, signal: int, command: list[str]) -> None:
    """Ask for `signal` at the death of `parent`, then exec. Where the kernel is not Linux, only the latter."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before we could ask
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606  (no shell is wanted)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
