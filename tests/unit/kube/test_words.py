"""Counts agree with their nouns, everywhere by the same helper."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from etcdview.kube.words import counted, listed, plural

ROOT = Path(__file__).parents[3]
NOUNS = "keys|objects|bytes|values|rounds|changes|revisions|members|resource types"


@pytest.mark.parametrize(
    ("number", "noun", "many", "said"),
    [
        (0, "key", "", "0 keys"),
        (1, "key", "", "1 key"),
        (2, "key", "", "2 keys"),
        (1, "resource type", "", "1 resource type"),
        (1_201, "authority", "authorities", "1,201 authorities"),
        (1, "authority", "authorities", "1 authority"),
    ],
)
def test_a_count_and_its_noun(number: int, noun: str, many: str, said: str) -> None:
    assert counted(number, noun, many) == said
    assert said.endswith(plural(number, noun, many))


@pytest.mark.parametrize(
    ("words", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_words_as_a_sentence_lists_them(words: tuple[str, ...], said: str) -> None:
    assert listed(words) == said


def test_no_template_writes_a_plural_behind_a_number_that_may_be_one() -> None:
    wrong = re.compile(rf"\|number \}}\}}(?:</\w+>)?\s+(?:more |older )?(?:{NOUNS})\b")
    found = [
        f"{path.name}: {match[0]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for match in wrong.finditer(path.read_text())
    ]
    assert found == []
