"""gunicorn, run from within: one listening socket, worker processes with threads, the app made in each worker.

The app is made after the fork: grpc's threads do not survive one, and each worker keeps its own index and watch.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import mmap
import os
import resource
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.errors import HaltServer
from gunicorn.glogging import Logger

from etcdview.access.ended_sessions import EndedSessions
from etcdview.access.exposure import check_exposure
from etcdview.access.secret_key import with_secret_key
from etcdview.cli.serve import find_webapp
from etcdview.cli.serve.https import Https
from etcdview.cli.serve.journal import JournalFormatter, log_to_journal
from etcdview.cli.serve.once import OnlyOnce
from etcdview.cli.serve.patience import STOP_SECONDS, PatientWorker
from etcdview.cli.serve.tuning import tune
from etcdview.config import Address, Settings
from etcdview.config.settings import WATCHES
from etcdview.errors import EtcdviewError

if TYPE_CHECKING:
    from flask import Flask

KEEPALIVE_SECONDS = 30
# gunicorn's largest: a key of a few thousand bytes, percent-encoded, is still one line
REQUEST_LINE_BYTES = 8190
REST_AFTER_SECONDS = 2.0  # by then the first page is there
CONNECTIONS = 1000  # of each worker, slow ones and idle ones too
OTHER_DESCRIPTORS = 200  # etcd's connections, files, logs: left to others
_SHARED_MEMORY = "/dev/shm"  # gunicorn makes unlinked files there  # noqa: S108  # nosec B108


def serve(settings: Settings, sock: socket.socket, again: Callable[[], Settings]) -> int:
    """Answer requests on `sock` until a signal ends it. The exit status: an error's own if no worker could start.

    SIGHUP takes the settings that `again` gives, in new workers; if they are wrong, the earlier ones stay.
    Raises SettingError for TLS files or a secret key that cannot be used.
    """
    server = Server(with_secret_key(settings), sock, again)
    master = os.getpid()
    try:
        server.run()
    except HaltServer:  # gunicorn lets it through where a second worker fails while it stops
        return server.failure
    except SystemExit as end:
        if os.getpid() != master:  # a worker that ends comes by here too; its status is for the master to read
            raise
        return server.failure if end.code == Arbiter.APP_LOAD_ERROR else int(end.code or 0)
    return 0


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn with our settings, and an app that is made when a worker asks for it."""

    def __init__(self, settings: Settings, sock: socket.socket, again: Callable[[], Settings]) -> None:
        self.settings = settings
        self._https = _https(settings)
        self._again = again
        self._earlier: Settings | None = None  # those that worked before SIGHUP
        self._generation = 0  # how often SIGHUP came, by 256
        self._ended = EndedSessions()
        self._fd = sock.detach()  # gunicorn closes it
        # Shared with the workers: the exit status of what one failed with, the last generation of settings that one
        # started with, and whether all of them end.
        self._exit_status, self._proven, self._ending = mmap.mmap(-1, 1), mmap.mmap(-1, 1), mmap.mmap(-1, 1)
        self._report = OnlyOnce()  # which worker says what it failed with
        super().__init__()

    @property
    def failure(self) -> int:
        """The exit status that belongs to the error that a worker reported."""
        return self._exit_status[0]

    @property
    def is_ending(self) -> bool:
        """Whether the whole server ends, not only workers whose place others take."""
        return self._ending[0] == 1

    def run(self) -> None:
        """Start the workers and stay until all ends."""
        _Master(self).run()

    def end(self) -> None:
        """The master comes by here before it ends its workers."""
        self._ending[0] = 1

    def load_config(self) -> None:
        """gunicorn asks for its settings here."""
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def reload(self) -> None:
        """gunicorn comes here at SIGHUP, before it starts workers that take the place of the present ones."""
        try:
            found = replace(self._again(), listen=self.settings.listen)
            check_exposure(found)
            # Sessions stay: only a key that was given can have changed.
            found = found if found.secret_key else replace(found, secret_key=self.settings.secret_key)
            self._https = _https(found)
        except EtcdviewError as error:
            _say_that_the_earlier_stay(error)
        else:
            if self._earlier is None or self._proven[0] == self._generation:
                self._earlier = self.settings
            self.settings, self._generation = found, (self._generation + 1) % 256
        super().reload()

    def load(self) -> Flask:
        """A worker asks for its app here. An error of ours is printed as one, and no other worker is tried.

        What is made meanwhile stays: the garbage collector skips it from now on.
        """
        gc.disable()
        find_webapp()
        from webapp import create_app

        try:
            app = self._made(create_app)
            gc.freeze()
            tune()
            gc.enable()
            rest = threading.Timer(REST_AFTER_SECONDS, _load_rest)
            rest.name, rest.daemon = "etcdview-rest", True
            rest.start()
            return app
        except EtcdviewError as error:
            self._exit_status[0] = error.exit_code
            if self._report.is_mine():  # two workers may fail at the same moment
                click.echo(f"etcdview: {error.what}\n  {error.remedy}".rstrip(), err=True)
            sys.exit(Arbiter.APP_LOAD_ERROR)

    def _made(self, create_app: Callable[..., Flask]) -> Flask:
        """The app; with the settings from before SIGHUP where the new ones name what cannot be used."""
        try:
            app = create_app(self.settings, ended=self._ended)
        except EtcdviewError as error:
            if self._earlier is None:
                raise
            _say_that_the_earlier_stay(error)
            return create_app(self._earlier, ended=self._ended)
        self._proven[0] = self._generation
        return app

    def _options(self) -> dict[str, Any]:
        threads = self.settings.threads + (WATCHES if self.settings.kube_api else 0)
        return {
            "bind": f"fd://{self._fd}",
            "worker_class": PatientWorker,
            "workers": self.settings.workers,
            "threads": threads,
            "worker_connections": _connections(threads),
            "preload_app": False,
            "graceful_timeout": STOP_SECONDS,
            "keepalive": KEEPALIVE_SECONDS,
            "limit_request_line": REQUEST_LINE_BYTES,
            # gunicorn would trust this machine's X-Forwarded-Proto and SCRIPT_NAME: our settings say who is a proxy
            "forwarded_allow_ips": "",
            "loglevel": "warning",
            "logger_class": _Quiet,
            "control_socket_disable": True,
            "worker_tmp_dir": _SHARED_MEMORY if os.access(_SHARED_MEMORY, os.W_OK) else None,
            "post_worker_init": _tell_addresses,
            **self._https_options(),
        }

    def _https_options(self) -> dict[str, Any]:
        https = self._https
        if https is None:
            return {}
        files = {"certfile": self.settings.tls_cert, "keyfile": self.settings.tls_key}
        return files | {"ssl_context": lambda _config, _default: https.context()}


