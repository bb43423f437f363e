"""Fuzzing of every reader of files: whatever is in one, it is read or refused in words, soon, in bounded memory.

`make fuzz` reads ten thousand; test_files.py a few hundred. Each is opened in a process that may take no more memory
than 10 x the file plus 100 MB above what it had.
"""

from __future__ import annotations

import base64
import faulthandler
import gzip
import io
import json
import os
import resource
import signal
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import zstandard

from etcdview.access.files import read_users
from etcdview.access.grants import read_access
from etcdview.cluster.sources import open_file
from etcdview.codec import load_encryption_config
from etcdview.config import kubeadm
from etcdview.config.file import read_file
from etcdview.deployment.on_disk import find_deployments
from etcdview.errors import EtcdviewError
from etcdview.index.memory import MemoryNames
from etcdview.kube.keys import KeySpace
from etcdview.models import Range
from tests.logs import COMPACTION, DELETE, GRANT, NODE, PUT, REVOKE, TXN, LogWriter, delete, number, put, request, text

CAPTURE = Path(__file__).parent.parent / "testdata" / "cluster-shop"
ROOT = Path(__file__).parents[2]
SPARE_BYTES, TIMES_ITS_SIZE = 100 << 20, 10
WAITING_SECONDS = 600
SECONDS = 60  # of the processor: the machine may be busy with other things; a file takes a few milliseconds
BATCH = 250  # files of one process

MANIFEST = b"""apiVersion: v1
kind: Pod
metadata: {name: etcd, namespace: kube-system, annotations: {kubeadm.kubernetes.io/etcd.advertise-client-urls: x}}
spec:
  containers:
  - command: [etcd, --advertise-client-urls=https://192.0.2.10:2379, --data-dir=/var/lib/etcd, --name=cp1]
    image: registry.k8s.io/etcd:3.5.15-0
    name: etcd
    volumeMounts:
    - {mountPath: /var/lib/etcd, name: data}
  volumes:
  - {hostPath: {path: /var/lib/etcd, type: DirectoryOrCreate}, name: data}
"""
ETCD_YAML = b"name: cp1\ndata-dir: /var/lib/etcd\nclient-transport-security:\n  cert-file: /a\n  key-file: /b\n"
UNIT = b"[Service]\nEnvironment=ETCD_NAME=cp1\nExecStart=/bin/etcd --name=$ETCD_NAME \\\n --data-dir /var/lib/etcd\n"
USERS = json.dumps({"users": [{"name": "a", "role": "viewer", "password": "$argon2id$x", "tokens": []}]}).encode()
USERS_TOML = b'[[users]]\nname = "a"\nrole = "viewer"\npassword = "$argon2id$x"\n'
ACCESS = (
    b'[roles.viewer]\nnamespaces = ["shop"]\nresources = ["*", "!secrets"]\n[[grants]]\nuser = "a"\nrole = "viewer"\n'
)
SETTINGS = b'endpoints = "https://127.0.0.1:2379"\nlisten = "127.0.0.1:8000"\n'


def _store(path: Path) -> None:
    """All of a file of keys: names, the values in pieces, the cluster's facts."""
    store = open_file(path)
    try:
        MemoryNames.of_store(store, KeySpace()).tree()
        start = b""
        while True:
            found = store.range(Range(start, b"\0", limit=100))
            if not found.more:
                break
            start = found.kvs[-1].key + b"\0"
        if hasattr(store, "facts"):
            store.facts()
    finally:
        store.close()


def _directory(path: Path) -> None:
    """A member's data directory: its database is whole, and the file is its log."""
    folder = path.parent / "member-data"
    database, log = folder / "member/snap/db", folder / "member/wal" / f"{0:016x}-{0:016x}.wal"
    if not database.exists():
        database.parent.mkdir(parents=True)
        database.write_bytes(_database())
        log.parent.mkdir()
    log.write_bytes(path.read_bytes())
    _store(folder)


def _below(name: str, read: Callable[[Path], object]) -> Callable[[Path], object]:
    """A reader of a machine's folders, of which the file is one."""

    def look(path: Path) -> object:
        place = path.parent / "root" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
        try:
            return read(path.parent / "root")
        finally:
            place.unlink()

    return look


Reader = Callable[[Path], object]
_MANIFEST = "etc/kubernetes/manifests/etcd.yaml"


