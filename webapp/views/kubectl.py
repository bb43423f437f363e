"""The page on how clients of Kubernetes read this cluster."""

from __future__ import annotations

from flask import Blueprint, Response, request

from webapp.accounts.state import current_accounts
from webapp.rendering import render_page
from webapp.runtime import current_window

bp = Blueprint("kubectl", __name__)


@bp.get("/kubectl")
def kubectl_page() -> Response:
    """A kubeconfig, commands to copy, what works and what does not."""
    from etcdview.pages import kubectl as pages

    settings = current_accounts().settings
    url = settings.public_url.rstrip("/") + request.script_root if settings.public_url else request.url_root.rstrip("/")
    page = pages.kubectl_page(current_window(), f"{url}/kube", served=settings.kube_api, login=settings.login)
    return render_page("kubectl/index.html", page)
