"""The page on encryption at rest: which values are plain, which under which key, and how to have them all right."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from etcdview.cluster.coverage import PLAIN, Count, Encryption, TypeEncryption
from etcdview.cluster.scope import FactSource
from etcdview.cluster.window import Window
from etcdview.codec import EncryptionConfig
from etcdview.health.findings import Finding
from etcdview.index.base import Freshness, Tree
from etcdview.index.facts.reading import Wanted
from etcdview.kube.keys import show
from etcdview.kube.words import counted, plural
from etcdview.pages.parts.commands import Command
from etcdview.pages.parts.costly import MANY, check_costly, may_ask_costly

# right: as the configuration writes it; old: under a key that it only reads; plain: not encrypted though it should be;
# open: plain, and nothing says otherwise; closed: encrypted, and there is no configuration to compare with
State = Literal["right", "old", "plain", "open", "closed"]
SECRETS = "secrets"
MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class EncryptionRow:
    """Values of one type under one key, or plain."""

    text: str
    count: int
    state: State


@dataclass(frozen=True, slots=True)
class TypeRow:
    """One resource type. `wanted` is the configured provider, "" without one; `rewrite` applies it."""

    name: str
    total: int
    looked_at: int
    encryptions: tuple[EncryptionRow, ...]
    state: State
    wanted: str
    rewrite: str

    @property
    def complete(self) -> bool:
        """Whether every value was looked at."""
        return self.looked_at >= self.total


@dataclass(frozen=True, slots=True)
class EncryptionPage:
    """`rows` are the types that are encrypted, or should be; `others` the rest, all plain as far as was looked."""

    freshness: Freshness
    configured: bool
    count: Count
    running: bool
    may_count: bool
    rows: tuple[TypeRow, ...]
    others: tuple[TypeRow, ...]
    findings: tuple[Finding, ...]
    commands: tuple[Command, ...]


def encryption_page(window: Window, now: datetime) -> EncryptionPage:
    """The page, from the last full count if there is one for this viewer, else from a sample."""
    whole = window.viewer.scope.whole
    full = window.cluster.coverage.full() if whole else None
    facts = window.value_facts
    if facts is not None:
        count = count_by_facts(facts, window.index.tree(), now)
    elif full is not None and full.types:
        count = full
    else:
        with window.for_others():  # who share the sample for a minute
            count = window.cluster.coverage.sample(window, lambda: datetime.now(now.tzinfo))
    config = window.cluster.codec.encryption
    rows = sorted((_row(encryptions, config) for encryptions in count.types), key=_order)
    return EncryptionPage(
        freshness=window.index.freshness(),
        configured=bool(config.rules),
        count=count,
        running=full is not None and full.progress is not None,
        may_count=may_ask_costly(window),
        rows=tuple(row for row in rows if not _is_other(row)),
        others=tuple(row for row in rows if _is_other(row)),
        findings=tuple(_findings(rows, _plain_secrets(facts), now)),
        commands=_commands(),
    )


def is_costly(window: Window) -> bool:
    """Whether the page reads samples of very many objects or types. Counts of before answer; facts of all do."""
    full = window.cluster.coverage.full() if window.viewer.scope.whole else None
    counted = window.value_facts is not None or (full is not None and full.types)
    return not counted and window.index.tree().count > MANY


def _plain_secrets(facts: FactSource | None) -> str:
    """The keys of Secrets that are not encrypted, for a sentence; "" where their facts are not known."""
    if facts is None:
        return ""
    keys = facts.keys(Wanted(resource=SECRETS, plain=True), order="any", limit=MOST_NAMED)
    count = sum(t.keys for t in facts.totals() if t.resource == SECRETS and not t.storage.provider)
    return ", ".join(map(show, sorted(keys))) + (f" and {count - MOST_NAMED:,} more" if count > MOST_NAMED else "")


def count_by_facts(facts: FactSource, tree: Tree, now: datetime) -> Count:
    """All values by how they are encrypted, as their facts say."""
    found: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for total in facts.totals():
        found[total.resource][total.storage.provider, total.storage.key_name] += total.keys
    types = tuple(
        TypeEncryption(t.resource, by.total(), by.total(), {Encryption(*how): n for how, n in by.items()})
        for t in tree.types
        if (by := found[t.resource.prefix])
    )
    return Count(now, types, full=True)


def begin_count(window: Window, now: datetime) -> bool:
    """Count all values in the background; false where a count runs. Raises DeniedError as `may_count` says no."""
    check_costly(window, "count all values")
    return window.cluster.coverage.begin(window.unhurried(), lambda: datetime.now(now.tzinfo))


def stop_count(window: Window) -> bool:
    """End the count that runs; what it has counted stays. False where none runs. Raises as `begin_count`."""
    check_costly(window, "count all values")
    return window.cluster.coverage.stop()


def _row(found: TypeEncryption, config: EncryptionConfig) -> TypeRow:
    resource = found.resource
    covered = config.rule_for(resource.qualified) is not None
    wanted = Encryption(*config.writer(resource.qualified))
    counted = sorted(found.encryptions.items(), key=lambda item: (-item[1], item[0].provider, item[0].key_name))
    suspicious = resource.prefix == SECRETS or any(encryption != PLAIN for encryption in found.encryptions)
    unknown = _Unknown("plain" if suspicious else "open")
    encryptions = tuple(
        EncryptionRow(_words(encryption), n, _state(encryption, wanted) if covered else unknown.state(encryption))
        for encryption, n in counted
    )
    states = [row.state for row in encryptions]
    worst = next((state for state in _BY_WORST if state in states), "right" if covered else "open")
    plural = resource.qualified
    where = " --all-namespaces" if resource.namespaced else ""
    wrong = worst in ("plain", "old") and resource.served
    return TypeRow(
        name=plural,
        total=found.total,
        looked_at=found.looked_at,
        encryptions=encryptions,
        state=worst,
        wanted=_words(wanted) if covered else "",
        rewrite=f"kubectl get {plural}{where} -o json | kubectl replace -f -" if wrong else "",
    )


_BY_WORST: tuple[State, ...] = ("plain", "old", "closed", "right", "open")


def _state(encryption: Encryption, wanted: Encryption) -> State:
    if encryption == wanted:
        return "right"
    return "plain" if encryption == PLAIN else "old"


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Where no rule covers the type: `plain` is what to make of a plain value."""

    plain: State

    def state(self, encryption: Encryption) -> State:
        return self.plain if encryption == PLAIN else "closed"


