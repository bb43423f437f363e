"""What the app holds while it runs: the opened cluster, and the window that a request looks through."""

from __future__ import annotations

import atexit
from datetime import UTC, datetime
from typing import cast

from flask import Flask, current_app, g

from etcdview.cluster.budget import PATIENT_BYTES, PATIENT_SECONDS, RequestBudget
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.opening import open_cluster
from etcdview.cluster.window import Window
from etcdview.config import Settings
from etcdview.pages.parts import commands
from etcdview.pages.parts.frame import Frame, page_frame
from webapp import past
from webapp.accounts.guard import viewer
from webapp.accounts.identify import current_viewer
from webapp.hangup import hung_up

_KEY = "etcdview"


def init_app(app: Flask, settings: Settings, cluster: Cluster | None) -> None:
    """Open the cluster, unless one is given; it is closed when the process ends."""
    opened = cluster or open_cluster(settings)
    app.extensions[_KEY] = opened
    past.init_app(app, opened)
    app.jinja_env.filters["connected"] = connected
    app.teardown_request(_give_back)
    if cluster is None:
        atexit.register(opened.close)


def end_calls(app: Flask) -> None:
    """Close the cluster: requests that wait for etcd go on at once, with an error."""
    opened = cast(Cluster, app.extensions[_KEY])
    opened.end_calls()
    opened.close()


def connected(text: str) -> str:
    """A command with the connection of this cluster, so that it runs in any shell."""
    return commands.connected(text, current_cluster().source)


def current_cluster() -> Cluster:
    """The cluster that this request shows: the app's, or its past."""
    return past.past_cluster() or cast(Cluster, current_app.extensions[_KEY])


def current_window() -> Window:
    """The cluster as the viewer of this request may see it, within the budget of a request."""
    if "window" not in g:
        g.budget = RequestBudget(current_cluster().held, gone=hung_up())
        g.window = Window(current_cluster(), viewer(), g.budget)
    return cast(Window, g.window)


def patient_window() -> Window:
    """The same for an expensive question, of which there is one at a time: with more time, and more memory."""
    if "patient_budget" in g:
        g.patient_budget.give_back()
    g.patient_budget = RequestBudget(
        current_cluster().held, seconds=PATIENT_SECONDS, size_bytes=PATIENT_BYTES, gone=hung_up()
    )
    return Window(current_cluster(), viewer(), g.patient_budget)


def _give_back(_: BaseException | None) -> None:
    for name in ("budget", "patient_budget"):
        budget = g.pop(name, None)
        if budget is not None:
            budget.give_back()


def now() -> datetime:
    """The clock that ages are counted from."""
    return datetime.now(UTC)


def current_frame() -> Frame | None:
    """What the frame around every page shows; None for somebody who has not logged in, and gets none."""
    return page_frame(current_window()) if current_viewer() is not None else None
