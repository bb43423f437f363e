"""Text that somebody typed -> one object: YAML or JSON, strictly, bounded in size, depth and time.

What kubectl would read otherwise than YAML 1.2 does (0644, yes, on) is refused rather than guessed.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Literal, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import ScalarNode

from etcdview.errors import EncodeError
from etcdview.kube.quantities import size_text
from etcdview.writes import MAX_STORED_BYTES

Form = Literal["yaml", "json"]
FORMS: tuple[Form, ...] = ("yaml", "json")
MAX_DEPTH = 100
MAX_NODES = 100_000  # of YAML, which is read at some 20,000 a second

_OTHER_BOOLEANS = frozenset(("y", "n", "yes", "no", "on", "off"))
_OTHER_INTEGER = re.compile(r"[-+]?0[0-9_]+$")
_DIRECTIVE = re.compile(r"^\ufeff?%", re.MULTILINE)
_QUOTE = "Put it in quotes if you mean text; otherwise write it differently."


def read_manifest(text: str, form: str) -> dict[str, Any]:
    """The object of a text. Raises EncodeError that says what is wrong with it, and in which line."""
    if len(text) > MAX_STORED_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_STORED_BYTES:
        raise EncodeError(
            f"This text is larger than {size_text(MAX_STORED_BYTES)}.", "etcd rejects values of that size."
        )
    if form not in FORMS:
        raise EncodeError(f"Unknown format {form[:20]!r}.", "Choose yaml or json.")
    obj = _yaml(text) if form == "yaml" else _json(text)
    if not isinstance(obj, dict):
        raise EncodeError(f"This {form.upper()} is not an object.", "It begins with apiVersion and kind.")
    _check(obj, "", 0)
    return obj


def _yaml(text: str) -> Any:
    if _DIRECTIVE.search(text):
        raise EncodeError("A line of this YAML begins with %, which is a directive.", "Leave it out.")
    reader: Any = YAML(typ="safe", pure=True)
    reader.Composer, reader.Constructor = _Composer, _Constructor
    try:
        return reader.load(text)
    except YAMLError as error:
        raise EncodeError(f"Invalid YAML{_line(error)}: {_problem(error)}.") from error
    except ValueError as error:
        raise EncodeError("This YAML has a number with too many digits for Kubernetes.") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise EncodeError(f"Invalid JSON in line {error.lineno}: {error.msg.lower().removesuffix(' at')}.") from error
    except ValueError as error:
        raise EncodeError("This JSON has a number that is not finite or has too many digits.") from error
    except RecursionError as error:
        raise _too_deep() from error


class _Composer(Composer):
    """No anchors, aliases and tags: what stands there is all there is, so that a small text stays small."""

    _depth = 0
    _nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent) or event.anchor is not None:
            raise EncodeError(f"Line {line} has an anchor or an alias (& or *).", "Write out the value, or quote it.")
        if getattr(event, "tag", None) is not None or getattr(event, "ctag", None) is not None:
            raise EncodeError(f"Line {line} has a tag (!).", "Leave it out, or quote it if you mean text.")
        self._depth += 1
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise EncodeError(f"This YAML has more than {MAX_NODES:,} fields and items.", "Give it as JSON.")
        if self._depth > MAX_DEPTH:
            raise _too_deep()
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Constructor(SafeConstructor):
    """Times stay text, as Kubernetes reads them; what YAML 1.1 and 1.2 read differently is refused."""

    def text(self, node: ScalarNode) -> str:
        if node.style is None and node.value.lower() in _OTHER_BOOLEANS:
            raise _ambiguous(node, "a boolean to kubectl and a text to others")
        return str(node.value)

    def integer(self, node: ScalarNode) -> int:
        if _OTHER_INTEGER.match(node.value):
            raise _ambiguous(node, "octal to kubectl and decimal to others")
        return int(self.construct_yaml_int(node))

    def time(self, node: ScalarNode) -> str:
        return str(node.value)


_Constructor.add_constructor("tag:yaml.org,2002:str", _Constructor.text)
_Constructor.add_constructor("tag:yaml.org,2002:int", _Constructor.integer)
_Constructor.add_constructor("tag:yaml.org,2002:timestamp", _Constructor.time)


def _check(value: Any, path: str, depth: int) -> None:
    """What no JSON can hold: other keys than texts, infinite numbers, halves of characters."""
    if depth > MAX_DEPTH:
        raise _too_deep()
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise EncodeError(f"The key {key!r} of {path or 'the object'} is not text.", "Put it in quotes.")
            _check_text(key, path)
            _check(item, f"{path}.{key}" if path else key, depth + 1)
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _check(item, f"{path}[{i}]", depth + 1)
    elif isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise EncodeError(f"{path[:200]} is not a number that Kubernetes accepts: {value}.")
    elif not isinstance(value, bool | int | float | None):
        raise EncodeError(f"{path[:200]} has a type that JSON does not have: {type(value).__name__}.")


def _check_text(text: str, path: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise EncodeError(f"{path[:200] or 'The object'} holds half a character (a lone surrogate).") from None


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise EncodeError(f"This JSON has the key {twice[:200]!r} twice in one object.", "Leave one of them out.")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _ambiguous(node: ScalarNode, what: str) -> EncodeError:
    line = node.start_mark.line + 1
    return EncodeError(f"In line {line}, {node.value[:40]} is {what}.", _QUOTE)


def _too_deep() -> EncodeError:
    return EncodeError(f"This is nested deeper than {MAX_DEPTH} levels.")


def _line(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f" in line {mark.line + 1}" if mark is not None else ""


def _problem(error: Exception) -> str:
    """ruamel's own words for it, without the values it quotes."""
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0] or type(error).__name__
    return " ".join(str(problem).partition(" with value ")[0].split())[:200]