def readers() -> dict[str, tuple[str, bytes, Reader]]:
    """By what it is: the file's name, a good one, and what reads it."""
    dump = gzip.decompress((CAPTURE / "registry.jsonl.gz").read_bytes())
    some = b"".join(dump.splitlines(keepends=True)[:60])
    kvs = [{"key": base64.b64encode(row["key"].encode()).decode(), "value": row["value"], "mod_revision": 7}
           for row in map(json.loads, some.splitlines())]  # fmt: skip
    answer = json.dumps({"header": {"revision": 9}, "kvs": kvs, "count": len(kvs)}).encode()
    return {
        "dump": ("d.jsonl", some, _store),
        "gzipped dump": ("d.jsonl.gz", some, _store),
        "etcdctl's answer": ("a.json", answer, _store),
        "gzipped answer": ("a.json.gz", answer, _store),
        "database": ("s.db", _database(), _store),
        "log": ("w.wal", _log(), _directory),
        "gzipped snapshot": ("s.gz", _database(), _store),
        "zipped snapshot": ("s.zip", _zipped(_database()), _store),
        "zstd snapshot": ("s.zst", zstandard.compress(_database(), 1), _store),
        "zstd dump": ("d.zst", zstandard.compress(some, 1), _store),
        "k3s's database": ("state.db", _kine(kvs), _store),
        "EncryptionConfiguration": (
            "e.yaml",
            (CAPTURE / "encryption-config.yaml").read_bytes(),
            load_encryption_config,
        ),
        "static Pod": ("p.yaml", MANIFEST, _below(_MANIFEST, find_deployments)),
        "static Pod, to connect by": ("p.yaml", MANIFEST, _below(_MANIFEST, kubeadm.find)),
        "etcd's own file": ("c.yml", ETCD_YAML, _below("etc/etcd/etcd.conf.yml", find_deployments)),
        "unit": ("u.service", UNIT, _below("etc/systemd/system/etcd.service", find_deployments)),
        "users": ("u.json", USERS, read_users),
        "users as TOML": ("u.toml", USERS_TOML, read_users),
        "access": ("a.toml", ACCESS, read_access),
        "settings": ("s.toml", SETTINGS, read_file),
    }


_REQUESTS = (
    request(PUT, put(b"/registry/a", b"v" * 700)),
    request(TXN, text(2, text(2, put(b"/registry/b", b"w"))) + text(3, text(3, delete(b"/registry/a")))),
    request(GRANT, number(1, 60) + number(2, 5)),
    request(PUT, put(b"/registry/c", b"x" * 90, 5)),
    request(DELETE, delete(b"/registry/pods/", b"/registry/pods0")),
    request(REVOKE, number(1, 5)),
    request(COMPACTION, number(1, 1100)),
    b"",
)


def _log() -> bytes:
    """The log of the captured database's member, with what follows the database."""
    log = LogWriter()
    log.entries(1267, _REQUESTS * 2)
    return log.bytes + b"\0" * 2048


@cache
def _database() -> bytes:
    """The captured database, without its hash."""
    return gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]


