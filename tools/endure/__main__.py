"""`python -m tools.endure`: use it hard for MINUTES= (or HOURS=), a member of etcd dying each minute.

Prints a table; exit status 1 where a row of it fails. P99= is how many seconds pages may take (1), for busy machines.
"""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from etcdview.config import Settings
from etcdview.demo.certificates import ClusterCertificates
from etcdview.demo.cluster import LocalCluster, LocalMember
from etcdview.demo.running import REGISTRY
from etcdview.models import TlsFiles
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump
from tests.serving import running
from tools.endure.load import Answers, Browser, SlowClients, Writer, addresses
from tools.endure.measured import Sample, differing_facts, get_json, held_keys, quarters, sample
from tools.given import arguments

MINUTES = float(os.environ.get("MINUTES") or 60 * float(os.environ.get("HOURS") or 0) or 20)
P99_SECONDS = float(os.environ.get("P99") or 1.0)
BROWSERS, SLOW_CLIENTS = 20, 200
WARM_SECONDS = 60.0  # before the memory is measured: pages load late, caches fill
DEAD_SECONDS, EACH_SECONDS = 15.0, 60.0
SETTLE_SECONDS = 60.0
SAMPLE_SECONDS = 2.0
KEPT_REVISIONS = 5_000
MEMBERS = ("one", "two", "three")
# How much more of each there may be in the last quarter than in the first.
MORE_MEMORY, MORE_THREADS, MORE_DESCRIPTORS = 1.15, 4, 20
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `wrong` are the reasons why it fails."""

    what: str
    found: str
    wrong: tuple[str, ...] = ()


class Chaos:
    """Members that die and come back, in turn: one is killed, the next one stands still."""

    def __init__(self, cluster: LocalCluster) -> None:
        self._cluster = cluster
        self._victim: LocalMember | None = None
        self.deaths = 0

    def run(self, ended: threading.Event) -> None:
        """A death a minute until `ended`; all members are healthy afterwards.

        From the main thread: the members end with the thread that starts them.
        """
        for number, member in enumerate(itertools.cycle(self._cluster.members)):
            if ended.wait(EACH_SECONDS - DEAD_SECONDS):
                return
            self._victim = member
            (member.pause if number % 2 else member.kill)()
            self.deaths += 1
            ended.wait(DEAD_SECONDS)
            self._cluster.heal()

    def excuses(self, page: str) -> bool:
        """Whether an error is about the member that died last, or about the quorum that its death costs."""
        victim = self._victim
        if victim is None:
            return False
        return any(word in page for word in (victim.client_url.rpartition("/")[2], "quorum", "no leader"))


def main() -> int:
    """The exit status."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etcdview-endure-")))
        options = ("--auto-compaction-mode=revision", f"--auto-compaction-retention={KEPT_REVISIONS}")
        certificates = ClusterCertificates(root / "pki", MEMBERS)
        cluster = stack.enter_context(LocalCluster(root / "etcd", MEMBERS, certificates=certificates, options=options))
        load(cluster.endpoints[0], cluster.tls, read_dump(REGISTRY))
        rows = list(_run(cluster, root))
    for row in rows:
        print(f"{'FAILS' if row.wrong else 'holds'}  {row.what:32}  {row.found}")
        for reason in row.wrong[:SHOWN]:
            print(f"         {reason[:400]}")
    return 1 if any(row.wrong for row in rows) else 0


def _run(cluster: LocalCluster, root: Path) -> Iterator[Row]:
    captured = list(read_dump(REGISTRY))
    (root / "temporary").mkdir()
    chaos, writer = Chaos(cluster), Writer(cluster.endpoints, cluster.tls, captured)
    answers = Answers(chaos.excuses)
    with running(*_flags(cluster), folder=str(root / "temporary")) as server:
        slow = SlowClients(server.port, SLOW_CLIENTS)
        paths = list(addresses(captured))
        browsers = [Browser(server.port, paths, answers, seed) for seed in range(BROWSERS)]
        _say(f"{MINUTES:g} minutes, after {WARM_SECONDS:.0f} s to warm up")
        samples: list[Sample] = []
        with _together(writer.run, slow.run, _weighing(server.pid, samples), *(each.run for each in browsers)) as ended:
            clock = threading.Timer(WARM_SECONDS + MINUTES * 60, ended.set)
            clock.start()
            chaos.run(ended)
            clock.cancel()
        writer.close()
        yield Row("members that died", str(chaos.deaths), () if chaos.deaths else ("none",))
        yield _alive(cluster)
        yield Row("writes", f"{writer.written:,}, and {writer.missed} that met a dead member")
        yield Row("connections of slow clients", f"{slow.connections:,}")
        yield from _answered(answers)
        yield from _weighed(samples)
        yield from _compared(server.port, cluster, root)


