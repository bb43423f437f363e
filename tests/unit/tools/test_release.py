"""What a release has: a file that unpacks itself, a man page of every command, a bill of materials."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from etcdview import __version__
from etcdview.cli.main import COMMANDS
from tools.release import manpage, sbom, zipapp
from tools.release.__main__ import described, moment

ROOT = Path(__file__).parents[3]
MADE = datetime(2026, 11, 29, tzinfo=UTC)
HERE = "{}.{}".format(*sys.version_info)


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zipapp whose etcdview only prints where it lies, and which Python the module beside it was made for."""
    return zipapp.pack(_sites(tmp_path_factory.mktemp("sites")), tmp_path_factory.mktemp("zipapp") / "etcdview.pyz")


def _sites(folder: Path) -> dict[str, Path]:
    """What pip would have made: this Python's, and another's, whose compiled module is another."""
    made = {}
    for python in (HERE, "3.99"):
        made[python] = folder / python
        package = made[python] / "etcdview"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "compiled.py").write_text(f"PYTHON = {python!r}\n")
        (package / "__main__.py").write_text(
            "import os\nfrom etcdview.compiled import PYTHON\n"
            "def main(): print(__file__, os.environ['PYTHONPATH'], PYTHON)\n"
        )
    return made


def _run(pyz: Path, cache: Path, *, python: str = sys.executable) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "COV"))} | {
        "ETCDVIEW_CACHE": str(cache)
    }
    return subprocess.run([python, str(pyz)], env=environ, capture_output=True, text=True, check=False, timeout=30)


def test_the_zipapp_unpacks_itself_once_and_runs_from_there(pyz: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    first, again = _run(pyz, cache), _run(pyz, cache)

    (build,) = cache.iterdir()
    assert first.stdout == again.stdout == f"{build}/site/etcdview/__main__.py {build}/site {HERE}\n"
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
    again = zipapp.pack(_sites(tmp_path), tmp_path / "again.pyz")

    assert again.read_bytes() == pyz.read_bytes()


def test_what_pip_notes_about_an_installation_is_not_in_the_zipapp(pyz: Path, tmp_path: Path) -> None:
    sites = _sites(tmp_path)
    for site in sites.values():
        notes = site / "etcdview-0.1.0.dist-info"
        notes.mkdir()
        for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json"):
            (notes / name).write_text(f"installed from {tmp_path}\n")

    assert zipapp.pack(sites, tmp_path / "again.pyz").read_bytes() == pyz.read_bytes()


def test_what_all_pythons_have_alike_is_in_the_zipapp_once(pyz: Path) -> None:
    with zipfile.ZipFile(pyz) as archive:
        names = archive.namelist()

    own = [f"site-{python}/etcdview/compiled.py" for python in (HERE, "3.99")]
    assert [name for name in names if "/" in name] == ["site/etcdview/__init__.py", "site/etcdview/__main__.py", *own]


def test_the_zipapp_names_the_pythons_that_it_is_for(tmp_path: Path) -> None:
    sites = {"3.99": _sites(tmp_path)["3.99"]}

    done = _run(zipapp.pack(sites, tmp_path / "other.pyz"), tmp_path / "cache")

    assert done.returncode == 2
    assert done.stderr.startswith("etcdview: this file is for Python 3.99 on ")
    assert "Run it with python3.99" in done.stderr


def test_the_man_page_has_every_command() -> None:
    page = manpage.page()

    for name in COMMANDS:
        assert f".SS etcdview {name}".replace("-", "\\-") in page
    assert ".SS etcdview snapshot save" in page
    assert not [line for line in page.splitlines() if line.startswith("'")]


def test_the_bill_of_materials_has_every_pin_with_a_licence() -> None:
    bill = json.loads(sbom.bill(__version__, ROOT / "requirements.txt", MADE))

    pins = [line for line in (ROOT / "requirements.txt").read_text().splitlines() if not line.startswith("#")]
    assert sorted(f"{each['name']}=={each['version']}" for each in bill["components"]) == sorted(pins)
    assert [each["name"] for each in bill["components"] if not each.get("licenses")] == []
    assert bill["metadata"]["component"]["version"] == __version__


def test_the_bill_of_materials_is_the_same_each_time() -> None:
    first, again = (sbom.bill(__version__, ROOT / "requirements.txt", MADE) for _ in range(2))

    assert first == again
    assert json.loads(first)["metadata"]["timestamp"] == "2026-11-29T00:00:00+00:00"


def test_a_release_is_of_its_day_unless_another_moment_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert moment("## 0.1.0, 2026-11-29\n", "0.1.0") == MADE

    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1580601600")
    assert moment("## 0.1.0, 2026-11-29\n", "0.1.0") == datetime(2020, 2, 2, tzinfo=UTC)


def test_the_changelog_has_a_heading_for_the_version() -> None:
    assert described((ROOT / "CHANGELOG.md").read_text(), __version__)
    assert not described("## Unreleased\n", __version__)
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
