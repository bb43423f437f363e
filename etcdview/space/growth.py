"""What grew between two reports of what fills a database, by type or namespace. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from etcdview.space.report import SpaceReport, SpaceRow


@dataclass(frozen=True, slots=True)
class GrowthRow:
    """One type or namespace in both reports; `row` names it, None is the total."""

    row: SpaceRow | None
    keys_before: int
    keys: int
    bytes_before: int
    bytes: int

    @property
    def grown_keys(self) -> int:
        """Keys more than before."""
        return self.keys - self.keys_before

    @property
    def grown_bytes(self) -> int:
        """Bytes of values more than before."""
        return self.bytes - self.bytes_before


def growth(before: SpaceReport, after: SpaceReport) -> tuple[GrowthRow, ...]:
    """A row for each that changed, what changed most first; the total at the end."""
    old = {_identity(row): row for row in before.rows}
    new = {_identity(row): row for row in after.rows}
    rows = (_row(old.get(name), new.get(name)) for name in {**old, **new})
    changed = [row for row in rows if row.grown_keys or row.grown_bytes]
    changed.sort(key=lambda row: (-abs(row.grown_bytes), -abs(row.grown_keys), _order(row)))
    total = GrowthRow(None, before.keys, after.keys, _bytes(before), _bytes(after))
    return (*changed, total)


def _row(old: SpaceRow | None, new: SpaceRow | None) -> GrowthRow:
    return GrowthRow(new or old, old.keys if old else 0, new.keys if new else 0, _bytes(old), _bytes(new))


def _identity(row: SpaceRow) -> tuple[str, str | None]:
    return (row.resource.prefix if row.resource else "", row.namespace)


def _order(found: GrowthRow) -> tuple[str, str]:
    name, namespace = _identity(found.row) if found.row is not None else ("", "")
    return name, namespace or ""


def _bytes(found: SpaceReport | SpaceRow | None) -> int:
    return found.sizes.values if found is not None and found.sizes is not None else 0
