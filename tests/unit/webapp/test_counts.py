"""The tree, the list, its page and the API count the same objects, what cannot be decoded among them."""

from __future__ import annotations

import re
from pathlib import Path

from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app

CAPTURE = Path(__file__).parents[2] / "testdata" / "cluster-shop" / "registry.jsonl.gz"


def test_every_type_has_one_count_wherever_it_is_shown() -> None:
    settings = Settings(from_file=str(CAPTURE))
    opened = open_cluster(settings)
    differ = []
    try:
        client = create_app(settings, opened).test_client()
        types = client.get("/api/v1/resources").get_json()["resources"]
        for row in types:
            name = f"{row['resource']}.{row['group']}".rstrip(".")
            table = client.get("/api/v1/table", query_string={"resource": name, "limit": 500}).get_json()
            page = client.get("/registry", query_string={"resource": name}).text
            said = re.search(r"([\d,]+)(?:</\w+>)?\s+objects?\b", page)
            counts = (table["count"], len(table["rows"]), int(said[1].replace(",", "")) if said else None)
            if set(counts) != {row["count"]}:
                differ.append((name, row["count"], *counts))
        storage = client.get("/api/v1/storage").get_json()
    finally:
        opened.close()

    assert differ == []
    assert len(types) > 60
    assert storage["checked"] <= storage["total"]
