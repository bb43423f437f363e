"""A skipped test is passed over on a developer's machine, with its reason, and fails where CI=true."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = {
    "by a mark": 'import pytest\n@pytest.mark.skip(reason="REASON")\ndef test_it(): pass\n',
    "as a whole": 'import pytest\npytest.skip("REASON", allow_module_level=True)\n',
    "on the way": 'import pytest\ndef test_it(): pytest.skip("REASON")\n',
}


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_skip_fails_only_in_ci_and_always_says_why(ci: str, tmp_path: Path) -> None:
    for n, (how, text) in enumerate(TESTS.items()):
        (tmp_path / f"test_{n}.py").write_text(text.replace("REASON", f"no browser, {how}"))
    command = [sys.executable, "-m", "pytest", "-ra", "--continue-on-collection-errors", "-p", "tests.conftest"]
    done = subprocess.run(
        [*command, "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-c", os.devnull, str(tmp_path)],
        cwd=ROOT, env=os.environ | {"CI": ci}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    for how in TESTS:
        assert f"no browser, {how}" in done.stdout
        assert (f"skipped, which CI does not allow: Skipped: no browser, {how}" in done.stdout) is bool(ci)
    assert (done.returncode in (0, 5)) is not bool(ci)  # 5: nothing was collected