def _words(encryption: Encryption) -> str:
    return f"{encryption.provider}, key {encryption.key_name}" if encryption.provider else "plain"


def _is_other(row: TypeRow) -> bool:
    return row.state == "open" and row.name != SECRETS


def _order(row: TypeRow) -> tuple[bool, int, str]:
    return row.name != SECRETS, _BY_WORST.index(row.state), row.name


def _findings(rows: list[TypeRow], plain_secrets: str, now: datetime) -> list[Finding]:
    found = []
    for row in rows:
        plain = sum(encryption.count for encryption in row.encryptions if encryption.text == _words(PLAIN))
        old = sum(encryption.count for encryption in row.encryptions if encryption.state == "old")
        if row.name == SECRETS and plain:
            found.append(_secrets_in_plain(row, plain, plain_secrets, now))
        if old:
            found.append(_old_key(row, old, now))
    return found


def _secrets_in_plain(row: TypeRow, plain: int, named: str, now: datetime) -> Finding:
    which = f": {named}" if named else ""
    return Finding(
        id="secrets-in-plain-text",
        severity="warning",
        summary=f"{plain:,} Secrets are stored in etcd unencrypted.",
        evidence=f"{plain:,} of {row.looked_at:,} checked values ({row.total:,} in all), {now:%H:%M:%S} UTC{which}",
        why="Anyone who can read etcd, its disk, a snapshot or a backup can read them.",
        action=(
            f"The API server writes {SECRETS} as {row.wanted}: rewrite those that are older than that."
            if row.wanted not in ("", _words(PLAIN))
            else "Give the API server an EncryptionConfiguration that covers secrets, then rewrite them all."
        ),
        commands=(row.rewrite or f"kubectl get {SECRETS} --all-namespaces -o json | kubectl replace -f -",),
    )


def _old_key(row: TypeRow, old: int, now: datetime) -> Finding:
    return Finding(
        id="values-under-an-old-key",
        severity="info",
        summary=f"{counted(old, 'value')} of {row.name} {plural(old, 'is', 'are')} still encrypted with an old key.",
        evidence=f"{old:,} of {row.looked_at:,} checked values ({row.total:,} in all), {now:%H:%M:%S} UTC",
        why="The old key must stay in the configuration until they are rewritten.",
        action="Rewrite them, then remove the old key.",
        commands=(row.rewrite,) if row.rewrite else (),
    )


def _commands() -> tuple[Command, ...]:
    return (
        Command("etcdctl", "etcdctl get /registry/secrets/NAMESPACE/NAME --print-value-only | head -c 40"),
        Command("kubectl", "kubectl get secrets --all-namespaces -o json | kubectl replace -f -"),
    )
