"""systemd units of other programs: the unit's file, its drop-ins and its environment files, read from a folder tree."""

from __future__ import annotations

import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from etcdview.config.command_lines import expand, program_words, split_words

MAX_CHARACTERS = 512 * 1024
# The first counts most (systemd.unit, "Unit File Load Path").
FOLDERS = (
    Path("etc/systemd/system"),
    Path("run/systemd/system"),
    Path("usr/lib/systemd/system"),
    Path("lib/systemd/system"),
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit with its drop-ins behind it, and the variables of its environment files."""

    path: str
    name: str
    text: str
    environment: Mapping[str, str] = field(default_factory=dict)


def read_unit(root: Path, name: str) -> Unit | None:
    """The unit of that name below `root`; None where there is none, or none that may be read."""
    for folder in FOLDERS:
        path = root / folder / name
        text = read_text(path)
        if text:
            whole = "\n".join((text, *map(read_text, _drop_ins(root, name))))
            variables: dict[str, str] = {}
            for pattern in environment_files(whole, name):
                for file in matching(root, pattern):
                    variables |= parse_environment(read_text(file))
            return Unit(str(path), name, whole, variables)
    return None


def started_by(unit: Unit, program: str) -> tuple[list[str], dict[str, str]]:
    """The words with which the unit starts `program` (none where it starts another), and its variables.

    What an environment file sets counts more than Environment= (systemd.exec, "EnvironmentFile=").
    """
    starts = [value for value in settings(unit.text, "ExecStart", unit.name) if program in value]
    set_here = (w for value in settings(unit.text, "Environment", unit.name) for w in split_words(value) if "=" in w)
    variables = {**dict(word.split("=", 1) for word in set_here), **unit.environment}
    for start in starts:
        # signs before the path change how systemd runs it (systemd.service, "Special executable prefixes")
        words = [piece for word in split_words(start.lstrip("@-:+!|")) for piece in expand(word, variables)]
        found = program_words(words, program, variables) or (words if _is_wrapped(words, program) else [])
        if found:
            return found, variables
    return [], variables


def _is_wrapped(words: list[str], program: str) -> bool:
    """Whether another program starts it, such as docker or podman."""
    return any(word.rpartition("/")[2] == program for word in words)


def environment_files(text: str, unit: str) -> tuple[str, ...]:
    """The files that a systemd unit, with its drop-ins behind it, takes its environment from."""
    return tuple(value.lstrip("-") for value in settings(text, "EnvironmentFile", unit))


def parse_environment(text: str) -> dict[str, str]:
    """The variables in an environment file such as /etc/default/etcd."""
    pairs = (_assignment(line) for line in text.splitlines() if not line.lstrip().startswith("#"))
    return {key: value.strip("\"'") for key, value in pairs if key}


def settings(text: str, name: str, unit: str) -> list[str]:
    """The values of a setting of a unit; an empty one takes back those before it. systemd's specifiers are filled in.

    Of these only what can stand in such a unit: its name, with and without its type, and the machine's.
    """
    whole, _, _ = unit.rpartition(".")
    filled = {"%%": "%", "%n": unit, "%N": whole, "%p": whole.partition("@")[0], "%i": whole.partition("@")[2]}
    filled |= {"%H": socket.gethostname(), "%l": socket.gethostname().partition(".")[0]}
    found: list[str] = []
    for key, value in map(_assignment, text.replace("\\\n", " ").splitlines()):
        if key == name and not value:
            found.clear()
        elif key == name:
            found.append(re.sub(r"%[%nNpiHl]", lambda seen: filled[seen[0]], value))
    return found


def matching(root: Path, pattern: str) -> list[Path]:
    """The files of an EnvironmentFile=, which may have wildcards in it."""
    return glob(root, pattern.strip("\"'").lstrip("/"))


def glob(folder: Path, pattern: str) -> list[Path]:
    """The files that match, sorted; none where the folder may not be read."""
    try:
        return sorted(folder.glob(pattern))
    except (OSError, ValueError):
        return []


def read_text(path: Path) -> str:
    """A file's text; "" where it is missing, unreadable, not text, or larger than such a file can be."""
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(MAX_CHARACTERS + 1)
        return text if len(text) <= MAX_CHARACTERS else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _drop_ins(root: Path, unit: str) -> list[Path]:
    """The files that change the unit, in the order of their names; of two with one name that of the first folder."""
    found: dict[str, Path] = {}
    for folder in FOLDERS:
        for path in glob(root / folder / f"{unit}.d", "*.conf"):
            found.setdefault(path.name, path)
    return [found[name] for name in sorted(found)]


def _assignment(line: str) -> tuple[str, str]:
    key, equals, value = line.partition("=")
    return (key.strip().removeprefix("export "), value.strip()) if equals else ("", "")
