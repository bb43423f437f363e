"""Where nobody said which etcd to read, that is what commands say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from etcdview.cli.options import NO_ETCD_NAMED, etcd_is_named, source_options
from etcdview.config import ROWS, resolve
from etcdview.errors import RefusedError, UnreachableError, UntrustedError

GUESS = "Is etcd running there?"


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for row in ROWS:
        monkeypatch.delenv(row.variable, raising=False)


def requests(ends: Callable[[], int], *arguments: str) -> tuple[str, str]:
    """The remedy of the error, and what was printed to standard error, of a command that ends as `ends` does."""

    @click.command()
    @source_options
    def command(resolved: object) -> int:
        return ends()

    result = CliRunner().invoke(command, arguments, standalone_mode=False)
    return getattr(result.exception, "remedy", ""), result.stderr


def refused() -> int:
    raise RefusedError("Nothing listens.", GUESS)


def untrusted() -> int:
    raise UntrustedError("Another CA.", GUESS)


def test_where_nobody_named_an_etcd_and_none_listens_the_remedy_is_to_name_one(unset: None) -> None:
    assert requests(refused) == (NO_ETCD_NAMED, "")
    assert requests(lambda: UnreachableError.exit_code)[1] == f"etcdview: {NO_ETCD_NAMED}\n"


def test_where_an_etcd_is_named_or_another_fault_is_known_the_remedy_is_about_that(unset: None) -> None:
    assert requests(refused, "--endpoints", "http://127.0.0.1:1")[0] == GUESS
    assert requests(untrusted)[0] == GUESS
    assert requests(lambda: UnreachableError.exit_code, "--endpoints", "http://127.0.0.1:1")[1] == ""
    assert requests(lambda: 0)[1] == ""


@pytest.mark.parametrize(
    ("flags", "environ", "named"),
    [
        ({}, {}, False),
        ({"timeout_seconds": "3s"}, {}, False),
        ({"endpoints": "http://127.0.0.1:2379"}, {}, True),
        ({}, {"ETCDCTL_ENDPOINTS": "http://127.0.0.1:2379"}, True),
        ({"from_file": "x.db"}, {}, True),
    ],
)
def test_an_etcd_is_named_by_any_setting_that_says_where_it_is(
    flags: dict[str, str], environ: dict[str, str], named: bool, tmp_path: Path
) -> None:
    assert etcd_is_named(resolve(flags, environ, tmp_path)) is named
