"""The help of every command: in groups, none of which is a long list."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from etcdview.cli.main import COMMANDS, cli, run
from etcdview.config.rows import GROUPS

LONGEST = 15  # options under one heading


def commands() -> Iterator[tuple[str, ...]]:
    for name in sorted(COMMANDS):
        command = cli.get_command(click.Context(cli), name)
        if isinstance(command, click.Group):
            yield from ((name, below) for below in sorted(command.commands))
        else:
            yield (name,)


def sections(text: str) -> dict[str, list[str]]:
    """The flags by the heading that they stand under."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.endswith(":") and not line.startswith(" "):
            found[line[:-1]] = []
        elif line.startswith("  -") and found:
            found[next(reversed(found))].append(line.split()[0].rstrip(","))
    return found


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_help_groups_the_options_and_what_the_command_is_for_comes_first(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--help"]) == 0
    found = sections(capsys.readouterr().out)
    settings = [heading for heading in found if heading in GROUPS]

    assert found
    assert list(found)[-len(settings) or len(found) :] == settings or not settings
    assert settings == [heading for heading in GROUPS if heading in found]
    assert "-h" in found[[heading for heading in found if heading not in GROUPS][-1]]
    for heading, flags in found.items():
        assert 0 < len(flags) <= max(LONGEST, len(GROUPS.get(heading, ()))), heading
        known = {row.flag for row in GROUPS.get(heading, ())} | {"--config"}
        assert heading not in GROUPS or set(flags) <= known


def test_the_options_of_get_say_what_to_select_and_how_to_print_it(capsys: pytest.CaptureFixture[str]) -> None:
    run(["get", "--help"])
    found = sections(capsys.readouterr().out)

    assert list(found)[:2] == ["Selection", "Output"]
    assert found["Selection"] == ["-n", "-A", "-l", "--field-selector", "-w"]


@pytest.mark.parametrize("group", ["", *sorted({words[0] for words in commands() if len(words) > 1})])
def test_lists_of_commands_say_what_each_is_for_in_a_whole_line(
    group: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run([*group.split(), "--help"]) == 0

    lines = capsys.readouterr().out.partition("Commands")[2].splitlines()
    assert len(lines) > 1
    assert not [line for line in lines if line.endswith("...")]
