"""Where nobody said which etcd to read, and none listens at its usual address, the remedy is to name one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etcdview.cli import options
from etcdview.cli.main import run
from etcdview.config import NO_ETCD_NAMED, ROWS, Resolved, Settings, resolve
from etcdview.demo.processes import free_ports
from webapp import create_app

GUESS = "Is etcd running there"


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> str:
    """An address at which nothing listens, in place of etcd's usual one; nothing is set."""
    for row in ROWS:
        monkeypatch.delenv(row.variable, raising=False)
    url = f"http://127.0.0.1:{free_ports(1)[0]}"

    def resolved(flags: dict[str, Any]) -> Resolved:
        found = resolve(flags)
        return found if found.settings.etcd_named else replace(found, settings=unset(url))

    monkeypatch.setattr(options, "resolve", resolved)
    return url


def unset(url: str) -> Settings:
    return Settings(endpoints=(url,), etcd_named=False)


@pytest.mark.parametrize("words", [["get", "pods"], ["search", "x"], ["health"], ["doctor"], ["members"]])
def test_commands_name_the_setting(words: list[str], nowhere: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(words) == 3

    said = "".join(capfd.readouterr())
    assert said.count(NO_ETCD_NAMED) == 1
    assert nowhere in said


@pytest.mark.parametrize("words", [["get", "pods"], ["health"]])
def test_where_an_etcd_is_named_the_remedy_is_about_that(
    words: list[str], nowhere: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert run([*words, "--endpoints", nowhere]) == 3

    said = "".join(capfd.readouterr())
    assert (GUESS in said, NO_ETCD_NAMED in said) == (True, False)


def test_pages_and_the_api_name_the_setting(nowhere: str) -> None:
    client = create_app(unset(nowhere)).test_client()

    for path in ("/registry?resource=pods", "/object?key=/registry/x", "/api/v1/object?key=/registry/x"):
        answer = client.get(path)
        said = re.sub("</?code>", "`", answer.get_data(as_text=True)).replace("&#39;", "'")
        assert (answer.status_code, NO_ETCD_NAMED in said, GUESS in said) == (503, True, False), path


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
    assert resolve(flags, environ, tmp_path).settings.etcd_named is named
