"""The pages: a blueprint per area. A view reads the address, calls one function of browse, and renders."""

from __future__ import annotations

from flask import Flask

from webapp.views import (
    assets,
    edit,
    encryption,
    health,
    maintenance,
    object,
    overview,
    registry,
    search,
    watch,
    wellbeing,
)


def init_app(app: Flask) -> None:
    """Register every blueprint."""
    for module in (assets, edit, encryption, health, maintenance, overview, registry, object, search, watch, wellbeing):
        app.register_blueprint(module.bp)