class _Master(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's master, which says that all ends: a worker sees the same signal when another takes its place."""

    def stop(self, graceful: bool = True) -> None:
        """End the workers, and wait for them."""
        self.app.end()
        super().stop(graceful)


def _say_that_the_earlier_stay(error: EtcdviewError) -> None:
    click.echo(f"etcdview: {error.what} The earlier settings stay.\n  {error.remedy}".rstrip(), err=True)


def _https(settings: Settings) -> Https | None:
    return Https(settings) if settings.tls_cert else None


def _connections(threads: int) -> int:
    """How many a worker may hold, within what the system lets it open; always more than its threads."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return max(CONNECTIONS, 2 * threads)
    return max(min(CONNECTIONS, descriptors - OTHER_DESCRIPTORS), 2 * threads)


def _load_rest() -> None:
    """Load what the first page did not wait for, so that no other page waits for it. It stays, as what `load` made."""
    from webapp.late import load_late

    load_late()
    gc.collect()
    gc.freeze()


def _tell_addresses(worker: Any) -> None:
    for sock in worker.sockets if worker.age == 1 else ():
        host, port = sock.getsockname()[:2]
        scheme = "https" if worker.cfg.is_ssl else "http"
        prefix = worker.app.settings.url_prefix
        click.echo(f"etcdview listens on {scheme}://{Address(host, port)}{prefix}/ (Ctrl-C stops it)", err=True)


class _Quiet(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's log without the lines that repeat, in its words, an error that we printed in ours."""

    _REPEATS = frozenset({"Worker (pid:%s) exited with code %s.", "Shutting down: %s", "Reason: %s"})

    def setup(self, cfg: Any) -> None:
        """gunicorn sets its handlers up here."""
        super().setup(cfg)
        if log_to_journal():
            for handler in self.error_log.handlers:
                handler.setFormatter(JournalFormatter())
        with contextlib.suppress(ValueError):
            self.error_log.removeFilter(self._not_reported_yet)
        self.error_log.addFilter(self._not_reported_yet)

    def _not_reported_yet(self, record: logging.LogRecord) -> bool:
        return record.msg not in self._REPEATS
