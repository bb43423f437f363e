"""Masks in a text that comes back: each stands for the value it was shown for, and nowhere else. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from etcdview.errors import EncodeError
from etcdview.kube.redaction import Redactor

SIGN = "•••"
_MASK = re.compile(r"••• (\d+) bytes?\b.*", re.DOTALL)
_REMEDY = "Leave the mask where it was to keep the value, or give the new value in its place."


def unmasked(
    wanted: dict[str, Any], stored: dict[str, Any] | None, redactor: Redactor, sensitive: bool = False
) -> dict[str, Any]:
    """`wanted` with the stored value wherever it was left as the mask of it. `sensitive` as in Redactor.mask.

    Raises EncodeError for a mask that stands anywhere else: it would be written as if it were the value.
    """
    shown = redactor.mask(stored, sensitive) if stored is not None else {}
    filled: dict[str, Any] = _fill("", wanted, shown, stored or {})
    return filled


def _fill(path: str, wanted: Any, shown: Any, stored: Any) -> Any:
    if isinstance(wanted, str) and SIGN in wanted:
        return _value(path, wanted, shown, stored)
    if isinstance(wanted, Mapping):
        for name in wanted:
            if SIGN in name:
                raise EncodeError(f"A name in {path or 'the object'} is a mask.", _REMEDY)
        return {
            name: _fill(f"{path}.{name}" if path else name, item, _member(shown, name), _member(stored, name))
            for name, item in wanted.items()
        }
    if isinstance(wanted, list):
        return [_fill(f"{path}[{i}]", item, _item(shown, i), _item(stored, i)) for i, item in enumerate(wanted)]
    return wanted


def _value(path: str, wanted: str, shown: Any, stored: Any) -> Any:
    if wanted == stored:
        return stored  # the dots are the value's own
    is_masked = isinstance(shown, str) and shown != stored
    if is_masked and (wanted == shown or _same_size(wanted, shown)):
        return stored
    raise EncodeError(f"{path[:200]} holds a mask ({SIGN}) that does not stand for its own value.", _REMEDY)


def _same_size(one: str, other: str) -> bool:
    """Whether both are masks of as many bytes: fingerprints differ between processes without a common secret key."""
    first, second = _MASK.fullmatch(one), _MASK.fullmatch(other)
    return first is not None and second is not None and first[1] == second[1]


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _item(value: Any, index: int) -> Any:
    return value[index] if isinstance(value, list) and index < len(value) else None
