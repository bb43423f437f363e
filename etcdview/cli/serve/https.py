"""Serving HTTPS: one TLS context, made anew when the files were renewed."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import click

from etcdview.config import Settings
from etcdview.errors import SettingError
from etcdview.pages.parts.texts import reason

Stamp = tuple[tuple[int, int], ...]


class Https:
    """The context for the next connection. Files that are broken while they are renewed leave the old one in use."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingError for files that make no context."""
        self._settings = settings
        self._lock = threading.Lock()  # guards the two below
        self._stamp = self._read_stamp()
        self._context = self._load()

    def context(self) -> ssl.SSLContext:
        """As the files are now."""
        stamp = self._read_stamp()
        with self._lock:
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._context = self._load()
                except SettingError as error:
                    click.echo(f"etcdview: {error.what} The previous certificate stays in use.", err=True)
            return self._context

    def _load(self) -> ssl.SSLContext:
        settings = self._settings
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(settings.tls_cert, settings.tls_key, password=_no_password)
        except (OSError, ValueError) as error:
            given = " and ".join(filter(None, (settings.tls_cert, settings.tls_key)))
            what = f"{given} cannot be used as a certificate and its key: {_reason(error)}."
            raise SettingError(what, "The settings tls-cert and tls-key name PEM files.") from error
        if settings.client_ca:
            self._trust_clients(context)
        return context

    def _trust_clients(self, context: ssl.SSLContext) -> None:
        """Who shows a certificate must show one of this CA; who shows none may log in otherwise, or gets a sentence."""
        try:
            context.load_verify_locations(self._settings.client_ca)
        except (OSError, ValueError) as error:
            what = f"{self._settings.client_ca} holds no CA certificate: {_reason(error)}."
            raise SettingError(what, "The setting client-ca names a PEM file.") from error
        context.verify_mode = ssl.CERT_OPTIONAL

    def _read_stamp(self) -> Stamp:
        settings = self._settings
        return tuple(map(_stamp, filter(None, (settings.tls_cert, settings.tls_key, settings.client_ca))))


def _no_password() -> str:
    raise ValueError("the key is protected by a password")


def _reason(error: Exception) -> str:
    if isinstance(error, ssl.SSLError) and (error.reason or "NO_PEM") == "NO_PEM":
        return "not PEM"
    return reason(error).lower()


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return (0, 0)
    return (status.st_mtime_ns, status.st_ino)
