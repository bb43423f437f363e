"""`etcdview shell [FILE]`: a shell in which kubectl, k9s and helm read a file, or an etcd without an API server."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import click

from etcdview import background
from etcdview.cli.helping import GroupedCommand
from etcdview.cli.options import settings_options
from etcdview.cli.terminal import remark
from etcdview.config import ROWS, Resolved, Settings
from etcdview.config.rows import CONNECTION, SOURCE
from etcdview.errors import UnreachableError

_ROWS = (
    *CONNECTION,
    *(row for row in SOURCE if row.field != "from_file"),
    *(row for row in ROWS if row.field == "show_secrets"),
)
_READY_SECONDS = 60.0
_STOP_SECONDS = 8.0  # it ends by itself within five
_USER = "shell"


@click.command("shell", cls=GroupedCommand)
@click.argument("from_file", metavar="[FILE]", required=False)
@click.option("-c", "words", metavar="COMMAND", default="", help="Run this command and exit with its status.")
@settings_options(_ROWS)
def command(words: str, resolved: Resolved) -> int:
    """Open $SHELL with KUBECONFIG set, so that kubectl, k9s and helm read FILE, or the live etcd without FILE.

    A server with a token of its own runs meanwhile, for this shell alone; both are gone at its end.

        etcdview shell backup.db
        (etcdview backup.db) $ kubectl get pods -A
    """
    settings = resolved.settings
    name = Path(settings.from_file).name or "etcd"
    with tempfile.TemporaryDirectory(prefix="etcdview-shell-") as folder, _server(settings, Path(folder)) as config:
        if not words:
            remark(f"kubectl now reads {settings.from_file or 'etcd'}, without writing. `exit` ends it.")
        shell = _shell_of(os.environ, Path(folder), name, words)
        environ = os.environ | shell.environ | {"KUBECONFIG": str(config), "ETCDVIEW_SHELL": name}
        return _run(shell.words, environ)


@dataclass(frozen=True, slots=True)
class _Shell:
    """What to run, and what its environment has more."""

    words: tuple[str, ...]
    environ: Mapping[str, str]


def _shell_of(environ: Mapping[str, str], folder: Path, name: str, words: str) -> _Shell:
    """The user's shell with a word before its prompt, as far as it can be told to."""
    shell = environ.get("SHELL") or "/bin/sh"
    if words:
        return _Shell((shell, "-c", words), {})
    word = "".join(c for c in f"(etcdview {name}) " if c.isprintable() and c not in "\\$`%!'\"")
    home = environ.get("HOME", "")
    match Path(shell).name:
        case "bash":
            file = folder / "bashrc"
            file.write_text(f'[ -r ~/.bashrc ] && . ~/.bashrc\nPS1={shlex.quote(word)}"$PS1"\n')
            return _Shell((shell, "--rcfile", str(file), "-i"), {})
        case "zsh":
            own = environ.get("ZDOTDIR") or home
            theirs = f'ZDOTDIR={shlex.quote(own)}\n[ -r "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"\n'
            (folder / ".zshrc").write_text(f'{theirs}PROMPT={shlex.quote(word)}"$PROMPT"\n')
            return _Shell((shell, "-i"), {"ZDOTDIR": str(folder)})
    return _Shell((shell, "-i"), {"PS1": word + (environ.get("PS1") or "$ ")})


def _run(words: tuple[str, ...], environ: Mapping[str, str]) -> int:
    """The shell's exit status. Ctrl-C is for what runs in the shell."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        return subprocess.run(words, env=environ, check=False, preexec_fn=_interruptible).returncode % 256  # noqa: S603
    finally:
        signal.signal(signal.SIGINT, before)


def _interruptible() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextlib.contextmanager
def _server(settings: Settings, folder: Path) -> Iterator[Path]:
    """A server for one user, and the kubeconfig for it. Raises UnreachableError where it does not start.

    By HTTPS, with a certificate of its own: kubectl sends no token in the clear.
    """
    from etcdview.access.files import changing
    from etcdview.access.users import User, Users, add_token
    from etcdview.config import parse_address
    from etcdview.demo.certificates import LOCAL_NAMES, SERVER, Authority
    from etcdview.demo.processes import free_ports, start
    from etcdview.pages.tools.kubeconfig import KubeServer, kubeconfig, server_url

    users_file, config = folder / "users.json", folder / "kubeconfig"
    users, token = add_token(Users().with_user(User(_USER, "viewer")), _USER, _now(), None, "shell")
    with changing(users_file) as write:
        write(users)
    authority = Authority(folder, "etcdview-shell")
    pair = authority.issue(folder, "server", "etcdview-shell", sans=LOCAL_NAMES, usages=SERVER)
    own = replace(
        settings,
        listen=f"127.0.0.1:{free_ports(1)[0]}",
        kube_api=True,
        users_file=str(users_file),
        audit_log=settings.audit_log or str(folder / "audit.jsonl"),
        public_url="",
        tls_cert=str(pair.cert),
        tls_key=str(pair.key),
    )
    log = folder / "log"
    server = start([sys.executable, "-P", "-m", "etcdview", "serve"], log, _environ(own), signal.SIGTERM)
    try:
        _wait_ready(server, parse_address(own.listen).port, authority.files.cert, log)
        file = os.open(config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(file, "w", encoding="utf-8") as text:
            ca = authority.files.cert.read_bytes()
            text.write(kubeconfig(KubeServer(server_url(own), ca, str(token))))
        yield config
    finally:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_STOP_SECONDS)
        server.kill()
        server.wait()


def _environ(settings: Settings) -> dict[str, str]:
    """All settings as variables: others read command lines."""
    names = {"ETCDVIEW_CONFIG", *(row.variable for row in ROWS)}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    values = {row.variable: row.show(getattr(settings, row.field)) for row in ROWS}
    chosen = {row.variable for row in ROWS if getattr(settings, row.field) != row.default or row.field == "endpoints"}
    return kept | background.modules_found() | {name: value for name, value in values.items() if name in chosen}


def _wait_ready(server: subprocess.Popen[bytes], port: int, ca: Path, log: Path) -> None:
    import http.client

    context = ssl.create_default_context(cafile=str(ca))
    deadline = time.monotonic() + _READY_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
        try:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        finally:
            connection.close()
    told = log.read_text("utf-8", "replace").strip().replace("etcdview: ", "")
    raise UnreachableError(told.splitlines()[0] if told else "etcdview's server did not start.", _rest(told))


def _rest(told: str) -> str:
    return " ".join(line.strip() for line in told.splitlines()[1:3])


def _now() -> datetime:
    return datetime.now(UTC)
