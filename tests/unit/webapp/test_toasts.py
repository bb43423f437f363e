"""What a form has done is told once, on the page that follows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from etcdview.cluster import coverage
from etcdview.cluster.cluster import Cluster
from etcdview.cluster.coverage import Coverage
from etcdview.index.facts.live import FactStatus
from tests.security import lab
from tests.security.lab import Lab, post


@pytest.fixture(scope="module")
def cluster(capture: Path) -> Iterator[Cluster]:
    opened = lab.hostile_cluster(capture)
    yield opened
    opened.close()


@pytest.fixture
def made(tmp_path: Path, cluster: Cluster) -> Iterator[Lab]:
    cluster.coverage, cluster.facts = Coverage(), None
    yield lab.build(tmp_path, cluster)
    cluster.coverage.close()
    cluster.facts = None


class KnownFacts:
    """Facts that are so far, and stay there."""

    reader = None

    def __init__(self, status: FactStatus) -> None:
        self.status = status
        self.begun = 0

    def begin(self) -> None:
        self.begun += 1

    def close(self) -> None: ...


def told(response: TestResponse) -> list[str]:
    toasts = re.findall(r'<dialog class="toast" open.*?</dialog>', response.text, re.DOTALL)
    assert all('<form method="dialog">' in toast for toast in toasts)  # closes without JavaScript
    return [text for toast in toasts for text in re.findall(r'<p role="status">(.*?)</p>', toast)]


def test_a_count_is_told_to_have_begun_or_stopped_once_and_only_where_it_has(
    made: Lab, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coverage, "_PAUSE_SECONDS", 60.0)  # it stands still until it is stopped
    client = made.logged_in("olga")
    post(client, "/encryption", "/account")
    assert told(client.get("/encryption")) == ["The count of all values has begun."]
    assert told(client.get("/encryption")) == []

    assert post(client, "/encryption", "/account").status_code == 429  # one runs
    assert told(client.get("/account")) == []
    post(client, "/encryption/stop", "/account")
    assert told(client.get("/encryption")) == ["The count of all values was stopped."]
    assert cluster.coverage._thread is not None
    cluster.coverage._thread.join(10)
    post(client, "/encryption/stop", "/account")
    assert told(client.get("/encryption")) == ["No count was running."]


def test_a_count_that_another_was_quicker_to_begin_is_not_told_to_have_begun(
    made: Lab, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.coverage, "begin", lambda *_: False)
    client = made.logged_in("olga")
    post(client, "/encryption", "/account")
    assert told(client.get("/account")) == ["A count is already running."]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (FactStatus("waiting"), "Reading all values has begun."),
        (FactStatus("filling", done=1, total=2), "Reading all values once: facts 50 %."),
        (FactStatus("complete"), "All values have been read already."),
        (None, "etcdview keeps no facts of values (--facts off). Start it with --facts auto or --facts on."),
    ],
)
def test_reading_is_told_to_have_begun_only_where_the_values_waited_for_that(
    made: Lab, cluster: Cluster, status: FactStatus | None, said: str
) -> None:
    client = made.logged_in("olga")
    cluster.facts = facts = KnownFacts(status) if status else None  # type: ignore[assignment]
    post(client, "/space", "/account")

    assert told(client.get("/account")) == [said]
    assert facts is None or facts.begun == 1


def test_what_refreshes_itself_leaves_it_to_the_page(made: Lab) -> None:
    client = made.logged_in("olga")
    post(client, "/encryption/stop", "/account")

    assert told(client.get("/encryption", headers={"HX-Request": "true", "HX-Target": "encryption"})) == []
    assert told(client.get("/search/content?kind=text&q=nosuch")) == ["No count was running."]
    assert told(client.get("/encryption")) == []


def test_a_logout_is_told_on_the_page_of_the_login_and_the_session_is_over(made: Lab) -> None:
    client = made.logged_in("ann")
    post(client, "/logout", "/account")

    assert told(client.get("/login")) == ["You are logged out."]
    assert client.get("/account").status_code == 303
    assert told(client.get("/login")) == []
