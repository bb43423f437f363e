"""The pages: a module a group of addresses, with a blueprint `bp` each.

A view reads the address, calls one function of etcdview.pages, and renders. Page modules that take long to load are
imported in the views that need them, so that the first page waits for none of them; see webapp/late.py.
"""

from __future__ import annotations

from flask import Flask

from webapp.views import (
    accounts,
    assets,
    audit,
    compare,
    edit,
    encryption,
    export,
    health,
    kubectl,
    learn,
    maintenance,
    namespaces_and_storage,
    object,
    overview,
    patterns,
    registry,
    rescue,
    restore_plan,
    reveal,
    search,
    space,
    watch,
)

_BLUEPRINTS = (
    overview.bp,
    registry.bp,
    object.bp,
    search.bp,
    watch.bp,
    health.bp,
    namespaces_and_storage.bp,
    encryption.bp,
    export.bp,
    space.bp,
    compare.bp,
    rescue.bp,
    restore_plan.bp,
    kubectl.bp,
    learn.bp,
    reveal.bp,
    edit.bp,
    maintenance.bp,
    accounts.bp,
    audit.bp,
    assets.bp,
    patterns.bp,
)


def init_app(app: Flask) -> None:
    """Register every blueprint."""
    for bp in _BLUEPRINTS:
        app.register_blueprint(bp)
