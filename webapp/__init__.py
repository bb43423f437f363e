"""The Flask app: pages and the JSON API over etcdview.pages. No view touches a store."""

from __future__ import annotations

from flask import Flask
from htmx_flask import Htmx

from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.secret_key import with_secret_key
from etcdview.cluster.cluster import Cluster
from etcdview.config import Settings, load
from webapp import accounts, errors, machines, prefix, rendering, runtime, security, views
from webapp.api import views as api
from webapp.kubeapi import views as kube


def create_app(
    settings: Settings | None = None, cluster: Cluster | None = None, ended: EndedSessions | None = None
) -> Flask:
    """The app over `cluster`, or over the one that `settings` name, or over what environment and files say.

    Opening a cluster starts its threads and never waits for etcd: the app is there at once, and stays, while etcd is
    down. `ended` is what several workers share; see EndedSessions. Raises SettingError for invalid settings.
    """
    settings = with_secret_key(settings or load())
    app = Flask(__name__, template_folder=rendering.TEMPLATES, static_folder=rendering.STATIC)
    Htmx(app)
    rendering.init_app(app)
    prefix.init_app(app)
    security.init_app(app, settings)
    accounts.init_app(app, settings, ended)
    errors.init_app(app)
    runtime.init_app(app, settings, cluster)
    # From here on etcd is being asked: what follows costs the first page nothing.
    app.register_blueprint(api.bp)
    app.register_blueprint(kube.bp)
    app.register_blueprint(machines.bp)
    views.init_app(app)
    prefix.check_prefix(app, settings.url_prefix)
    accounts.limit(app)
    return app
