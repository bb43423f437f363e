"""Label and field selectors in kubectl's syntax. Pure: text in, a test for objects out.

Labels: a=b, a==b, a!=b, a in (b,c), a notin (b,c), a, !a, a>1, a<1, joined by commas (labels.Parse in
apimachinery). Fields: path=value, ==, !=, joined by commas, on any path of the object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from etcdview.errors import QueryError
from etcdview.kube.field_aliases import stored_field
from etcdview.kube.fields import items, mapping, text
from etcdview.kube.jsonpath import compile_path

Operator = Literal["=", "!=", "in", "notin", "exists", "!", ">", "<"]

_NAME = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_KEY = re.compile(rf"(?:[a-z0-9](?:[-a-z0-9.]{{0,251}}[a-z0-9])?/)?{_NAME}")
_VALUE = re.compile(rf"(?:{_NAME})?")
# What stands behind a comparison: apimachinery escapes these three alone (fields.UnescapeValue).
_FIELD_VALUE = re.compile(r"(?:[^\\,=]|\\[\\,=])*", re.DOTALL)
_TOKEN = re.compile(r"\s*(?:(?P<op>==|=|!=|!|>|<|\(|\)|,)|(?P<word>[^\s=!<>(),]+))")
_LABEL_HELP = "Write it as kubectl does: app=web,tier in (a,b),!canary."
_FIELD_HELP = "Write it as kubectl does: metadata.name=web,status.phase!=Running."

# Booleans that Kubernetes leaves out when false and that field selectors still compare.
_FALSE_BY_DEFAULT = frozenset({"spec.unschedulable", "spec.hostNetwork"})


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on the label `key`. A label that is missing meets "!=", "notin" and "!"."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, Any]) -> bool:
        """Whether the labels meet it."""
        found = labels.get(self.key)
        value = None if found is None else str(found)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "=" | "in":
                return value in self.values
            case "!=" | "notin":
                return value not in self.values
        return value is not None and _compares(value, self.operator, next(iter(self.values)))


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of the requirements; none of them matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, Any] | None) -> bool:
        """Whether the labels meet every requirement."""
        return all(r.matches(labels or {}) for r in self.requirements)


@dataclass(frozen=True, slots=True)
class FieldRequirement:
    """The value at `path`, as a text, is `value`, or is not if `negated`. The API server's names are paths too."""

    path: str
    value: str
    negated: bool = False

    def matches(self, obj: Mapping[str, Any]) -> bool:
        """Whether the object, as it is stored, meets it; a list has its members' values."""
        field = stored_field(obj, self.path)
        found = _field_texts(obj, field.path)
        if found == [""] and field.other:
            found = _field_texts(obj, field.other)
        return (self.value in (found if found != [""] else [field.missing])) != self.negated


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """All of the requirements; none of them matches everything."""

    requirements: tuple[FieldRequirement, ...] = ()

    def matches(self, obj: Mapping[str, Any]) -> bool:
        """Whether the object meets every requirement."""
        return all(r.matches(obj) for r in self.requirements)


ALL_LABELS = LabelSelector()
ALL_FIELDS = FieldSelector()


@lru_cache(maxsize=4096)
def valid_label(key: str, value: str = "") -> bool:
    """Whether a label may be called `key` and be `value` (apimachinery's util/validation)."""
    return bool(_KEY.fullmatch(key) and _VALUE.fullmatch(value))


def parse_labels(text: str) -> LabelSelector:
    """The label selector that `text` means; empty means everything. Raises QueryError."""
    return LabelSelector(tuple(_Labels(text).requirements()))


def from_label_selector(selector: Mapping[str, Any]) -> LabelSelector:
    """The metav1.LabelSelector of an object, as a selector. Operators that are none select nothing."""
    exact = [Requirement(k, "=", frozenset({str(v)})) for k, v in mapping(selector, "matchLabels").items()]
    expressions = [_expression(e) for e in items(selector, "matchExpressions")]
    return LabelSelector((*exact, *expressions))


def from_map(labels: Mapping[str, Any]) -> LabelSelector:
    """The selector of a Service or a ReplicationController: every label just so."""
    return LabelSelector(tuple(Requirement(k, "=", frozenset({str(v)})) for k, v in labels.items()))


def parse_fields(text: str) -> FieldSelector:
    """The field selector that `text` means; empty means everything. Raises QueryError."""
    return FieldSelector(tuple(_field(term) for term in _terms(text) if term.strip()))


