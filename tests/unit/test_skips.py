"""A skipped test is passed over on a developer's machine, with its reason, and fails where CI=true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    "by a mark": 'import pytest\n@pytest.mark.skip(reason="no browser")\ndef test_it(): pass\n',
    "as a whole": 'import pytest\npytest.skip("no browser", allow_module_level=True)\n',
    "on the way": 'import pytest\ndef test_it(): pytest.skip("no browser")\n',
}


@pytest.mark.parametrize("text", TESTS.values(), ids=TESTS)
@pytest.mark.parametrize("ci", ["", "true"])
def test_a_skip_fails_only_in_ci_and_always_says_why(text: str, ci: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-ra", "-p", "tests.conftest", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-c", os.devnull, str(tmp_path)],
        cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "no browser" in done.stdout
    assert ("skipped, which CI does not allow" in done.stdout) is bool(ci)
    assert (done.returncode in (0, 5)) is not bool(ci)  # 5: nothing was collected
