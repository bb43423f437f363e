"""The page on encryption at rest."""

from __future__ import annotations

from flask import Response

from etcdview.pages.encryption import begin_count, encryption_page
from webapp.rendering import render_page
from webapp.runtime import current_window, now


def encryption() -> Response:
    """Which values are encrypted, and by what."""
    page = encryption_page(current_window(), now())
    return render_page("encryption/index.html", page, fragments={"encryption": "encryption/_encryption.html"})


def count() -> Response:
    """Begin to count all values."""
    begin_count(current_window(), now())
    return Response(status=303, headers={"Location": "/encryption"})
