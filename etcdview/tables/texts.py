"""Texts that several tables share: labels, selectors, containers, access modes, cut lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from etcdview.kube.fields import NONE, UNSET, dig, items, mapping, text
from etcdview.kube.selectors import valid_label
from etcdview.kube.visible import visible

_BREAK = re.compile(r"[\f\n\r]")  # where kubectl cuts a cell: what the tab writer takes for a line's end
_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}


def cell_text(cell: object) -> str:
    """A cell as kubectl prints it: nothing for null, true or false, a text up to its first line break and then "...".

    Control characters are written as escapes, so that no object can move a terminal's cursor or change its colours.
    """
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    text = str(cell)
    if text.isascii() and text.isprintable():
        return text
    first, *rest = _BREAK.split(text, maxsplit=1)
    return visible(first + "..." if rest else first)


def stated(obj: object, *path: str, otherwise: str) -> str:
    """A text that may be absent, in Go a pointer: an empty one that is there is shown as empty."""
    return otherwise if dig(obj, *path) is None else text(obj, *path)


def labels_text(labels: Mapping[str, Any]) -> str:
    """a=1,b=2 in order; "<none>" for no labels (labels.FormatLabels)."""
    return ",".join(sorted(f"{key}={value}" for key, value in labels.items())) or NONE


def selector_text(selector: object) -> str:
    """A metav1.LabelSelector in the syntax of `-l`, keys in order; "" where it selects everything or nothing.

    Raises ValueError for what the API server refuses: another operator, labels and values that cannot be, values
    where none belong.
    """
    if not isinstance(selector, Mapping):
        return ""
    exact = mapping(selector, "matchLabels").items()
    if not all(valid_label(key, str(value)) for key, value in exact):
        raise ValueError("these labels are not valid")
    found = [(key, f"{key}={value}") for key, value in exact]
    found += [(text(e, "key"), _requirement(e)) for e in items(selector, "matchExpressions")]
    return ",".join(requirement for _, requirement in sorted(found, key=lambda pair: pair[0]))


def selector_cell(selector: object) -> str:
    """As selector_text, "<none>" where that is empty and "<error>" where it is malformed (FormatLabelSelector)."""
    try:
        return selector_text(selector) or NONE
    except ValueError:
        return "<error>"


def _requirement(expression: object) -> str:
    key, operator = text(expression, "key"), text(expression, "operator")
    given = sorted(str(v) for v in items(expression, "values"))
    if not all(valid_label(key, value) for value in given or [""]) or bool(given) != (operator in ("In", "NotIn")):
        raise ValueError(f"{key!r} {operator} {given} is not a valid requirement")
    values = ",".join(given)
    match operator:
        case "In":
            return f"{key} in ({values})"
        case "NotIn":
            return f"{key} notin ({values})"
        case "Exists":
            return key
        case "DoesNotExist":
            return f"!{key}"
    raise ValueError(f"{operator!r} is not a valid label selector operator")


def container_cells(pod_spec: object) -> tuple[str, str]:
    """The names and the images of a pod spec's containers."""
    containers = items(pod_spec, "containers")
    return ",".join(text(c, "name") for c in containers), ",".join(text(c, "image") for c in containers)


def access_modes(modes: Iterable[object]) -> str:
    """RWO,ROX,RWX,RWOP: those given, each once, in this order."""
    given = {mode for mode in modes if isinstance(mode, str)}
    return ",".join(short for mode, short in _MODES.items() if mode in given)


def first_three(entries: Sequence[str], empty: str = UNSET) -> str:
    """a,b,c + 2 more..."""
    shown = ",".join(entries[:3])
    if len(entries) > 3:
        return f"{shown} + {len(entries) - 3} more..."
    return shown or empty


def annotated(obj: object, annotation: str) -> bool:
    """Whether the annotation is there with the value "true"."""
    return text(obj, "metadata", "annotations", annotation) == "true"
