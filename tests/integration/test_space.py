"""`etcdview space` and the page on a live etcd: the sums are those of its values, and Status says the rest."""

from __future__ import annotations

import json

import pytest

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from tests.integration.indexing import wait_for, writing
from tests.integration.test_get import config_map
from webapp import create_app


def test_page_and_command_have_the_sums_of_what_etcd_holds(
    plain_etcd: LocalCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    url = plain_etcd.endpoints[0]
    values = {key.encode(): value for key, value in (config_map(f"c{n}", n) for n in range(5))}
    with writing(url) as writer:
        for key, value in values.items():
            writer.put(key, value=value)

        assert run(["space", "--endpoints", url, "-o", "json", "--by", "object"]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert {row["key"]: row["bytes"] for row in answer["rows"]} == {k.decode(): len(v) for k, v in values.items()}
        assert answer["complete"] is True
        assert answer["total"] == {"keys": 5, "bytes": sum(map(len, values.values()))}

        opened = open_cluster(Settings(endpoints=(url,), facts="on"))
        try:
            browser, facts = create_app(Settings(endpoints=(url,)), opened).test_client(), opened.facts
            assert facts is not None
            wait_for(lambda: facts.status.complete, lambda: facts.status)
            last = writer.put(b"/registry/configmaps/shop/more", value=b"x" * 1000)
            wait_for(lambda: facts.status.revision >= last, lambda: facts.status)
            shown = browser.get("/api/v1/space").get_json()
            assert shown["total"] == {"keys": 6, "bytes": sum(map(len, values.values())) + 1000}
            assert shown["revision"] >= last
            wait_for(lambda: "Free pages" in browser.get("/space").text, lambda: browser.get("/space").text)
        finally:
            opened.close()


def test_an_etcd_that_is_not_there_is_exit_status_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["space", "--endpoints", "http://127.0.0.1:9"]) == 3
    assert "127.0.0.1:9" in capsys.readouterr().err
