"""A process of many threads: memory is not kept once for each, and threads with an answer get their turn soon."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[4]
# glibc's arenas lie each at a multiple of 64 MiB
MANY_THREADS = """
import gc, re, sys, threading
from etcdview.cli.serve import tuning
if len(sys.argv) > 1:
    tuning.tune()
together = threading.Barrier(33)
held = []
def run():
    held.append([bytes(70_000) for _ in range(20)])
    together.wait()
    together.wait()
for _ in range(32):
    threading.Thread(target=run).start()
together.wait()
anonymous = re.findall(r"^(\\w+)-\\w+ rw-p 00000000 00:00 0 *$", open("/proc/self/maps").read(), re.M)
print(sum(int(start, 16) % (64 << 20) == 0 for start in anonymous))
print(gc.get_threshold()[0] == tuning.GARBAGE_THRESHOLD, abs(sys.getswitchinterval() - tuning.SWITCH_SECONDS) < 1e-9)
together.wait()
"""


def test_threads_share_what_the_c_library_keeps_and_wait_less_for_each_other() -> None:
    usual, usual_words = many_threads()
    tuned, words = many_threads("tune")

    assert usual > 2
    assert tuned <= 1  # beside the main thread's
    assert (usual_words, words) == ("False False", "True True")


def many_threads(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-c", MANY_THREADS, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    arenas, words = done.stdout.splitlines()
    return int(arenas), words