def _zipped(data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("snapshot", data)
    return made.getvalue()


def _kine(kvs: Iterable[dict[str, Any]]) -> bytes:
    """A database as k3s keeps it, with some keys."""
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE TABLE kine (id INTEGER PRIMARY KEY, name TEXT, created INTEGER, deleted INTEGER,"
        " create_revision INTEGER, prev_revision INTEGER, lease INTEGER, value BLOB, old_value BLOB)"
    )
    rows = [(base64.b64decode(kv["key"]).decode(), base64.b64decode(kv["value"])) for kv in kvs]
    connection.executemany("INSERT INTO kine (name, created, value) VALUES (?, 1, ?)", rows)
    connection.commit()
    data = connection.serialize()
    connection.close()
    return data


def _relogged(data: bytes, random: Random) -> bytes:
    """A log whose checksums fit, with requests that are damaged, and with entries out of order."""
    log = LogWriter(random.choice((NODE, 7)))
    index = 1267
    for step in range(random.randrange(1, 12)):
        damaged = _REQUESTS[step % len(_REQUESTS)]
        for _ in range(random.choice((0, 1, 1, 3))):
            damaged = random.choice(_PLAIN)(damaged, random.randrange(len(damaged) + 1), random)
        log.entry(index, damaged, kind=random.choice((0, 0, 0, 1, 2)))
        index += random.choice((1, 1, 1, 1, -1, 0, 5, 1 << 40))
        if random.random() < 0.3:
            log.state(random.choice((index, 0, 1266, 1 << 60)))
    log.bytes += random.choice((b"", b"\0" * 512, data[: random.randrange(len(data))]))
    return log.bytes


def _reframed(data: bytes, random: Random) -> bytes:
    """A log with lengths, kinds and checksums changed."""
    edited = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 20))):
        at = random.randrange(len(data) // 8) * 8
        edited[at : at + 8] = struct.pack(
            "<Q", random.choice((0, 1, 8, 1 << 63, (1 << 64) - 1, random.getrandbits(64)))
        )
    return bytes(edited)


Edit = Callable[[bytes, int, Random], bytes]
_REPEATED = (b" ", b"a", b"\0", b"[", b"{", b'{"a":', b"[],", b"\n", b"9", b"- ", b"&a ")
_TIMES = (1 << 12, 1 << 16, 1 << 20)  # packed, a million of one byte are a thousand
_OTHERS = (b"1e400", b"-7", b"9" * 20, b"9" * 5000, b"null", b"[]", b"{}", b'{"a":1}', b'""', b"\xff", b"true", b"1.5")
_YAML = (b"*a", b"&a", b"!!int x", b"? ", b"<<: *a", b"2001-99-99", b"0o9", b"\t")
_LAUGHS = b"".join(b"l%d: &l%d [%s]\n" % (i, i, b",".join([b"*l%d" % (i - 1) if i else b"x"] * 9)) for i in range(12))
_KEYS = tuple(b"".join(b'{"key":"/k%d","value":""}\n' % i for i in range(count)) for count in (100, 60_000))
_GROWING: tuple[Edit, ...] = (
    lambda data, at, chance: data[:at] + chance.choice(_REPEATED) * chance.choice(_TIMES) + data[at:],
    lambda data, at, chance: data + data[at : at + 400] * chance.choice((2, 50, 2000)),
    lambda data, at, chance: data[:at] + chance.choice(_KEYS) + data[at:],
    lambda data, at, chance: data + b"\n" + _LAUGHS,
    lambda data, at, chance: data + b"\na = " + b"[" * 3000 + b"]" * 3000 + b"\n",
)
_PLAIN: tuple[Edit, ...] = (
    lambda data, at, chance: data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
    lambda data, at, chance: data[:at],
    lambda data, at, chance: data[:at] + data[at + chance.randrange(64) :],
    lambda data, at, chance: data[:at] + data[at : at + chance.randrange(64)] * 3 + data[at:],
    lambda data, at, chance: data[:at] + chance.choice(_OTHERS) + data[at:],
    lambda data, at, chance: data[:at] + chance.choice(_YAML) + data[at:],
    lambda data, at, chance: _instead(data, at, chance.choice(_OTHERS)),
    lambda data, at, chance: _instead(data, at, chance.choice(_OTHERS)),
)
_PAGE = 4096


def _instead(data: bytes, at: int, other: bytes) -> bytes:
    """Another value in the place of the next one behind a colon or an equals sign."""
    begin = max(data.find(b": ", at), data.find(b"= ", at))
    end = min((i for i in (data.find(b",", begin), data.find(b"\n", begin)) if i > 0), default=-1)
    return data if begin < 0 or end < 0 else data[: begin + 2] + other + data[end:]


def _pages(data: bytes, random: Random) -> bytes:
    """A database with numbers of its pages changed: counts, offsets, sizes, the pages that they point to."""
    edited = bytearray(data)
    for _ in range(random.choice((1, 1, 3, 20))):
        page = random.randrange(len(data) // _PAGE) * _PAGE
        at = page + random.choice((8, 10, 12, *(16 + 4 * i for i in range(60))))
        number = random.choice((0, 1, 16, 0x7FFFFFFF, 0xFFFFFFFF, random.randrange(1 << 16)))
        edited[at : at + 4] = struct.pack("<I", number)
    return bytes(edited)


def _overlaid(data: bytes, random: Random) -> bytes:
    """A database one of whose leaves gives the same bytes many times."""
    edited = bytearray(data)
    page = random.randrange(3, len(data) // _PAGE) * _PAGE
    count = min(struct.unpack_from("<H", data, page + 10)[0], (_PAGE - 16) // 16)
    for i in range(count):
        struct.pack_into("<III", edited, page + 20 + 16 * i, max(0, _PAGE // 2 - 16 * i), 17, 1000)
    return bytes(edited)


def mutated(kind: str, name: str, good: bytes, random: Random) -> bytes:
    """A file of that kind with something wrong in it, as it lies on the disk."""
    if kind == "database":
        return random.choice((_pages, _pages, _overlaid, lambda d, r: d[: r.randrange(len(d))]))(good, random)
    if kind in ("gzipped snapshot", "k3s's database") and random.random() < 0.7:
        good = _pages(good, random)
    if kind == "log" and random.random() < 0.7:
        return random.choice((_relogged, _relogged, _reframed))(good, random)
    data = good
    for _ in range(random.choice((1, 1, 2, 4))):
        data = random.choice(_PLAIN)(data, random.randrange(len(data) + 1), random)
    if random.random() < 0.2:
        data = random.choice(_GROWING)(data, random.randrange(len(data) + 1), random)
    if not name.endswith(".gz"):
        return data
    packed = gzip.compress(data, 6)
    return packed if random.random() < 0.7 else random.choice(_PLAIN)(packed, random.randrange(len(packed)), random)


class Overdue(Exception):
    """A file took longer than SECONDS."""


def read_many(seed: int, count: int) -> Counter[tuple[str, str]]:
    """How many files of each kind were read, and refused, of `count` that are made by `seed`.

    Raises what a reader raises beside its own errors, MemoryError and Overdue among it.
    """
    random, ended = Random(seed), Counter[tuple[str, str]]()  # noqa: S311 - of mutations
    kinds = readers()
    signal.signal(signal.SIGPROF, _overdue)
    signal.signal(signal.SIGALRM, _overdue)  # what waits takes no time of the processor
    with tempfile.TemporaryDirectory() as folder:
        for number in range(count):
            kind = random.choice(list(kinds))
            name, good, read = kinds[kind]
            path = Path(folder) / name
            path.write_bytes(mutated(kind, name, good, random))
            path.chmod(0o600)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            signal.alarm(WAITING_SECONDS)
            try:
                with _bounded(path.stat().st_size):
                    read(path)
                ended[kind, "read"] += 1
            except EtcdviewError:
                ended[kind, "refused"] += 1
            except BaseException as error:
                kept = Path(tempfile.gettempdir()) / f"etcdview-fuzz-{seed}-{number}-{name}"
                kept.write_bytes(path.read_bytes())
                error.add_note(f"{kind}: {kept}")
                raise
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                signal.alarm(0)
    return ended


class _bounded:
    """No more address space than there is, and what a file of that size may take."""

    def __init__(self, size_bytes: int) -> None:
        self._more = SPARE_BYTES + TIMES_ITS_SIZE * size_bytes

    def __enter__(self) -> None:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        self._before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (pages * os.sysconf("SC_PAGE_SIZE") + self._more, self._before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_AS, self._before)


def _overdue(*_: object) -> None:
    raise Overdue(f"not done after {SECONDS} s of the processor, or {WAITING_SECONDS} s of waiting")


def fuzz(count: int, seed: int = 1) -> Iterator[str]:
    """Read `count` mutated files, in processes of BATCH each; a line with the counts of each kind at the end.

    Raises AssertionError with what a process said that did not end well.
    """
    ended: Counter[tuple[str, str]] = Counter()
    for batch in range(0, count, BATCH):
        size = min(BATCH, count - batch)
        command = [sys.executable, "-m", "tests.fuzz.files", str(seed + batch), str(size)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=3600)
        assert done.returncode == 0, done.stderr[-3000:]
        ended += Counter({(kind, how): n for kind, how, n in json.loads(done.stdout)})
    for kind in sorted({kind for kind, _ in ended}):
        yield f"{kind}: {ended[kind, 'read']:,} read, {ended[kind, 'refused']:,} refused"
    yield f"{ended.total():,} files, none of which hung, left a traceback or took more memory than it may"


if __name__ == "__main__":
    faulthandler.enable()
    found = read_many(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps([[kind, how, n] for (kind, how), n in found.items()]))  # noqa: T201 - read by fuzz()
