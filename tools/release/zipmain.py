"""The start of the zipapp: it unpacks itself into a cache once, since compiled libraries cannot run out of a zip.

It runs before anything of etcdview is there, so it knows Python's own library only. The archive has `build.json`, what
every Python needs below `site/`, and what one alone needs (compiled libraries) below `site-3.12/` and the like.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from pathlib import Path

VARIABLE = "ETCDVIEW_CACHE"


def fail(what: str, remedy: str) -> None:
    """End as etcdview ends for what cannot be used."""
    sys.exit(_print(f"etcdview: {what}\n  {remedy}"))


def _print(text: str) -> int:
    print(text, file=sys.stderr)
    return 2


def cache(environ: dict[str, str]) -> Path:
    """The folder that holds what was unpacked."""
    if environ.get(VARIABLE):
        return Path(environ[VARIABLE])
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "etcdview"


def unpacked(archive: zipfile.ZipFile, build: str, python: str, folder: Path) -> Path:
    """Where the libraries for this Python lie; they are unpacked if this build's are missing. Raises OSError."""
    target = folder / f"{build}-{python}"
    if not target.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        trusted(folder)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder))
        try:
            extract(archive, python, part)
            part.rename(target)
        except FileExistsError:  # another process was quicker
            pass
        except OSError:
            if not target.is_dir():
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    trusted(folder)
    trusted(target)
    return target / "site"


def extract(archive: zipfile.ZipFile, python: str, folder: Path) -> None:
    """What this Python needs, into folder/site. Raises OSError."""
    for entry in archive.infolist():
        root, _, rest = entry.filename.partition("/")
        if root in ("site", f"site-{python}"):
            entry.filename = f"site/{rest}"
            archive.extract(entry, folder)


def trusted(folder: Path) -> None:
    """Code is run from there: nobody else may have put it there. Raises OSError."""
    state = folder.stat()
    if state.st_uid != os.geteuid() or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{folder} belongs to another user, or others may write there")


def main(path: str) -> None:
    """Unpack if need be, and run etcdview."""
    with zipfile.ZipFile(path) as archive:
        build = json.loads(archive.read("build.json"))
        python, machine = f"{sys.version_info[0]}.{sys.version_info[1]}", os.uname().machine
        if python not in build["pythons"] or machine != build["machine"]:
            known = ", ".join(build["pythons"])
            fail(
                f"this file is for Python {known} on {build['machine']}; this is {python} on {machine}.",
                f"Run it with python{build['pythons'][-1]}; for another kind of machine make it there: make zipapp.",
            )
        try:
            site = str(unpacked(archive, build["id"], python, cache(dict(os.environ))))
        except OSError as error:
            fail(f"cannot unpack itself: {error}.", f"Name another folder, your own, in {VARIABLE}.")
    sys.path.insert(0, site)
    # What etcdview starts beside itself finds the libraries as well.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (site, os.environ.get("PYTHONPATH"))))
    from etcdview.__main__ import main as etcdview

    etcdview()


if __name__ == "__main__":
    main(sys.argv[0])
