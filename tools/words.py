"""Find phrases that a tired reader has to read twice: python -m tools.words [PATH ...].

It reads the strings, docstrings and comments of the code, the text of templates, and the documents. Sentences here have
subject, verb and object, and use the words of etcd and Kubernetes.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.given import arguments

ROOT = Path(__file__).resolve().parent.parent
CODE = ("etcdview", "webapp", "tools", "wsgi.py")
DOCUMENTS = ("README.md", "CHANGELOG.md", "docs")
NOT_OURS = (Path(__file__).resolve(),)  # the one file that must quote the phrases

# A phrase and what to write in its place. "There is no X" is plain English; "X is no Y" is not.
PHRASES = (
    (
        r"(?<!there\s)\b(?:is|are|was|were) no (?!longer\b|more than\b|other\b)",
        "is not a ..., invalid ..., has no ...",
    ),
    (r"\bthat there (?:is|are|was|were) (?:not|no)\b", "does not exist"),
    (r"\bthat (?:is|are|was|were) not there\b", "missing"),
    (r"\b(?:is|are|was|were|be) not there\b", "is missing, does not exist, not found"),
    (r"\bthere (?:is|are) no kind of\b", "unknown ..."),
    (r"\bwho(?:so)?ever\b", "anyone who, the person who"),
    (r"\bin sight\b", "found, visible, known"),
    (r"\blook(?:s|ed|ing)? into\b", "check, read"),
    (r"\bunasked\b", "automatically"),
    (r"\bnot well\b(?! formed|-)", "unhealthy"),
    (r"\b(?:is|are) well\b(?! formed|-)", "healthy"),
    (r"\bnobody (?:is one|knows|does)\b", "no one is ..., unknown"),
    (r"\bmakes? no sense\b", "invalid"),
    (r"\bnothing (?:is|was) (?:heard|wrong)\b", "has not reported, no problems found"),
    (r"\bas (?:it|they) should\b", "correctly"),
    (r"\bso it is said\b", "reported"),
    (r"\bis (?:it|this|that) said\b", "reported"),
    (r"\bno(?:t|thing|ne)? \w+ stays\b", "all are discarded"),
    (r"\bmend(?:s|ed|ing)?\b", "repair, fix"),
    (r"\bupkeep\b", "maintenance"),
    (r"\btwins?\b", "the same etcdctl command"),
    (r"\b(?:un)?sealed\b", "encrypted, decrypted"),
    (r"\bought to\b", "should"),
    (r"\bin need of\b", "refers to a missing ..., needs"),
    (r"\bmay not be\b(?= (?:there|asked))", "is not allowed"),
    (r"\bfor good\b", "permanently"),
    (r"\bspoil(?:s|ed|t)?\b", "corrupt"),
    (r"\bfits no\b", "does not match"),
    (r"\bnot to be had\b", "unavailable"),
    (r"\bis to be had\b", "is available"),
)
BANNED = tuple((re.compile(pattern.replace(" ", r"\s+"), re.IGNORECASE), instead) for pattern, instead in PHRASES)
TAGS = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<[^>]*>", re.DOTALL)
ATTRIBUTES = re.compile(r'\b(?:title|aria-label|placeholder|alt|content)="([^"]*)"')
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|\n\s*\n|\n\s*[-*|#] ?")


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of prose, and the line of the file that it begins in."""

    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A banned phrase, and the sentence that has it."""

    path: Path
    line: int
    phrase: str
    sentence: str
    instead: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.phrase!r}: {self.sentence}  (say: {self.instead})"


def hits(paths: list[Path]) -> Iterator[Hit]:
    """The banned phrases in these files, in the order of the files."""
    for path in paths:
        for text in _texts(path):
            for line, phrase, sentence, instead in banned(text):
                yield Hit(
                    path.relative_to(ROOT) if path.is_relative_to(ROOT) else path, line, phrase, sentence, instead
                )


def banned(text: Text) -> Iterator[tuple[int, str, str, str]]:
    """Line, phrase, sentence and advice for each banned phrase of a text. A phrase may go over the end of a line."""
    for pattern, instead in BANNED:
        for match in pattern.finditer(text.words):
            line = text.line + text.words.count("\n", 0, match.start())
            yield line, " ".join(match[0].split()), _sentence(text.words, match.start()), instead


def _sentence(words: str, at: int) -> str:
    begin = max((m.end() for m in SENTENCE_END.finditer(words) if m.end() <= at), default=0)
    end = next((m.start() for m in SENTENCE_END.finditer(words) if m.start() > at), len(words))
    return " ".join(words[begin:end].split())


def _texts(path: Path) -> Iterator[Text]:
    source = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from strings(source)
        yield from comments(source)
    elif path.suffix == ".html":
        yield from template(source)
    else:
        yield Text(1, source)


def strings(source: str) -> Iterator[Text]:
    """String literals and docstrings; the values of an f-string are left out of it."""
    tree = ast.parse(source)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield Text(node.lineno, "".join(map(_part, node.values)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield Text(node.lineno, node.value)


def _part(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def comments(source: str) -> Iterator[Text]:
    """Comments; those of neighbouring lines are one text."""
    block: list[tokenize.TokenInfo] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if block and token.start[0] != block[-1].start[0] + 1:
            yield _block(block)
            block = []
        block.append(token)
    if block:
        yield _block(block)


def _block(block: list[tokenize.TokenInfo]) -> Text:
    return Text(block[0].start[0], "\n".join(token.string.lstrip("#: ") for token in block))


def template(source: str) -> Iterator[Text]:
    """What a browser shows of a template: text without tags, and attributes that are read aloud or shown."""
    yield Text(1, TAGS.sub(lambda tag: " " + "\n" * tag[0].count("\n"), source))
    for match in ATTRIBUTES.finditer(source):
        yield Text(source.count("\n", 0, match.start()) + 1, TAGS.sub(" ", match[1]))
    for match in re.finditer(r"{%.*?%}|{{.*?}}", source, re.DOTALL):
        for literal in re.finditer(r'"([^"]*)"', match[0]):
            yield Text(source.count("\n", 0, match.start() + literal.start()) + 1, literal[1])


def files() -> list[Path]:
    """All files whose words are ours."""
    found = [path for name in CODE for path in _under(name, "*.py")]
    found += _under("templates", "*.html")
    found += [path for name in DOCUMENTS for path in _under(name, "*.md")]
    return [path for path in found if path not in NOT_OURS]


def _under(name: str, pattern: str) -> list[Path]:
    path = ROOT / name
    return [path] if path.is_file() else sorted(path.rglob(pattern))


def main(arguments: list[str]) -> int:
    """Print what was found; exit status 1 where anything was."""
    found = list(hits([Path(each).resolve() for each in arguments] or files()))
    for hit in found:
        print(hit)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
