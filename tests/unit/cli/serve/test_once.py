"""One of several processes is the first."""

from __future__ import annotations

import subprocess
import sys

ASK = """
import os, sys
from etcdview.cli.serve.once import OnlyOnce
once, (begin, go) = OnlyOnce(), os.pipe()
children = []
for _ in range(8):
    child = os.fork()
    if not child:
        os.close(go)
        os.read(begin, 1)  # until the parent hangs up: all at once
        os._exit(10 if once.is_mine() else 20)
    children.append(child)
os.close(go)
print(sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children), once.is_mine())
"""


def test_of_eight_processes_that_ask_at_once_one_is_the_first() -> None:
    for _ in range(5):
        said = subprocess.run(
            [sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=60
        ).stdout
        assert said == f"{[10, *[20] * 7]} False\n"
