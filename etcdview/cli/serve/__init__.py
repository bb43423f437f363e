"""`etcdview serve`, and the app for another WSGI server: `gunicorn 'etcdview.cli.serve:create_app()'`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

# Where the wheel has webapp, templates and static files: `webapp` in site-packages would be anyone's name.
_IN_THE_WHEEL = Path(__file__).parents[2] / "_web"


def find_webapp() -> None:
    """Let `import webapp` find ours: in a checkout it lies beside etcdview, once installed inside it."""
    folder = str(_IN_THE_WHEEL)
    if _IN_THE_WHEEL.is_dir() and folder not in sys.path:
        sys.path.insert(0, folder)


def create_app() -> Flask:
    """The app by the settings of the environment and the settings file. Raises SettingError for invalid ones."""
    find_webapp()
    import webapp

    return webapp.create_app()
