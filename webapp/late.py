"""What the first page does not wait for: modules that a view imports when it is called first.

Loading them takes a quarter of a second. The server loads them in a thread soon after the start, before somebody waits.
"""

from __future__ import annotations

import importlib

LATE_IMPORTS = (
    "etcdview.kubeapi.answering",
    "etcdview.pages.certificates.page",
    "etcdview.pages.compare",
    "etcdview.pages.content_search",
    "etcdview.pages.edit.delete",
    "etcdview.pages.edit.edit",
    "etcdview.pages.edit.preview",
    "etcdview.pages.encryption",
    "etcdview.pages.export",
    "etcdview.pages.growth",
    "etcdview.pages.health.page",
    "etcdview.pages.kubectl",
    "etcdview.pages.learn.page",
    "etcdview.pages.maintenance",
    "etcdview.pages.namespaces_and_storage",
    "etcdview.pages.object.download",
    "etcdview.pages.object.history",
    "etcdview.pages.object.page",
    "etcdview.pages.object.reveal",
    "etcdview.pages.palette",
    "etcdview.pages.registry.changed",
    "etcdview.pages.registry.drawer",
    "etcdview.pages.registry.page",
    "etcdview.pages.rescue",
    "etcdview.pages.restore_plan",
    "etcdview.pages.search",
    "etcdview.pages.space.page",
    "etcdview.pages.space.report",
    "etcdview.pages.watch",
    "pygments.formatters.html",
    "pygments.lexers.data",
    "pygments.styles.default",
    "webapp.api.compare",
    "webapp.api.document",
    "webapp.api.routes",
    "webapp.api.space",
    "webapp.api.state",
)


def load_late() -> None:
    """Load all of it."""
    for module in LATE_IMPORTS:
        importlib.import_module(module)
