"""Completion of commands, flags and values, in a real bash where that is the shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from etcdview.cli.main import COMMANDS, run


def _completed(*words: str) -> set[str]:
    environ = os.environ | {
        "_ETCDVIEW_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["etcdview", *words]),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "etcdview"], env=environ, capture_output=True, text=True, check=True, timeout=30
    )
    return {line.partition(",")[2] for line in done.stdout.splitlines()}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_calls_etcdview(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert f"_ETCDVIEW_COMPLETE={shell}_complete" in script
    assert "_etcdview_completion" in script


def test_commands_flags_and_values_are_completed() -> None:
    assert _completed("re") == {name for name in COMMANDS if name.startswith("re")}
    assert "--from" in _completed("get", "--fr")
    assert _completed("completion", "z") == {"zsh"}
    assert {"save", "status", "verify"} <= _completed("snapshot", "")


def test_bash_completes_with_the_script(tmp_path: Path) -> None:
    (tmp_path / "etcdview").write_text(f'#!/bin/sh\nexec {sys.executable} -m etcdview "$@"\n')
    (tmp_path / "etcdview").chmod(0o755)
    script = (
        "source <(etcdview completion bash); COMP_WORDS=(etcdview snapsh); COMP_CWORD=1; "
        '_etcdview_completion etcdview; echo "${COMPREPLY[@]}"'
    )
    environ = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        ["bash", "--norc", "-c", script], env=environ, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "snapshot"


def test_an_unknown_shell_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "tcsh"]) == 2
    assert "tcsh" in capsys.readouterr().err
