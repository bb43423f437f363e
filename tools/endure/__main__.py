"""`python -m tools.endure`: use it hard for MINUTES= (60, or HOURS=); members die, certificates change, each minute.

Prints a table; exit status 1 where a row of it fails. P99= is how many seconds pages may take (1), for busy machines.
BROWSERS= (100) poll, WRITES= (200) is how many a second, SLOW= (500) clients never finish a request and UNREAD= (30)
never read an answer. At first, beside slow clients alone, 99 of 100 pages take less than QUIET_P99= (0.2) seconds.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from etcdview.config import Settings
from etcdview.demo.certificates import ClusterCertificates
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.running import REGISTRY
from etcdview.models import Range, TlsFiles
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.etcd.client import EtcdStore
from etcdview.stores.files.dump import read_dump
from tests.serving import Server, running
from tools.endure.chaos import MINUTE, Chaos
from tools.endure.load import Answers, Browser, SlowClients, Writer, addresses
from tools.endure.measured import Sample, differing_facts, get_json, held_keys, quarters, sample
from tools.given import arguments


def minutes_of(environ: Mapping[str, str]) -> float:
    """How long it lasts: MINUTES, else HOURS, else an hour."""
    return float(environ.get("MINUTES") or 60 * float(environ.get("HOURS") or 1))


MINUTES = minutes_of(os.environ)
P99_SECONDS = float(os.environ.get("P99") or 1.0)
QUIET_P99_SECONDS = float(os.environ.get("QUIET_P99") or 0.2)
BROWSERS, WRITES, SLOW, UNREAD = (
    int(os.environ.get(name) or usual)
    for name, usual in (("BROWSERS", 100), ("WRITES", 200), ("SLOW", 500), ("UNREAD", 30))
)
QUIET_SECONDS = 20.0
WARM_SECONDS = 60.0  # before the memory is measured: pages load late, caches fill
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


def main() -> int:
    """The exit status."""
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etcdview-endure-")))
        options = ("--auto-compaction-mode=revision", f"--auto-compaction-retention={KEPT_REVISIONS}")
        certificates = ClusterCertificates(root / "pki", MEMBERS)
        cluster = stack.enter_context(LocalCluster(root / "etcd", MEMBERS, certificates=certificates, options=options))
        load(cluster.endpoints[0], cluster.tls, read_dump(REGISTRY))
        rows: list[Row] = []
        try:
            rows.extend(_run(cluster, certificates, root))
        finally:  # the server may have said a traceback: what was measured until then counts all the same
            print("\n".join(table(rows)), flush=True)
    return 1 if any(row.wrong for row in rows) else 0


def table(rows: Sequence[Row]) -> Iterator[str]:
    """The lines that are printed: each row, and below it why it fails."""
    wide = max((len(row.what) for row in rows), default=0)
    for row in rows:
        yield f"{'FAILS' if row.wrong else 'holds'}  {row.what:{wide}}  {row.found}"
        yield from (f"       {reason[:400]}" for reason in row.wrong[:SHOWN])


def _run(cluster: LocalCluster, certificates: ClusterCertificates, root: Path) -> Iterator[Row]:
    captured = list(read_dump(REGISTRY))
    (root / "temporary").mkdir()
    chaos, writer = Chaos(cluster, certificates), Writer(cluster.endpoints, cluster.tls, captured, WRITES)
    answers = Answers(chaos.excuses)
    with running(*_flags(cluster), folder=str(root / "temporary")) as server:
        slow = SlowClients(server.port, SLOW, UNREAD)
        paths = list(addresses(captured))
        yield _beside_slow_clients(server.port, paths)
        browsers = [Browser(server.port, paths, answers, seed) for seed in range(BROWSERS)]
        _say(f"{MINUTES:g} minutes, after {WARM_SECONDS:.0f} s to warm up")
        samples: list[Sample] = []
        began = time.monotonic()
        with _together(writer.run, slow.run, _weighing(server, samples), *(each.run for each in browsers)) as ended:
            clock = threading.Timer(WARM_SECONDS + MINUTES * 60, ended.set)
            clock.start()
            chaos.run(ended)
            clock.cancel()
            seconds = time.monotonic() - began
        writer.close()
        yield Row("time", f"{seconds / 60:.1f} minutes with {BROWSERS} browsers; {os.cpu_count()} processors")
        yield _chaos(chaos)
        yield _alive(cluster)
        yield _written(writer, seconds)
        yield Row("connections of slow clients", f"{slow.connections:,}, {SLOW + UNREAD} at a time")
        yield from _answered(answers)
        yield from _weighed(samples)
        yield from _compared(server.port, cluster, root)


def _beside_slow_clients(port: int, paths: list[str]) -> Row:
    """One browser, and clients that never finish a request."""
    answers = Answers(lambda _: False)
    _say(f"{QUIET_SECONDS:.0f} s beside {SLOW} clients that never finish a request")
    reader, slow = Browser(port, paths, answers, seed=0), SlowClients(port, SLOW, 0)
    with _together(slow.run):
        reader.read_all()  # pages load late, caches fill
        answers.seconds.clear()
        end = time.monotonic() + QUIET_SECONDS
        while time.monotonic() < end:
            reader.read_all()

    half, most = _percentiles(answers)
    wrong = (f"more than {QUIET_P99_SECONDS:g} s",) if most > QUIET_P99_SECONDS else ()
    found = f"p50 {half:.2f}, p99 {most:.2f} of {len(answers.seconds)}; slowest: {_slowest(answers)}"
    return Row(f"seconds beside {SLOW} slow clients", found, (*wrong, *answers.wrong))


def _chaos(chaos: Chaos) -> Row:
    found = ", ".join(f"{chaos.done[step.what]} {step.what}" for step in MINUTE if step.what)
    return Row("members", found, tuple(f"none {s.what}" for s in MINUTE if s.what and not chaos.done[s.what]))


def _written(writer: Writer, seconds: float) -> Row:
    rate = writer.written / seconds
    few = (f"fewer than 9 of 10 of {WRITES} a second",) if rate < 0.9 * WRITES else ()
    return Row("writes", f"{writer.written:,}, {rate:.0f} a second; {writer.missed} met a member that was away", few)


def _percentiles(answers: Answers) -> tuple[float, float]:
    """The median, and what 99 of 100 stay below; in seconds."""
    ordered = sorted(answers.seconds)
    half, most = (ordered[int(len(ordered) * part)][0] for part in (0.5, 0.99))
    return half, most


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


def _weighing(server: Server, samples: list[Sample]) -> Callable[[threading.Event], None]:
    """What adds a sample every few seconds, once it is warm."""

    def run(ended: threading.Event) -> None:
        ended.wait(WARM_SECONDS)
        while not ended.wait(SAMPLE_SECONDS):
            samples.append(sample(server.pid, server.port))

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
    half, most = _percentiles(answers)
    late = (f"more than {P99_SECONDS:g} s",) if most > P99_SECONDS else ()
    yield Row("seconds of pages", f"p50 {half:.2f}, p99 {most:.2f}; slowest: {_slowest(answers)}", late)


def _slowest(answers: Answers) -> str:
    return ", ".join(f"{path} {seconds:.2f} s" for seconds, path in sorted(answers.seconds)[:-4:-1])


def _weighed(samples: list[Sample]) -> Iterator[Row]:
    pids = {each.pids for each in samples}
    yield Row("workers", f"{len(pids)}", () if len(pids) == 1 else (f"not the same all the time: {pids}",))
    first, last = (value / 1e6 for value in quarters(samples, lambda each: each.memory_bytes))
    yield _flat("memory, MB", first, last, first * MORE_MEMORY)
    first, last = quarters(samples, lambda each: each.threads)
    yield _flat("threads", first, last, first + MORE_THREADS)
    first, last = quarters(samples, lambda each: each.descriptors)
    yield _flat("file descriptors beside clients", first, last, first + MORE_DESCRIPTORS)


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
    stored = store.list_names(Range(b"\0", b"\0"))
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
