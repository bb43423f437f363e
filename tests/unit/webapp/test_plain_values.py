"""Values that are not Kubernetes objects, and objects under another's key: shown as they are, named by their keys."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from etcdview.cli.main import run
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from webapp import create_app

CASES = Path(__file__).parents[2] / "testdata" / "cases"
POD = (CASES / "decode-etcdctl-outputs" / "plain.bin").read_bytes()[:-1]
VALUES: dict[str, bytes] = {
    "foo": b"bar",
    "/service/batman/config": b'{"ttl":30,"loop_wait":10}',
    "/apisix/routes/list": b'["/a","/b"]',
    "/calico/v1/config": b"# ours\nmode: vxlan\npools:\n- 10.0.0.0/8\n",
    "/skydns/hostile": b"a\x1b[31mb\x07\xe2\x80\xaec",
    "/binary": b"\xff\xfe\x00",
    "/empty": b"",
    "/spoken": b'{"kind2": "Secret", "apiVersion": 1}',
    "/registry/pods/shop/broken": POD[:80],
    "/registry/pods/shop/": b"",
    "/registry/pods/shop/noname": b'{"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"shop"}}',
    "/registry/pods/shop/esc\x1b[31m\nred": POD,
    r"/registry/pods/shop/esc\x1b[31m\nred": POD,
    "/registry/pods/shop/web": POD,
    "/registry/minions/n2": POD,
    "/registry/things/shop/x": b"k8s\0\n\x0f\n\x05v9/zz\x12\x06Gadget\x12\x05hello",
    "/registry/secrets/a/s": b"topsecret",
}


@pytest.fixture(scope="module")
def dump(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [{"key": key, "value": base64.b64encode(value).decode(), "mod_revision": 7} for key, value in VALUES.items()]
    path = tmp_path_factory.mktemp("values") / "values.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture(scope="module")
def client(dump: Path) -> FlaskClient:
    settings = Settings(from_file=str(dump))
    return create_app(settings, open_cluster(settings)).test_client()


def _text(html: str) -> str:
    """The words of the value on a page, without its markup."""
    value = html.split('aria-label="Value">')[-1].split('<aside class="facts"')[0]
    return re.sub(r"<[^>]+>", "", value)


@pytest.mark.parametrize("view", ["summary", "yaml", "json"])
@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("foo", ("bar", "62 61 72")),
        ("/apisix/routes/list", ("/a", "5b 22 2f 61")),
        ("/calico/v1/config", ("mode: vxlan", "23 20 6f 75 72 73")),
        ("/skydns/hostile", (r"a\x1b[31mb\x07\u202ec", "61 1b 5b")),
        ("/binary", ("ff fe 00",)),
        ("/registry/pods/shop/broken", ("metadata.creationTimestamp", "name: web", "6b 38 73 00")),
        ("/registry/things/shop/x", ("Gadget", "6b 38 73 00")),
    ],
)
def test_every_view_of_what_is_no_object_has_its_bytes_its_text_and_the_reason(
    client: FlaskClient, key: str, said: tuple[str, ...], view: str
) -> None:
    shown = _text(client.get("/object", query_string={"key": key, "view": view}).text)

    assert [words for words in said if words not in shown] == []
    assert "empty: no bytes" not in shown


def test_only_an_empty_value_is_called_empty(client: FlaskClient) -> None:
    shown = _text(client.get("/object?key=/empty").text)

    assert "This value is empty." in shown
    assert "empty: no bytes" in shown
    assert "at byte" not in shown


@pytest.mark.parametrize("key", ["foo", "/service/batman/config", "/calico/v1/config"])
def test_what_another_program_wrote_is_not_told_as_a_broken_object(client: FlaskClient, key: str) -> None:
    html = client.get("/object", query_string={"key": key}).text

    assert not any(words in html for words in ("No owner", "Events", "Decoded as", "✕"))


def test_json_on_one_line_is_laid_out_and_coloured(client: FlaskClient) -> None:
    html = client.get("/object?key=/service/batman/config").text

    assert '"ttl": 30' in re.sub(r"<[^>]+>", "", html).replace("&#34;", '"').replace("&quot;", '"')
    assert 'class="nt"' in html


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("foo", {"text": "bar"}),
        ("/binary", {"base64": "//4A"}),
        ("/empty", {"text": ""}),
        ("/registry/secrets/a/s", {"text": "••• 9 bytes"}),
    ],
)
def test_the_api_answers_the_value_and_no_secret(client: FlaskClient, key: str, value: dict[str, str]) -> None:
    body = client.get("/api/v1/object", query_string={"key": key}).get_json()

    assert (body["value"], "object" in body, bool(body["error"])) == (value, False, True)


def test_a_secret_that_cannot_be_decoded_shows_nothing_of_itself(client: FlaskClient) -> None:
    for view in ("summary", "yaml", "json", "wire", "raw"):
        html = client.get(f"/object?key=/registry/secrets/a/s&view={view}").text
        assert "topsecret" not in html
        assert "74 6f 70" not in html


def test_rows_are_named_by_their_keys_and_a_difference_is_marked(client: FlaskClient) -> None:
    nodes = client.get("/registry?resource=nodes").text
    body = client.get("/api/v1/table?resource=pods").get_json()

    assert re.search(r'id="row-/registry/minions/n2"[^>]*>n2</a>', nodes)
    assert "holds Pod shop/web" in nodes
    names = [row["name"] for row in body["rows"]]
    assert names == ["/registry/pods/shop/", "broken", "esc\x1b[31m\nred", r"esc\x1b[31m\nred", "noname", "web"]
    assert [row["name"] for row in body["rows"] if "misnamed" in row] == [names[2], names[3], "noname"]


def test_a_difference_of_key_and_object_is_a_sentence_and_a_finding(client: FlaskClient) -> None:
    assert "this key holds Pod shop/web" in client.get("/object?key=/registry/minions/n2").text
    storage = client.get("/storage").text
    assert "stored under the key of another object" in storage
    assert "Node n2: holds Pod shop/web" in storage


def test_get_names_rows_by_their_keys_and_says_what_differs(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["get", "pods,nodes", "-A", "--from", str(dump)]) == 1  # two values cannot be decoded
    said = capsys.readouterr()

    column = [line.split()[1] for line in said.out.split("\n\n")[0].splitlines()[1:]]
    assert column == [
        "pod//registry/pods/shop/",
        "pod/broken",
        r"pod/esc\x1b[31m\nred",
        r"pod/esc\\x1b[31m\\nred",
        "pod/noname",
        "pod/web",
    ]
    assert "/registry/minions/n2 holds Pod shop/web" in said.err


def test_names_that_programs_read_are_byte_for_byte(dump: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["get", "pods", "-A", "-o", "name", "--from", str(dump)])
    assert "pod/esc\x1b[31m\nred\n" in capsys.readouterr().out


def test_no_page_has_a_control_character(client: FlaskClient) -> None:
    hostile = "/registry/pods/shop/esc\x1b[31m\nred"
    pages = ["/registry?resource=pods", "/search?q=esc", "/object?key=/skydns/hostile", "/storage"]
    texts = [client.get(page).text for page in pages]
    texts += [client.get("/object", query_string={"key": hostile, "view": v}).text for v in ("summary", "yaml", "raw")]

    assert {c for text in texts for c in text if not c.isprintable()} <= {"\n", "\t"}
    assert r"esc\x1b[31m\nred" in texts[0]
    assert r"esc\\x1b[31m\\nred" in texts[0]
