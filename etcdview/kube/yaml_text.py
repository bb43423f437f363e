"""YAML files of other programs, read within bounds: static Pods, etcd's own file, EncryptionConfigurations.

What is larger, or becomes larger by its aliases, than any such file needs to be is refused before it costs memory.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

MAX_BYTES = 512 * 1024  # ruamel.yaml reads some 150,000 a second
MAX_VALUES = 50_000  # with what aliases repeat
MAX_DEPTH = 100
_BRACKETS = re.compile(r"[\[\]{}]")
_TOO_LARGE = f"it is larger than {MAX_BYTES // 1024} KiB"


def read_yaml_file(path: Path) -> Any:
    """What a file says. Raises OSError, UnicodeDecodeError, and ValueError as parse_yaml does."""
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(_TOO_LARGE)
    return parse_yaml(raw.decode("utf-8"))


def parse_yaml(text: str, constructor: Any = None) -> Any:
    """What a text says. Raises ValueError, whose words name the line and quote nothing of it: it may be a key."""
    # Imported here: few machines have such a file, and the parser is a third of the start time elsewhere.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if len(text) > MAX_BYTES:
        raise ValueError(_TOO_LARGE)
    if _brackets_deep(text) > MAX_DEPTH:
        raise ValueError("it is nested too deep")
    reader: Any = YAML(typ="safe", pure=True)
    if constructor is not None:
        reader.Constructor = constructor
    try:
        found = reader.load(text)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise ValueError(f"it is not valid YAML{where}") from None
    except (ValueError, TypeError, AttributeError, LookupError, ArithmeticError):  # dates and numbers that are none
        raise ValueError("it has a value that is not valid YAML") from None
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    _check_size(found)
    return found


def _brackets_deep(text: str) -> int:
    """How deep brackets are nested, those in texts and comments too: ruamel.yaml needs seconds to find out."""
    deepest = depth = 0
    for bracket in _BRACKETS.findall(text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _check_size(value: Any) -> None:
    """Raises ValueError where aliases make much of little, or a value holds itself."""
    todo, count = [value], 0
    while todo:
        one = todo.pop()
        inner = (*one.keys(), *one.values()) if isinstance(one, dict) else one if isinstance(one, list | tuple) else ()
        count += 1 + len(inner)
        if count > 2 * MAX_VALUES:
            raise ValueError(f"it has more than {MAX_VALUES:,} fields and items, with what its aliases repeat")
        todo += (x for x in inner if isinstance(x, dict | list | tuple))
