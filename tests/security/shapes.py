"""Captured objects of which one field has another type: what a damaged, or hand-written, etcd may hold.

A round gives one mutant of each of several types, so that pages which show several are opened once for all of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.cluster import Cluster
from etcdview.codec import Codec, load_encryption_config
from etcdview.config import Settings
from etcdview.index import names_for
from etcdview.kube.keys import KeySpace
from etcdview.models import KeyValue
from etcdview.stores.files.dump import read_dump, write_dump
from etcdview.stores.files.memory import StaticStore
from webapp import create_app

Path_ = tuple[str | int, ...]
# One of each type that JSON has, and sizes that no field expects. Whatever a field is, six of these are not.
OTHERS: tuple[Any, ...] = ("x", 7, [], {}, None, True, [["x"]], {"x": {"x": 1}}, -1e300, 10**30, ["x", 5, None], "")
EVERYTHING = ("/", "/namespaces", "/storage?run=1", "/encryption", "/certificates", "/registry", "/health",
              "/api/v1/resources", "/api/v1/namespaces", "/api/v1/storage", "/api/v1/certificates", "/api/v1/cluster",
              "/search/content?q=x&kind=text&prefix=/registry/",
              "/search/content?q=a%3Db&kind=labels&prefix=/registry/")  # fmt: skip
OF_TYPE = ("/registry?resource={}", "/registry?resource={}&wide=1&labels=a&sort=-age", "/registry?resource={}&q=x",
           "/api/v1/table?resource={}&wide=1&sort=name", "/api/v1/table?resource={}&labels=!nothing")  # fmt: skip
OF_KEY = ("/object?{}", "/object?view=yaml&served=1&{}", "/object?view=json&managed=1&{}", "/object?view=wire&{}",
          "/history?{}", "/download?format=yaml&{}", "/api/v1/object?{}", "/api/v1/history?{}")  # fmt: skip
WRITES = ("/edit?{}", "/delete?{}")


@dataclass(frozen=True)
class Mutant:
    """One object with one field of another type. `resource` is its type as pages name it."""

    key: bytes
    resource: str
    path: Path_
    other: Any
    object: dict[str, Any] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.key.decode()} {'.'.join(map(str, self.path))} = {self.other!r}"


@dataclass(frozen=True)
class Broken:
    """An address or a command that failed on the mutants of a round."""

    what: str
    why: str


class Registry:
    """The captured registry, decoded; what is encrypted stays as it is."""

    def __init__(self, capture: Path) -> None:
        self.encryption = load_encryption_config(capture / "encryption-config.yaml")
        self.keyspace = KeySpace()
        self.stored = {kv.key: kv for kv in read_dump(capture / "registry.jsonl.gz")}
        codec = Codec(encryption=self.encryption)
        decoded = {kv.key: codec.decode(kv.key, kv.value).object for kv in self.stored.values()}
        self.objects = {key: obj for key, obj in decoded.items() if obj is not None}
        self.by_type: dict[str, list[bytes]] = defaultdict(list)
        for key in self.stored:
            found = self.keyspace.object_key(key)
            if found is not None:
                self.by_type[found.resource.id].append(key)

    def mutants(self) -> dict[str, list[tuple[bytes, Path_]]]:
        """By type: each field that any object of it has, items of a list taken together, with an object that has it."""
        fields: dict[str, dict[Path_, tuple[bytes, Path_]]] = defaultdict(dict)
        for resource, keys in self.by_type.items():
            for key in keys:
                for path in _paths(self.objects.get(key)):
                    general = tuple("*" if isinstance(step, int) else step for step in path)
                    fields[resource].setdefault(general, (key, path))
        return {resource: list(found.values()) for resource, found in fields.items()}

    def mutant(self, resource: str, key: bytes, path: Path_, other: Any) -> Mutant:
        """The object of the key with `other` at the path."""
        obj = json.loads(json.dumps(self.objects[key]))
        inner = obj
        for step in path[:-1]:
            inner = inner[step]
        inner[path[-1]] = other
        return Mutant(key, resource, path, other, obj)

    def with_mutants(self, mutants: Sequence[Mutant]) -> list[KeyValue]:
        """All keys, those of the mutants with their objects as JSON."""
        changed = {m.key: json.dumps(m.object).encode() for m in mutants}
        return [
            KeyValue(kv.key, kv.create_revision, kv.mod_revision, kv.version, kv.lease, changed.get(kv.key, kv.value))
            for kv in self.stored.values()
        ]


def _paths(value: Any, above: Path_ = ()) -> Iterator[Path_]:
    """Every field and item below `value`; of a list the first three."""
    inner: Iterator[tuple[str | int, Any]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(list(enumerate(value))[:3])
    for step, below in inner:
        yield (*above, step)
        if step == "fieldsV1":  # as many fields as the object itself has, which nothing reads one by one
            continue
        yield from _paths(below, (*above, step))


def rounds(registry: Registry, random: Random, others: int) -> Iterator[list[Mutant]]:
    """Rounds of mutants: each field of each type with `others` of OTHERS, a type at most once a round."""
    waiting = {
        resource: [(key, path, other) for key, path in found for other in random.sample(OTHERS, others)]
        for resource, found in registry.mutants().items()
    }
    for cases in waiting.values():
        random.shuffle(cases)
    while waiting:
        yield [registry.mutant(resource, *cases.pop()) for resource, cases in waiting.items()]
        waiting = {resource: cases for resource, cases in waiting.items() if cases}


class _Tracebacks(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            error, trace = record.exc_info[1], record.exc_info[2]
            places = []
            while trace is not None:
                code = trace.tb_frame.f_code
                if (
                    "/etcdview/" in code.co_filename
                    or "/webapp/" in code.co_filename
                    or "templates/" in code.co_filename
                ):
                    places.append(f"{code.co_filename}:{trace.tb_lineno}")
                trace = trace.tb_next
            self.last = f"{error!r} at {places[-1] if places else '?'}"


class Looker:
    """Opens pages, routes and commands on a round of mutants, and says what broke."""

    def __init__(self, registry: Registry, folder: Path) -> None:
        self.registry = registry
        self.folder = folder
        self.count = 0

    def look(self, mutants: Sequence[Mutant], *, everything: bool = True, commands: bool = True) -> list[Broken]:
        """What failed: an answer of 500, a traceback, an object of another key that is no longer there."""
        kvs = self.registry.with_mutants(mutants)
        client = self._client(kvs)
        broken: list[Broken] = []
        if everything:
            broken += self._pages(client, EVERYTHING, "")
        for mutant in mutants:
            broken += [Broken(f"{b.what}  [{mutant}]", b.why) for b in self._look_at(client, mutant)]
        if commands:
            broken += self._commands(kvs, mutants)
        return broken

    def _client(self, kvs: Sequence[KeyValue]) -> FlaskClient:
        store, keyspace = StaticStore("shapes", kvs), KeySpace()
        cluster = Cluster(
            name="shapes",
            store=store,
            index=names_for(store, keyspace),
            codec=Codec(encryption=self.registry.encryption),
            keyspace=keyspace,
        )
        return create_app(Settings(audit_log=str(self.folder / "audit.jsonl")), cluster).test_client()

    def _look_at(self, client: FlaskClient, mutant: Mutant) -> Iterator[Broken]:
        yield from self._pages(client, OF_TYPE, mutant.resource)
        yield from self._pages(client, OF_KEY, urlencode({"key": mutant.key.decode()}))
        neighbours = {key.decode() for key in self.registry.by_type[mutant.resource]} - {mutant.key.decode()}
        rows = client.get(f"/api/v1/table?resource={mutant.resource}&limit=500").get_json().get("rows", [])
        missing = neighbours - {row["key"] for row in rows}
        if missing:
            yield Broken("the table", f"without {sorted(missing)[:3]}")

    def _pages(self, client: FlaskClient, paths: Sequence[str], about: str) -> Iterator[Broken]:
        handler = _Tracebacks()
        logging.getLogger().addHandler(handler)
        try:
            for path in paths:
                handler.last = ""
                try:
                    response = client.get(path.format(about))
                    response.get_data()
                    self.count += 1
                except Exception as error:  # noqa: BLE001 - any is a finding: a stream that breaks off
                    yield Broken(path.format(about), f"while it streamed: {error!r}")
                    continue
                if response.status_code >= 500 or handler.last:
                    yield Broken(path.format(about), handler.last or str(response.status_code))
        finally:
            logging.getLogger().removeHandler(handler)

    def _commands(self, kvs: Sequence[KeyValue], mutants: Sequence[Mutant]) -> Iterator[Broken]:
        dump = self.folder / "shapes.jsonl"
        dump.unlink(missing_ok=True)
        write_dump(kvs, dump)
        names = [m.resource for m in mutants if self.registry.keyspace.object_key(m.key)]
        given = [
            ["get", ",".join(names), "-A"],
            ["get", ",".join(names), "-A", "-o", "yaml", "-l", "a!=b", "--field-selector", "metadata.x!=y"],
            ["get", ",".join(names), "-A", "-o", "wide", "--show-labels", "--sort-by", ".metadata.creationTimestamp"],
        ]
        for mutant in mutants:
            place = self.registry.keyspace.object_key(mutant.key)
            if place is not None:
                where = ["-n", place.namespace] if place.namespace else []
                given.append(["describe", f"{place.resource.id}/{place.name}", *where])
        for arguments in given:
            out = io.StringIO()
            try:
                with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
                    run([*arguments, "--from", str(dump)])
                self.count += 1
            except Exception as error:  # noqa: BLE001 - any is a finding
                place_ = error.__traceback__
                while place_ is not None and place_.tb_next is not None:
                    place_ = place_.tb_next
                at = f"{place_.tb_frame.f_code.co_filename}:{place_.tb_lineno}" if place_ else ""
                yield Broken("etcdview " + " ".join(arguments)[:80], f"{error!r} at {at}")
