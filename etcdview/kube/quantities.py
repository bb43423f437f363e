"""Quantities as Kubernetes writes them, and sizes in the same binary units: what pages, commands and findings show."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_QUANTITY = re.compile(r"(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))(?P<suffix>[eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE]?)")
_UNITS = ("KiB", "MiB", "GiB", "TiB")


def quantity(text: str) -> Decimal | None:
    """The value of a resource.Quantity such as 1536Mi or 250m; None for a text that is not a quantity."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        return None
    try:
        number, suffix = Decimal(match["number"]), match["suffix"]
    except InvalidOperation:
        return None
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix != "Ei":
        return number.scaleb(int(suffix[1:]))
    return number * _BINARY[suffix] if suffix in _BINARY else number.scaleb(_DECIMAL[suffix])


def size_text(size_bytes: float) -> str:
    """Bytes for people: 512 B, 1.5 KiB, 24.0 MiB, 2.0 GiB; powers of 1024 everywhere, in the unit that says so."""
    if size_bytes < 1024:
        return f"{size_bytes:.0f} B"
    amount, unit = size_bytes / 1024, 0
    while amount >= 1023.95 and unit < len(_UNITS) - 1:  # what would be rounded to 1024.0 belongs to the next unit
        amount, unit = amount / 1024, unit + 1
    return f"{amount:,.1f} {_UNITS[unit]}"
