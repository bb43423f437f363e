"""What stands out of all values, as `etcdview space` says it: what most of it is, how sizes are spread, single keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from etcdview.cluster.window import Window
from etcdview.index.facts.reading import Spread, Total, Wanted
from etcdview.kube.keys import show
from etcdview.kube.quantities import size_text
from etcdview.kube.visible import unmistakable
from etcdview.pages.parts.types import named_tree
from etcdview.pages.space.page import LARGEST, NEAR, VALUE_LIMIT, a_minute, concentration
from etcdview.pages.tools.padding import padded
from etcdview.space.report import rows_by_resource, sum_of
from etcdview.space.tally import SpaceTally, WrittenKey

_SHOWN = 10
_WHOLE = 10  # a rate from which on its fractions say nothing


@dataclass(frozen=True, slots=True)
class SpaceSummary:
    """`concentration` says in a sentence what most of it is, "" where no type stands out. `near_limit` are the keys of
    values that have used up half of what etcd takes, with their bytes; `written` those that were written most, of a
    file without the moment since when: a rate until today would be of a time that the file knows nothing of.
    """

    concentration: str
    spread: Spread
    near_limit: tuple[tuple[bytes, int], ...]
    written: tuple[WrittenKey, ...]

    def lines(self, now: datetime) -> list[str]:
        """As they are printed, blank lines between the parts."""
        parts = [[self.concentration] if self.concentration else [], _spread_lines(self.spread)]
        parts += [_near_lines(self.near_limit), _written_lines(self.written, now)]
        return [line for part in parts if part for line in ("", *part)]


def summary_of_facts(window: Window) -> SpaceSummary | None:
    """Of a live etcd, whose facts are known; None where they are not."""
    facts = window.value_facts
    if facts is None:
        return None
    large = ((found.key, found.size) for found in facts.top(Wanted(), "size", LARGEST))
    written = (
        WrittenKey(found.version, found.key, found.created, found.manager)
        for found in facts.top(Wanted(), "version", LARGEST)
    )
    return _summary(window, facts.totals(), facts.spread(Wanted()), large, written)


def summary_of_tally(window: Window, tally: SpaceTally) -> SpaceSummary:
    """Of a file that was read."""
    written = (found._replace(created=None) for found in tally.written())
    return _summary(window, tally.totals(), tally.spread(), tally.largest(LARGEST), written)


def _summary(
    window: Window,
    totals: Sequence[Total],
    spread: Spread,
    large: Iterable[tuple[bytes, int]],
    written: Iterable[WrittenKey],
) -> SpaceSummary:
    known = {found.resource.prefix: found.resource for found in named_tree(window).types}.get
    said = concentration(rows_by_resource(totals, known), *sum_of(totals))
    near = tuple((key, size) for key, size in large if size >= NEAR)
    return SpaceSummary(said, spread, near, tuple(written))


def _spread_lines(spread: Spread) -> list[str]:
    if not spread.keys:
        return []
    median, ninety, most, largest = map(size_text, (spread.median, spread.ninety, spread.ninety_nine, spread.largest))
    return [f"Half of the values take at most {median}, 90 % {ninety}, 99 % {most}; the largest takes {largest}."]


def _near_lines(near: Sequence[tuple[bytes, int]]) -> list[str]:
    head = (f"NEAR ETCD'S LIMIT OF {size_text(VALUE_LIMIT)}", "SIZE")
    return padded([head, *((show(key), size_text(size)) for key, size in near)]) if near else []


def _written_lines(written: Sequence[WrittenKey], now: datetime) -> list[str]:
    has_rates = any(found.created is not None for found in written)
    head = ("MOST WRITTEN", "WRITES", *(["A MINUTE"] if has_rates else []), "BY")
    rows = [_written(found, now, has_rates=has_rates) for found in written[:_SHOWN]]
    return padded([head, *rows]) if rows else []


def _written(found: WrittenKey, now: datetime, *, has_rates: bool) -> tuple[str, ...]:
    rate = a_minute(found.writes, found.created, now)
    rates = ["-" if rate is None else f"{rate:,.0f}" if rate >= _WHOLE else f"{rate:.2g}"] if has_rates else []
    return show(found.key), f"{found.writes:,}", *rates, unmistakable(found.manager) or "-"