def _flags(cluster: LocalCluster) -> list[str]:
    given = {"endpoints": ",".join(cluster.endpoints), "facts": "on", "workers": "1"}
    given |= _files(cluster.tls)
    return [word for name, value in given.items() for word in (f"--{name}", value)]


def _files(tls: TlsFiles) -> dict[str, str]:
    return {"cacert": tls.cacert, "cert": tls.cert, "key": tls.key}


@contextmanager
def _together(*works: Callable[[threading.Event], None]) -> Iterator[threading.Event]:
    """Each in a thread of its own until the block ends."""
    ended = threading.Event()
    threads = [threading.Thread(target=work, args=(ended,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield ended
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def _weighing(pid: int, samples: list[Sample]) -> Callable[[threading.Event], None]:
    """What adds a sample every few seconds, once it is warm."""

    def run(ended: threading.Event) -> None:
        ended.wait(WARM_SECONDS)
        while not ended.wait(SAMPLE_SECONDS):
            samples.append(sample(pid))

    return run


def _alive(cluster: LocalCluster) -> Row:
    """Members that ended though nobody killed them: etcd's fault or the machine's. They are started again."""
    ended = [m for m in cluster.members if m.process is None or m.process.poll() is not None]
    wrong = tuple(f"{m.name}, status {m.process and m.process.returncode}: {m.last_words()}" for m in ended)
    cluster.heal()
    return Row("members that ended by themselves", str(len(ended)), wrong)


def _answered(answers: Answers) -> Iterator[Row]:
    counted = ", ".join(f"{count:,} x {status}" for status, count in sorted(answers.statuses.items()))
    wrong = tuple(f"{count} x {what}" for what, count in answers.wrong.most_common())
    yield Row("answers", counted, wrong)
    ordered = sorted(answers.seconds)
    half, most = (ordered[int(len(ordered) * part)][0] for part in (0.5, 0.99))
    slowest = ", ".join(f"{path} {seconds:.2f} s" for seconds, path in ordered[:-4:-1])
    late = (f"more than {P99_SECONDS:g} s",) if most > P99_SECONDS else ()
    yield Row("seconds of pages", f"p50 {half:.2f}, p99 {most:.2f}; slowest: {slowest}", late)


def _weighed(samples: list[Sample]) -> Iterator[Row]:
    pids = {each.pids for each in samples}
    yield Row("workers", f"{len(pids)}", () if len(pids) == 1 else (f"not the same all the time: {pids}",))
    first, last = (value / 1e6 for value in quarters(samples, lambda each: each.memory_bytes))
    yield _flat("memory, MB", first, last, first * MORE_MEMORY)
    first, last = quarters(samples, lambda each: each.threads)
    yield _flat("threads", first, last, first + MORE_THREADS)
    first, last = quarters(samples, lambda each: each.descriptors)
    yield _flat("file descriptors", first, last, first + MORE_DESCRIPTORS)


def _flat(what: str, first: float, last: float, most: float) -> Row:
    wrong = (f"more than {most:.0f}",) if last > most else ()
    return Row(what, f"{first:.0f} in the first quarter, {last:.0f} in the last", wrong)


def _compared(port: int, cluster: LocalCluster, root: Path) -> Iterator[Row]:
    """The index and the facts, beside what etcd holds now that nobody writes."""
    settings = Settings(endpoints=cluster.endpoints, **_files(cluster.tls))
    store = EtcdStore(cluster.endpoints, cluster.tls, timeout_seconds=10.0)
    try:
        yield _equal("keys of the index", lambda: _differing_keys(port, store))
        databases = list((root / "temporary").glob("etcdview-facts-*/facts.db"))
        if len(databases) != 1 or not get_json(port, "/api/v1/resources")["factsComplete"]:
            yield Row("facts of values", "not complete", (f"databases: {databases}",))
            return
        yield _equal("facts of values", lambda: differing_facts(databases, store, settings, root))
    finally:
        store.close()


def _differing_keys(port: int, store: EtcdStore) -> list[str]:
    held, revision = held_keys(port)
    stored = store.list_names(b"\0", b"\0")
    differing = [repr(key) for key in sorted(held ^ set(stored.names))]
    return differing + ([f"revision {revision} beside etcd's {stored.revision}"] if revision != stored.revision else [])


def _equal(what: str, differing: Callable[[], list[str]]) -> Row:
    """Once nothing differs, or after all patience."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while found := differing():
        if time.monotonic() > deadline:
            break
        time.sleep(1.0)
    return Row(what, f"{len(found)} differ" if found else "equal to etcd's", tuple(found))


def _say(what: str) -> None:
    print(f"... {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    arguments(__doc__, takes_any=False)
    sys.exit(main())
