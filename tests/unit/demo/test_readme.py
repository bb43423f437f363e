"""What README shows to be typed works in the demo: the names in its commands are those of objects that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import etcdview.demo
from etcdview.cli.main import run

README = Path(__file__).parents[3] / "README.md"
REGISTRY = Path(etcdview.demo.__file__).parent / "data" / "registry.jsonl.gz"
SHOWN = [line.strip().partition("#")[0].strip() for line in README.read_text().splitlines() if line.startswith("    ")]
READING = re.compile(r"etcdview (get|describe|history|search) .*")


@pytest.mark.parametrize("line", [line for line in SHOWN if READING.fullmatch(line) and "--from" not in line])
def test_a_command_of_readme_finds_something_in_the_demo(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [word.strip("'") for word in line.split()[1:]]

    assert run([*words, "--from", str(REGISTRY)]) == 0
    assert capsys.readouterr().out


def test_the_keys_of_readme_are_in_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    keys = {key for line in SHOWN for key in re.findall(r"/registry/\S+", line)}

    assert keys
    for key in keys:
        assert run(["decode", "--from", str(REGISTRY), "--key", key]) == 0, key
