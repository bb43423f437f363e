"""Flags of other programs, as their command lines, environments and shells write them. Pure functions."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "busybox"})
# What may stand before a program's name and runs it all the same.
_BEFORE = frozenset(
    ("exec", "export", "nice", "ionice", "env", "nohup", "time", "taskset", "chrt", "sudo", "then", "do", "else", "{")
)
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
_REDIRECTIONS = re.compile(r"(?<![-\w=])\d?>{1,2}\s*&?\s*[^\s;&|]+|(?<![-\w=])\d?<\s*[^\s;&|]+")
_SEPARATORS = re.compile(r"\|\||&&|[;&|\n]")


def from_words(words: Sequence[str]) -> dict[str, str]:
    """Flags on a command line: --name=value, --name value, and switches that are on by being there."""
    found: dict[str, str] = {}
    for word, following in zip(words, (*words[1:], "--"), strict=False):
        if not word.startswith("-"):
            continue
        name, equals, value = word.lstrip("-").partition("=")
        if name:
            found[name] = value if equals else ("true" if following.startswith("-") else following)
    return found


def from_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Flags as etcd takes them from the environment: ETCD_LISTEN_CLIENT_URLS is --listen-client-urls."""
    return {k[5:].lower().replace("_", "-"): v for k, v in variables.items() if k.startswith("ETCD_") and v}


def program_words(words: Sequence[str], program: str, variables: Mapping[str, str] | None = None) -> list[str]:
    """The words that start `program`, from its name on: those of a shell's script where a shell starts it.

    Variables in the script are filled in from `variables`, and from what the script itself sets. Empty where nothing
    starts the program.
    """
    if words and _name(words[0]) == program:
        return list(words)
    script = _script(words)
    if script is None:
        return []
    known = dict(variables or {})
    for command in _commands(script):
        found = _started(command, program, known)
        if found:
            return found
    return []


def split_words(text: str) -> list[str]:
    """As a shell splits a command; at spaces where its quotes do not match."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def expand(word: str, variables: Mapping[str, str]) -> list[str]:
    """What becomes of a word: a variable without braces that is all of it is split at spaces, and may come to none."""
    alone = re.fullmatch(r"\$(\w+)", word)
    if alone:
        return split_words(variables.get(alone[1], ""))
    return [_filled(word, variables)]


def _filled(text: str, variables: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), text)


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def _script(words: Sequence[str]) -> str | None:
    """What a shell is told to run: the word behind -c, which may stand among other switches (-ec, -x -c)."""
    if not words or _name(words[0]) not in _SHELLS:
        return None
    for number, word in enumerate(words[1:-1], 1):
        if word.startswith("-") and not word.startswith("--") and "c" in word:
            return words[number + 1]
    return None


def _commands(script: str) -> list[str]:
    """The commands of a script, without comments; a separator in quotes is taken for one, which no flag of etcd has."""
    lines = script.replace("\\\n", " ").splitlines()
    kept = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return _SEPARATORS.split(_REDIRECTIONS.sub(" ", kept))


def _started(command: str, program: str, known: dict[str, str]) -> list[str]:
    """The words from the program's name on; assignments before it, or alone, are added to `known`."""
    words = split_words(command)
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if equals and re.fullmatch(r"\w+", name):
            known[name] = _filled(value, known)
        elif _name(word) == program:
            return [word, *(piece for later in words[number + 1 :] for piece in expand(later, known))]
        elif word not in _BEFORE and not word.startswith("-") and not word.isdigit():
            return []  # a switch or a number belongs to nice and its like; another program's words do not start ours
    return []
