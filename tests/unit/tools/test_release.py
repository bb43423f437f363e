"""What a release has: a file that unpacks itself, a man page of every command, a bill of materials."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from etcdview import __version__
from etcdview.cli.main import COMMANDS
from tools.release import manpage, sbom, zipapp
from tools.release.__main__ import described

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zipapp whose etcdview only prints where it lies."""
    folder = tmp_path_factory.mktemp("zipapp")
    package = folder / "site" / "etcdview"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "cli.py").write_text("import os\ndef main(): print(__file__, os.environ['PYTHONPATH'])\n")
    return zipapp.pack(folder / "site", folder / "etcdview.pyz")


def _run(pyz: Path, cache: Path, *, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))} | {
        "ETCDVIEW_CACHE": str(cache)
    }
    return subprocess.run([python, str(pyz)], env=environ, capture_output=True, text=True, check=False, timeout=30)


def test_the_zipapp_unpacks_itself_once_and_runs_from_there(pyz: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    first, again = _run(pyz, cache), _run(pyz, cache)

    (build,) = cache.iterdir()
    assert first.stdout == again.stdout == f"{build}/site/etcdview/cli.py {build}/site\n"
    assert cache.stat().st_mode & 0o777 == 0o700


def test_the_zipapp_runs_nothing_from_a_folder_that_others_can_write(pyz: Path, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)

    done = _run(pyz, tmp_path / "open")

    assert done.returncode == 2
    assert "others may write there" in done.stderr
    assert "ETCDVIEW_CACHE" in done.stderr


def test_the_zipapp_says_so_if_its_cache_cannot_be_made(pyz: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = _run(pyz, tmp_path / "file" / "cache")

    assert done.returncode == 2
    assert done.stderr.startswith("etcdview: cannot unpack itself")


def test_the_same_content_is_the_same_zipapp(pyz: Path, tmp_path: Path) -> None:
    again = zipapp.pack(pyz.parent / "site", tmp_path / "again.pyz")

    assert again.read_bytes() == pyz.read_bytes()


def test_the_man_page_has_every_command() -> None:
    page = manpage.page()

    for name in COMMANDS:
        assert f".SS etcdview {name}".replace("-", "\\-") in page
    assert ".SS etcdview snapshot save" in page
    assert not [line for line in page.splitlines() if line.startswith("'")]


def test_the_bill_of_materials_has_every_pin_with_a_licence() -> None:
    bill = json.loads(sbom.bill(__version__, ROOT / "requirements.txt"))

    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert sorted(f"{each['name']}=={each['version']}" for each in bill["components"]) == sorted(pins)
    assert [each["name"] for each in bill["components"] if not each.get("licenses")] == []
    assert bill["metadata"]["component"]["version"] == __version__


def test_the_changelog_has_a_heading_for_the_version() -> None:
    assert described((ROOT / "CHANGELOG.md").read_text(), __version__)
    assert not described("## Unreleased\n", __version__)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
