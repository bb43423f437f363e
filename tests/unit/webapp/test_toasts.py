"""What a form has done is told once, on the page that follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from etcdview.cluster.cluster import Cluster
from tests.security import lab
from tests.security.lab import Lab, post


@pytest.fixture(scope="module")
def cluster(capture: Path) -> Iterator[Cluster]:
    opened = lab.hostile_cluster(capture)
    yield opened
    opened.close()


@pytest.fixture
def made(tmp_path: Path, cluster: Cluster) -> Lab:
    return lab.build(tmp_path, cluster)


def told(response: TestResponse) -> list[str]:
    toasts = re.findall(r'<dialog class="toast" open.*?</dialog>', response.text, re.DOTALL)
    assert all('<form method="dialog">' in toast for toast in toasts)  # closes without JavaScript
    return [text for toast in toasts for text in re.findall(r'<p role="status">(.*?)</p>', toast)]


def test_a_count_that_has_begun_is_told_once(made: Lab, cluster: Cluster) -> None:
    client = made.logged_in("olga")
    post(client, "/encryption", "/account")

    assert told(client.get("/encryption")) == ["The count of all values has begun."]
    assert told(client.get("/encryption")) == []
    cluster.coverage.close()


def test_what_refreshes_itself_leaves_it_to_the_page(made: Lab, cluster: Cluster) -> None:
    client = made.logged_in("olga")
    post(client, "/encryption/stop", "/account")

    assert told(client.get("/encryption", headers={"HX-Request": "true", "HX-Target": "encryption"})) == []
    assert told(client.get("/search/content?kind=text&q=nosuch")) == ["The count of all values was stopped."]
    assert told(client.get("/encryption")) == []


def test_a_logout_is_told_on_the_page_of_the_login_and_the_session_is_over(made: Lab) -> None:
    client = made.logged_in("ann")
    post(client, "/logout", "/account")

    assert told(client.get("/login")) == ["You are logged out."]
    assert client.get("/account").status_code == 303
    assert told(client.get("/login")) == []
