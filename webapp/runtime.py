"""What the app holds while it runs: the opened cluster, and the window that a request looks through."""

from __future__ import annotations

import atexit
from datetime import UTC, datetime
from typing import cast

from flask import Flask, current_app, g

from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.pages.parts import commands
from etcdview.pages.parts.frame import Frame, page_frame
from webapp.accounts.guard import viewer
from webapp.accounts.identify import current_viewer

_KEY = "etcdview"


def init_app(app: Flask, settings: Settings, cluster: Cluster | None) -> None:
    """Open the cluster, unless one is given; it is closed when the process ends."""
    opened = cluster or open_cluster(settings)
    app.extensions[_KEY] = opened
    app.jinja_env.filters["connected"] = connected
    if cluster is None:
        atexit.register(opened.close)


def connected(text: str) -> str:
    """A command with the connection of this cluster, so that it runs in any shell."""
    return commands.connected(text, current_cluster().source)


def current_cluster() -> Cluster:
    """The cluster that this app shows."""
    return cast(Cluster, current_app.extensions[_KEY])


def current_window() -> Window:
    """The cluster as the viewer of this request may see it."""
    if "window" not in g:
        g.window = Window(current_cluster(), viewer())
    return cast(Window, g.window)


def now() -> datetime:
    """The clock that ages are counted from."""
    return datetime.now(UTC)


def current_frame() -> Frame | None:
    """What the frame around every page shows; None for somebody who has not logged in, and gets none."""
    return page_frame(current_window()) if current_viewer() is not None else None
