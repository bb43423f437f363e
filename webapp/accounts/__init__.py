"""Who is asking, and may they: logins, sessions, CSRF, limits, audit. What may be seen is cluster.window's business."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask

from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.roles import Viewer
from etcdview.config import Settings
from etcdview.config.installed import require
from webapp.accounts import auditing, csrf, guard, limits, sessions, state
from webapp.accounts.identify import current_viewer


def init_app(app: Flask, settings: Settings, ended: EndedSessions | None) -> None:
    """Register all of it. Raises SettingError for settings or files of which nobody could say who they let in."""
    accounts = state.open_accounts(settings, ended or EndedSessions())
    app.extensions[state.KEY] = accounts
    if settings.oidc_issuer:
        # Here, because it takes a third of the start to load, and few need it.
        require("authlib", "oidc", "OpenID Connect (oidc-issuer)")
        from webapp.accounts.oidc import Provider

        app.extensions[Provider.KEY] = Provider(app, settings)
    sessions.init_app(app, settings)
    csrf.init_app(app)
    guard.init_app(app)
    limits.init_app(app)
    auditing.init_app(app)
    app.context_processor(_account)


def limit(app: Flask) -> None:
    """Limit the searches, the Kubernetes API and what is costly, once the views are there."""
    quick = (
        "search.search_page",
        "search.palette_page",
        "search.content_search_page",
        "api.keys",
        "api.table",
        "api.content",
        "object.history_page",
        "api.history",
    )
    limits.limit_views(app, limits.SEARCHES, *quick)
    limits.limit_views(app, limits.KUBE_REQUESTS, guard.KUBE_API)
    limits.limit_views(
        app,
        limits.COSTLY,
        "namespaces_and_storage.storage_page",
        "api.storage",
        "encryption.count_values",
        "edit.confirm_delete_prefix",
    )


@dataclass(frozen=True, slots=True)
class Account:
    """What every page may say of who is asking. `named`: there is a login, and somebody."""

    viewer: Viewer | None
    named: bool


def _account() -> dict[str, Account]:
    viewer = current_viewer()
    return {"account": Account(viewer, viewer is not None and state.current_accounts().settings.login)}
