"""What the facts of values are compared with: a scan of all that etcd holds."""

from __future__ import annotations

from pathlib import Path

from etcdview.index.facts.database import FactWriter, create
from etcdview.index.facts.fact import Extractor
from etcdview.index.facts.reading import FactReader, KeyFacts, Total, Wanted
from etcdview.models import Range
from etcdview.stores.etcd.client import EtcdStore

Everything = tuple[tuple[KeyFacts, ...], list[Total]]


def everything(reader: FactReader) -> Everything:
    """All facts and all sums. The way of filling decides nothing of them."""
    totals = [total for total in reader.totals() if total.keys]
    return reader.facts(Wanted()), sorted(totals, key=repr)


def scanned(store: EtcdStore, extractor: Extractor, folder: Path) -> tuple[Everything, int]:
    """What a fresh scan of etcd gives, and its revision. The folder is for a database."""
    found = store.range(Range(b"\0", b"\0"))
    path = folder / "fresh.db"
    create(path)
    writer, reader = FactWriter(path), FactReader(path)
    writer.write(map(extractor.fact, found.kvs))
    writer.complete()
    answer = everything(reader)
    writer.close()
    reader.close()
    return answer, found.revision
