"""Banned phrases are found in code, templates and documents, and none stands in ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.words import PHRASES, Text, banned, comments, files, main, strings, template

# A sentence with each phrase, in the order of PHRASES. Those that follow must be left alone.
RIDDLES = (
    "'x' is no number.",
    "Raises QueryError for one that there is not.",
    "Names that are not there.",
    "The key is not there.",
    "There is no kind of search 'x'.",
    "Ask whoever runs it.",
    "How it is started is not in sight.",
    "It was not looked into.",
    "Too many to check unasked.",
    "All that is not well.",
    "Every namespace is well.",
    "Without a login nobody is one.",
    "That makes no sense.",
    "Nothing is wrong that the rules see.",
    "It is not as it should be.",
    "And so it is said.",
    "Nor is it said why.",
    "All of it goes; none of these stays: no one stays.",
    "Mend the variable.",
    "A part of the upkeep.",
    "The etcdctl twin of a page.",
    "A sealed value.",
    "It ought to answer.",
    "A pod in need of a claim.",
    "It may not be asked.",
    "It is taken out for good.",
    "A release that spoils data.",
    "A key that fits no pattern.",
    "It is not to be had.",
    "It is to be had.",
)
PLAIN = (
    "There is no key 'x' in the registry.",
    "The alarm is no longer raised.",
    "The file is no more than 2 GiB.",
    "The value is well formed.",
    "A regular expression.",
    "Unknown search kind 'x'.",
)


def _found(text: str) -> list[str]:
    return [phrase for _, phrase, _, _ in banned(Text(1, text))]


@pytest.mark.parametrize(("row", "riddle"), list(zip(PHRASES, RIDDLES, strict=True)))
def test_each_phrase_is_found_in_a_sentence_that_has_it(row: tuple[str, str], riddle: str) -> None:
    assert row[1] in [instead for _, _, _, instead in banned(Text(1, riddle))]


@pytest.mark.parametrize("sentence", PLAIN)
def test_a_plain_sentence_is_left_alone(sentence: str) -> None:
    assert _found(sentence) == []


def test_a_phrase_over_the_end_of_a_line_is_found_in_the_line_that_it_begins_in() -> None:
    [(line, phrase, sentence, _)] = banned(Text(10, "A first sentence.\nThe value is\n    no number. A last one."))

    assert (line, phrase, sentence) == (11, "is no", "The value is no number.")


def test_strings_docstrings_and_comments_of_code_are_read_and_values_of_fstrings_are_not() -> None:
    source = '"""A docstring."""\nx = f"{y} is " "no number"  # a comment\n# that goes on\n'

    assert [text.words for text in strings(source)] == ["A docstring.", "{} is no number"]
    assert [(text.line, text.words) for text in comments(source)] == [(2, "a comment\nthat goes on")]


def test_a_template_is_read_without_its_tags_and_with_what_is_read_aloud() -> None:
    source = (
        '<p class="is no">{% if x %}It is\n<b>no</b> number{% endif %}</p><a title="Ask whoever">{{ f("unasked") }}</a>'
    )

    found = [phrase for text in template(source) for _, phrase, _, _ in banned(text)]
    assert found == ["is no", "whoever", "unasked"]


def test_a_file_with_a_phrase_fails_and_one_without_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad, good = tmp_path / "bad.md", tmp_path / "good.md"
    bad.write_text("# Keys\n\nA key that fits no pattern.\n")
    good.write_text("# Keys\n\nAn unrecognised key.\n")

    assert main([str(bad)]) == 1
    assert f"{bad}:3: 'fits no': A key that fits no pattern." in capsys.readouterr().out
    assert main([str(good)]) == 0


def test_what_make_lint_reads_is_code_templates_and_documents() -> None:
    assert {path.suffix for path in files()} == {".py", ".html", ".md"}