class _Labels:
    """A parser of one label selector: its tokens, and how far it has come."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._at = 0

    def requirements(self) -> Iterator[Requirement]:
        if not self._tokens:
            return
        while True:
            yield self._requirement()
            if self._peek() == "":
                return
            self._expect(",")

    def _requirement(self) -> Requirement:
        if self._peek() == "!":
            self._take()
            return Requirement(self._key(), "!")
        key = self._key()
        operator = self._peek()
        match operator:
            case "" | ",":
                return Requirement(key, "exists")
            case "=" | "==" | "!=":
                self._take()
                return Requirement(key, "!=" if operator == "!=" else "=", frozenset({self._value()}))
            case "in" | "notin":
                self._take()
                return Requirement(key, "in" if operator == "in" else "notin", self._values())
            case ">" | "<":
                self._take()
                return Requirement(key, ">" if operator == ">" else "<", frozenset({self._integer()}))
        raise self._bad(f"{operator!r} cannot follow {key!r}")

    def _key(self) -> str:
        key = self._take()
        if not _KEY.fullmatch(key):
            raise self._bad(f"{key!r} is not a valid label name" if key else "the name of a label is missing")
        return key

    def _value(self) -> str:
        if self._peek() in ("", ",", ")"):
            return ""
        value = self._take()
        if not _VALUE.fullmatch(value):
            raise self._bad(f"{value!r} is not a valid label value")
        return value

    def _integer(self) -> str:
        value = self._take()
        if not re.fullmatch(r"-?\d{1,18}", value):
            raise self._bad(f"{value!r} is not an integer")
        return value

    def _values(self) -> frozenset[str]:
        self._expect("(")
        values = {self._value()}
        while self._peek() == ",":
            self._take()
            values.add(self._value())
        self._expect(")")
        return frozenset(values)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._take()
        if found != token:
            raise self._bad(f"{token!r} is missing" if not found else f"{found!r} stands where {token!r} should")

    def _bad(self, why: str) -> QueryError:
        return QueryError(f"{self._text!r} is not a label selector: {why}.", _LABEL_HELP)


def _tokens(text: str) -> Iterator[str]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:  # the pattern takes any character; kept for the type's sake
            raise QueryError(f"{text!r} is not a label selector.", _LABEL_HELP)
        yield match["op"] or match["word"]
        position = match.end()


def _compares(value: str, operator: str, bound: str) -> bool:
    if not re.fullmatch(r"-?\d{1,18}", value):
        return False
    return int(value) > int(bound) if operator == ">" else int(value) < int(bound)


def _expression(expression: object) -> Requirement:
    key, values = text(expression, "key"), frozenset(str(v) for v in items(expression, "values"))
    match text(expression, "operator"):
        case "In":
            return Requirement(key, "in", values)
        case "NotIn":
            return Requirement(key, "notin", values)
        case "Exists":
            return Requirement(key, "exists")
        case "DoesNotExist":
            return Requirement(key, "!")
    return Requirement(key, "in")


def _terms(text: str) -> Iterator[str]:
    """The text cut at commas, those behind a backslash left alone."""
    yield from re.findall(r"(?:[^\\,]|\\.|\\$)+", text, re.DOTALL)


def _field(term: str) -> FieldRequirement:
    match = re.match(r"(?P<path>(?:\[[^\]]*\]|[^=!\[])+?)\s*(?P<op>==|=|!=)(?P<value>.*)$", term.strip(), re.DOTALL)
    if match is None:
        raise QueryError(f"{term!r} is not a field selector: it has no comparison.", _FIELD_HELP)
    path = match["path"].strip()
    if "[" in path:
        compile_path("." + path.removeprefix("."))
    value = match["value"].strip()
    if not _FIELD_VALUE.fullmatch(value):
        raise QueryError(
            f"Invalid field selector {term!r}: in a value a comma, an equals sign and a backslash need a backslash.",
            _FIELD_HELP,
        )
    return FieldRequirement(path, re.sub(r"\\(.)", r"\1", value), match["op"] == "!=")


def _field_texts(obj: Mapping[str, Any], path: str) -> list[str]:
    if "[" in path or "\\" in path:
        found = compile_path("." + path.removeprefix(".")).find(obj)
        return [_field_text(v) for v in found] or [""]
    value: Any = obj
    for step in path.removeprefix(".").split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    if isinstance(value, list):
        return [_field_text(v) for v in value]
    return ["false" if value is None and path in _FALSE_BY_DEFAULT else _field_text(value)]


def _field_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
