"""Changes through the app to a real etcd: off by default, for admins, checked, compared, undone."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from types import MappingProxyType

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from etcdview.access import users
from etcdview.access.roles import Scope
from etcdview.access.users import User, Users
from etcdview.cluster.opening import open_cluster
from etcdview.config import Settings
from etcdview.demo.cluster import LocalCluster
from etcdview.demo.programs import find_program
from etcdview.errors import SettingError
from etcdview.models import KeyValue, Range, no_progress
from etcdview.stores.etcd.bulk_load import load
from etcdview.stores.files.dump import read_dump
from etcdview.writes.undo import Undo, from_line
from webapp import create_app

Etcdctl = Callable[..., str]
SECRET = "/registry/secrets/payments/db-credentials"
CART = "/registry/deployments/shop/cart"
NAMES = ("nina", "ann")


@dataclass(frozen=True, slots=True)
class Desk:
    """The app over a real etcd, and the admin's and a viewer's clients."""

    admin: FlaskClient
    viewer: FlaskClient
    undo: Path
    audit: Path
    get: Callable[[str], KeyValue | None]


@pytest.fixture
def settings(plain_etcd: LocalCluster, capture: Path, tmp_path: Path) -> Settings:
    wanted = {SECRET, CART, "/registry/configmaps/shop/cart-settings"}
    rows = [kv for kv in read_dump(capture / "registry.jsonl.gz") if kv.key.decode() in wanted or b"/events/" in kv.key]
    load(plain_etcd.endpoints[0], plain_etcd.tls, rows, no_progress)
    return Settings(
        endpoints=plain_etcd.endpoints,
        encryption_config=str(capture / "encryption-config.yaml"),
        users_file=str(tmp_path / "users.json"),
        audit_log=str(tmp_path / "audit.jsonl"),
        undo_file=str(tmp_path / "undo.jsonl"),
        allow_writes=True,
    )


@pytest.fixture
def desk(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings)


def opened(settings: Settings, narrowed: Mapping[str, tuple[str, ...]] = MappingProxyType({})) -> Iterator[Desk]:
    """The app and its people; `narrowed` are the namespaces of some of them."""
    known, tokens = Users(), {}
    for name, role in zip(NAMES, ("viewer", "admin"), strict=True):
        known = known.with_user(User(name, role, scope=Scope(narrowed.get(name, ("*",)))))  # type: ignore[arg-type]
        known, tokens[name] = users.add_token(known, name, datetime.now(UTC), None, "")
    path = Path(settings.users_file)
    path.write_text(json.dumps(users.to_raw(known)))
    path.chmod(0o600)
    cluster = open_cluster(settings)
    app = create_app(settings, cluster)
    clients = {}
    for name in NAMES:
        clients[name] = app.test_client()
        clients[name].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens[name]}"

    def get(key: str) -> KeyValue | None:
        return next(iter(cluster.source.range(Range(key.encode())).kvs), None)

    yield Desk(clients["ann"], clients["nina"], Path(settings.undo_file), Path(settings.audit_log), get)
    cluster.close()


def text_of(response: TestResponse) -> str:
    found = re.search(r'<textarea id="edit-text".*?>\n(.*?)</textarea>', response.text, re.DOTALL)
    assert found is not None, response.text
    return unescape(found[1])


def editor(desk: Desk, key: str, form: str = "yaml") -> dict[str, str]:
    """The fields of the editor as a browser would send them."""
    response = desk.admin.get("/edit", query_string={"key": key, "form": form})
    assert response.status_code == 200, response.text
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text))
    fields.pop("csrf_token")
    return fields | {"text": text_of(response)}


def fields_of(response: TestResponse) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    assert response.status_code == 200, response.text
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', response.text))


def command_of(response: TestResponse) -> str:
    found = re.search(r'<pre class="code" data-copy tabindex="0">(.*?)</pre>', response.text, re.DOTALL)
    assert found is not None, response.text
    return unescape(re.sub(r"</?span.*?>", "", found[1]))


def test_changes_are_off_unless_they_are_allowed(settings: Settings) -> None:
    for desk in opened(replace(settings, allow_writes=False)):
        for path in (f"/edit?key={CART}", "/create", f"/delete?key={CART}", "/delete-prefix"):
            response = desk.admin.get(path)
            assert response.status_code == 404
            assert "--allow-writes" in response.text
        assert desk.admin.post("/edit/apply", data={"key": CART, "how": "update"}).status_code == 404
        assert desk.admin.post("/maintenance/compact", data={"revision": "1", "typed": "1"}).status_code == 404
        page = desk.admin.get("/object", query_string={"key": CART}).text
        assert "/edit?" not in page
        assert "/delete?" not in page


def changes_in(desk: Desk) -> list[Undo]:
    """What the undo file holds, the oldest first."""
    return [undo for undo in map(from_line, desk.undo.read_text("utf-8").splitlines()) if undo is not None]


def test_changes_need_a_login(settings: Settings) -> None:
    with pytest.raises(SettingError, match="needs a login"):
        open_cluster(replace(settings, users_file=""))


def test_only_admins_change_anything(desk: Desk) -> None:
    before = desk.get(CART)

    assert desk.viewer.get("/edit", query_string={"key": CART}).status_code == 403
    assert desk.viewer.post("/edit", data={"key": CART, "how": "update", "text": "{}"}).status_code == 403
    assert desk.viewer.post("/delete", data={"key": CART, "revision": "1", "typed": "cart"}).status_code == 403
    assert desk.viewer.get("/maintenance").status_code == 403
    assert 'button-danger" href="/delete?' in desk.admin.get("/object", query_string={"key": CART}).text
    assert 'button-danger" href="/delete?' not in desk.viewer.get("/object", query_string={"key": CART}).text
    assert desk.get(CART) == before
    assert not desk.undo.exists()


def test_an_edit_is_checked_confirmed_written_and_can_be_undone(desk: Desk) -> None:
    before = desk.get(CART)
    assert before is not None
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace("replicas: 3", "replicas: 5", 1)

    preview = desk.admin.post("/edit", data=fields)
    assert preview.status_code == 200
    assert "<del>-   replicas: 3</del>" in preview.text
    assert "<ins>+   replicas: 5</ins>" in preview.text
    assert desk.get(CART) == before

    assert desk.admin.post("/edit/apply", data=fields | {"typed": "carts"}).status_code == 422
    assert desk.get(CART) == before

    done = desk.admin.post("/edit/apply", data=fields | {"typed": "cart"})
    assert done.status_code == 303
    after = desk.get(CART)
    assert after is not None
    assert after.version == before.version + 1
    assert after.value.startswith(b"k8s\0")
    assert desk.admin.get(done.headers["Location"]).status_code == 200
    shown = desk.admin.get("/api/v1/object", query_string={"key": CART}).get_json()["object"]
    assert shown["spec"]["replicas"] == 5
    assert shown["metadata"]["managedFields"]

    (undo,) = changes_in(desk)
    assert undo.before == before
    assert (undo.who, undo.action, undo.key) == ("ann", "put", CART.encode())
    assert desk.undo.stat().st_mode & 0o777 == 0o600
    log = [json.loads(line) for line in desk.audit.read_text().splitlines()]
    assert [(e["action"], e["result"]) for e in log if "update" in e["action"]][-2:] == [
        ("begin update", "begun"),
        ("update", "done"),
    ]


def test_the_etcdctl_command_makes_the_very_same_change(desk: Desk, plain_etcd: LocalCluster) -> None:
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace("replicas: 3", "replicas: 6", 1)
    command = command_of(desk.admin.post("/edit", data=fields))

    environ = {"PATH": f"{find_program('etcdctl').parent}:{os.environ['PATH']}", "ETCDCTL_API": "3"}
    environ["ETCDCTL_ENDPOINTS"] = plain_etcd.endpoints[0]
    done = subprocess.run(["sh", "-c", command], env=environ, capture_output=True, check=True)

    assert b"SUCCESS" in done.stdout
    shown = desk.admin.get("/api/v1/object", query_string={"key": CART}).get_json()["object"]
    assert shown["spec"]["replicas"] == 6
    assert desk.admin.post("/edit/apply", data=fields | {"typed": "cart"}).status_code == 409


def test_a_key_that_changed_meanwhile_is_left_alone(desk: Desk, plain_etcdctl: Etcdctl) -> None:
    fields = editor(desk, CART)
    plain_etcdctl("put", CART, "theirs")
    fields["text"] += "\n"

    response = desk.admin.post("/edit/apply", data=fields | {"typed": "cart"})

    assert response.status_code == 409
    assert "has changed: it is at revision" in response.text
    now = desk.get(CART)
    assert now is not None
    assert now.value == b"theirs"


def test_a_mask_that_stays_keeps_the_bytes_and_no_secret_is_shown(desk: Desk) -> None:
    fields = editor(desk, SECRET)
    assert fields["text"].count("•••") == 2
    assert "correct horse" not in fields["text"]
    fields["text"] = re.sub(r"username: .*", "username: cm9vdA==", fields["text"])

    preview = desk.admin.post("/edit", data=fields)
    assert "Y29ycmVjd" not in preview.text
    assert "x63\\x6f" not in preview.text
    assert desk.admin.post("/edit/apply", data=fields | {"typed": "db-credentials"}).status_code == 303

    stored = desk.get(SECRET)
    assert stored is not None
    assert b"correct horse battery staple" in stored.value
    assert b"root" in stored.value
    assert b"\xe2\x80\xa2" not in stored.value
    assert "correct horse" not in desk.audit.read_text()


def test_a_mask_in_another_place_is_refused(desk: Desk) -> None:
    fields = editor(desk, SECRET)
    fields["text"] = fields["text"].replace("  password:", "  passphrase:")

    response = desk.admin.post("/edit", data=fields)

    assert response.status_code == 422
    assert "holds a mask" in unescape(response.text)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (("kind: Deployment", "kind: Secret"), "kind is 'Secret'"),
        (("\n  name: cart\n", "\n  name: other\n"), "metadata.name is 'other'"),
        (("namespace: shop", "namespace: kube-system"), "metadata.namespace is 'kube-system'"),
        (("apiVersion: apps/v1", "apiVersion: v1"), "group must be 'apps'"),
        (("replicas: 3", "replicas: many"), "spec.replicas cannot be stored"),
        (("replicas: 3", "replicaz: 3"), "has a field spec.replicaz"),
        (("replicas: 3", "replicas: &a 3"), "an anchor or an alias"),
        (("replicas: 3", "replicas: !!int 3"), "a tag (!)"),
        (("replicas: 3", "replicas: 03"), "octal to kubectl"),
        (("apiVersion", "\t"), "Invalid YAML"),
    ],
)
def test_what_is_wrong_is_said_above_the_text_which_is_not_lost(desk: Desk, change: tuple[str, str], why: str) -> None:
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace(*change, 1)

    response = desk.admin.post("/edit", data=fields)

    assert response.status_code == 422
    assert why in unescape(response.text)
    assert text_of(response) == fields["text"]


def test_a_key_is_created_replaced_and_deleted(desk: Desk) -> None:
    key = "/registry/configmaps/shop/made-here"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made-here, namespace: shop}\ndata: {a: b}\n"
    fields = {"key": key, "how": "create", "text": text, "form": "yaml", "typed": "made-here"}

    assert desk.admin.post("/edit", data=fields).status_code == 200
    assert desk.admin.post("/edit/apply", data=fields).status_code == 303
    created = desk.get(key)
    assert created is not None
    assert created.value.startswith(b"k8s:enc:secretbox:v1:box-new:"), "as the API server would encrypt it"
    assert desk.admin.post("/edit/apply", data=fields).status_code == 409

    replaced = fields | {"how": "put", "text": text.replace("a: b", "a: c"), "form": "yaml"}
    assert desk.admin.post("/edit/apply", data=replaced).status_code == 409, "nobody has seen what it would replace"
    seen = fields_of(desk.admin.post("/edit", data=replaced))
    assert seen["revision"] == str(created.mod_revision)
    assert desk.admin.post("/edit/apply", data=replaced | {"revision": seen["revision"]}).status_code == 303

    now = desk.get(key)
    assert now is not None
    ask = desk.admin.get("/delete", query_string={"key": key})
    assert "etcd deletes the key and nothing else" in ask.text
    stale = {"key": key, "revision": str(created.mod_revision), "typed": "made-here"}
    assert desk.admin.post("/delete", data=stale).status_code == 409
    assert desk.admin.post("/delete", data=stale | {"revision": str(now.mod_revision)}).status_code == 303
    assert desk.get(key) is None


def test_a_put_replaces_only_what_was_seen(desk: Desk, plain_etcdctl: Etcdctl) -> None:
    key = "/registry/configmaps/shop/cart-settings"
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cart-settings, namespace: shop}\ndata: {a: b}\n"
    fields = {"key": key, "how": "put", "text": text, "form": "yaml", "typed": "cart-settings"}
    seen = fields_of(desk.admin.post("/edit", data=fields))
    plain_etcdctl("put", key, "theirs")

    response = desk.admin.post("/edit/apply", data=fields | {"revision": seen["revision"]})

    assert response.status_code == 409
    now = desk.get(key)
    assert now is not None
    assert now.value == b"theirs"


def test_what_was_changed_and_what_was_deleted_is_put_back_byte_for_byte(desk: Desk) -> None:
    before = desk.get(SECRET)
    assert before is not None
    fields = editor(desk, SECRET)
    fields["text"] = re.sub(r"username: .*", "username: cm9vdA==", fields["text"])
    done = desk.admin.post("/edit/apply", data=fields | {"typed": "db-credentials"})
    put_back(desk, done, SECRET, before.value)

    now = desk.get(SECRET)
    assert now is not None
    gone = desk.admin.post(
        "/delete", data={"key": SECRET, "revision": str(now.mod_revision), "typed": "db-credentials"}
    )
    put_back(desk, gone, SECRET, before.value)
    assert [undo.action for undo in changes_in(desk)] == ["put", "put", "delete", "put"]


def undo_link(desk: Desk, done: TestResponse) -> tuple[str, str]:
    """The address and the text of the link that undoes a change."""
    assert done.status_code == 303, done.text
    page = desk.admin.get(done.headers["Location"]).text
    link = re.search(r'href="([^"]+)">(Undo: [^<]+)', page)
    assert link is not None, page
    return unescape(link[1]), link[2]


def test_undoing_a_creation_is_a_deletion_also_of_a_deleted_key_that_was_put_back(desk: Desk) -> None:
    before = desk.get(CART)
    assert before is not None
    typed = {"typed": CART.rpartition("/")[2]}
    gone = desk.admin.post("/delete", data={"key": CART, "revision": str(before.mod_revision)} | typed)
    href, text = undo_link(desk, gone)
    assert text == "Undo: put back the value before"
    back = desk.admin.post("/edit/apply", data=fields_of(desk.admin.get(href)) | typed)

    href, text = undo_link(desk, back)

    assert text == "Undo: delete the key"
    confirm = desk.admin.get(href)
    assert confirm.status_code == 200
    assert desk.admin.post("/delete", data=fields_of(confirm) | typed).status_code == 303
    assert desk.get(CART) is None


def test_a_deleted_key_is_restored_from_its_own_page(desk: Desk) -> None:
    before = desk.get(CART)
    assert before is not None
    typed = {"typed": CART.rpartition("/")[2]}
    desk.admin.post("/delete", data={"key": CART, "revision": str(before.mod_revision)} | typed)
    page = desk.admin.get("/object", query_string={"key": CART})
    link = re.search(r'href="([^"]+)">Restore this value', page.text)
    assert (page.status_code, link is not None) == (200, True)
    assert link is not None
    assert "Restore this value" not in desk.viewer.get("/object", query_string={"key": CART}).text

    done = desk.admin.post("/edit/apply", data=fields_of(desk.admin.get(unescape(link[1]))) | typed)

    assert done.status_code == 303
    now = desk.get(CART)
    assert now is not None
    assert now.value == before.value


def put_back(desk: Desk, done: TestResponse, key: str, value: bytes) -> None:
    """Follow the link of the page that says what was done, and confirm."""
    assert done.status_code == 303, done.text
    link = re.search(r'href="(/restore[^"]*)"', desk.admin.get(done.headers["Location"]).text)
    assert link is not None
    preview = desk.admin.get(unescape(link[1]))
    assert "correct horse" not in preview.text
    fields = fields_of(preview) | {"typed": key.rpartition("/")[2]}
    assert desk.admin.post("/edit/apply", data=fields | {"typed": "other"}).status_code == 422
    assert desk.admin.post("/edit/apply", data=fields).status_code == 303
    assert desk.admin.post("/edit/apply", data=fields).status_code in (409, 422), "the second time nothing changes"
    now = desk.get(key)
    assert now is not None
    assert now.value == value


def test_only_what_there_was_is_put_back(desk: Desk) -> None:
    for key, revision, status in (
        (CART, 1, 404),
        (CART, 0, 400),
        (CART, 10**12, 400),
        ("/registry/pods/no/no", 2, 404),
    ):
        answer = desk.admin.get("/restore", query_string={"key": key, "revision": revision})
        assert answer.status_code in (status, 410), answer.text
    assert desk.viewer.get("/restore", query_string={"key": CART, "revision": 2}).status_code == 403
    now = desk.get(CART)
    assert now is not None
    same = desk.admin.get("/restore", query_string={"key": CART, "revision": now.mod_revision})
    assert same.status_code == 400
    assert "Nothing changes" in same.text


def test_what_pages_mask_the_editor_and_its_commands_mask_too(desk: Desk, plain_etcdctl: Etcdctl) -> None:
    """An annotation that repeats a Secret, and a value that lies where Secrets do and says it is something else."""
    copied = json.dumps({"kind": "Secret", "stringData": {"password": "hunter2"}})
    metadata: dict[str, object] = {"name": "odd", "namespace": "shop"}
    annotated = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata | {"annotations": {"copy": copied}}}
    disguised = {"apiVersion": "v1", "kind": "Sekret", "metadata": metadata, "data": {"p": "hunter2"}}
    for key, obj in (("/registry/configmaps/shop/odd", annotated), ("/registry/secrets/shop/odd", disguised)):
        plain_etcdctl("put", key, json.dumps(obj))
        fields = editor(desk, key)
        assert "hunter2" not in fields["text"]
        fields["text"] = fields["text"].replace("name: odd\n", "name: odd\n  labels:\n    new: label\n")

        preview = desk.admin.post("/edit", data=fields)

        assert preview.status_code == 200, preview.text
        assert "hunter2" not in preview.text
        assert desk.admin.post("/edit/apply", data=fields | {"typed": "odd"}).status_code == 303
        now = desk.get(key)
        assert now is not None
        assert b"hunter2" in now.value


def test_an_admin_of_a_part_learns_nothing_of_the_rest(settings: Settings, plain_etcdctl: Etcdctl) -> None:
    for desk in opened(settings, narrowed={"ann": ("shop",)}):
        for prefix in ("/registry/secrets/payments/d", "/registry/secrets/payments/x", "/registry/secrets/"):
            response = desk.admin.get("/delete-prefix", query_string={"prefix": prefix})
            assert (response.status_code, "Your role does not cover" in response.text) == (403, True), prefix
        assert desk.admin.get("/delete-prefix?prefix=/registry/events/shop/").status_code == 200
        plain_etcdctl("put", "/registry/leases/kube-system/kube-scheduler", "{}")
        plain_etcdctl("put", "/registry/leases/shop/mine", "{}")
        gone = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "gone", "namespace": "shop"}}
        plain_etcdctl("put", "/registry/configmaps/shop/gone", json.dumps(gone))
        plain_etcdctl("del", "/registry/configmaps/shop/gone")
        plain_etcdctl("put", "/registry/configmaps/payments/gone", json.dumps(gone))
        plain_etcdctl("del", "/registry/configmaps/payments/gone")
        for page in ("object", "history"):
            assert desk.admin.get(f"/{page}?key=/registry/configmaps/shop/gone").status_code == 200
            assert desk.admin.get(f"/{page}?key=/registry/configmaps/payments/gone").status_code == 403


@pytest.mark.parametrize("key", ["/registry/configmaps/shop/", "/registry/configmaps/x", "/registry/nonsense/a"])
def test_no_directory_and_no_stray_key_is_made(desk: Desk, key: str) -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: shop}\n"

    response = desk.admin.post("/edit", data={"key": key, "how": "create", "text": text, "form": "yaml"})

    assert response.status_code == 422
    assert desk.get(key) is None


def test_a_prefix_is_listed_counted_and_deleted_only_as_it_was_listed(desk: Desk, plain_etcdctl: Etcdctl) -> None:
    prefix = "/registry/events/shop/"
    page = desk.admin.get("/delete-prefix", query_string={"prefix": prefix})
    revision = re.search(r'name="revision" value="(\d+)"', page.text)
    confirm = re.search(r"Type <code>(.*?)</code>", page.text)
    assert revision is not None
    assert confirm is not None
    data = {"prefix": prefix, "revision": revision[1], "typed": confirm[1]}

    assert desk.admin.post("/delete-prefix", data=data | {"typed": prefix}).status_code == 422
    plain_etcdctl("put", prefix + "newcomer", "x")
    assert desk.admin.post("/delete-prefix", data=data).status_code == 409
    plain_etcdctl("del", prefix + "newcomer")
    done = desk.admin.post("/delete-prefix", data=data)

    assert done.status_code == 303
    assert plain_etcdctl("get", prefix, "--prefix", "--count-only", "-w", "fields").find('"Count" : 0') > 0
    assert len(changes_in(desk)) == int(confirm[1].split()[1])


@pytest.mark.parametrize("prefix", ["/", "/registry", "/registry/", "/registry/po", "/r"])
def test_more_than_one_type_is_never_deleted_at_once(desk: Desk, prefix: str) -> None:
    response = desk.admin.get("/delete-prefix", query_string={"prefix": prefix})

    assert response.status_code == 422
    assert "more than one resource type" in response.text


def test_nothing_is_changed_where_the_undo_file_cannot_be_written(desk: Desk) -> None:
    before = desk.get(CART)
    desk.undo.touch(mode=0o644)
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace("replicas: 3", "replicas: 9", 1)

    response = desk.admin.post("/edit/apply", data=fields | {"typed": "cart"})

    assert response.status_code == 503
    assert "other users can read or write it" in response.text
    assert desk.get(CART) == before


def test_every_captured_object_is_the_same_after_an_edit_of_a_label(capture: Path, settings: Settings) -> None:
    """Protobuf, JSON, CBOR and encrypted values: encoded as they were stored, and decoded to what was written."""
    from etcdview.codec import Codec, load_encryption_config, to_yaml
    from etcdview.kube.keys import KeySpace
    from etcdview.kube.redaction import Redactor
    from etcdview.writes.drafts import Drafter

    codec = Codec(encryption=load_encryption_config(capture / "encryption-config.yaml"))
    drafter, redactor, keyspace = Drafter(codec, Redactor(b"k")), Redactor(b"k"), KeySpace()
    forms = set()
    for kv in list(read_dump(capture / "registry.jsonl.gz"))[::6]:
        obj = redactor.mask(drafter.editable(kv))
        metadata = obj.get("metadata") or {}
        wanted = obj | {"metadata": metadata | {"labels": (metadata.get("labels") or {}) | {"edited": "true"}}}
        draft = drafter.draft(kv.key, keyspace.object_key(kv.key), kv, to_yaml(wanted), "yaml")
        assert draft.new["metadata"]["labels"]["edited"] == "true"
        forms.add((draft.storage.format, draft.storage.provider))
    assert {form for form, _ in forms} >= {"protobuf", "json"}


def switched(desk: Desk, fields: Mapping[str, str], to: str) -> TestResponse:
    return desk.admin.post("/edit/convert", data={**fields, "to": to})


def test_the_other_language_is_that_of_the_draft_and_what_was_typed_stays(desk: Desk) -> None:
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace("replicas: 3", "replicas: 5", 1)

    as_json = switched(desk, fields, "json")
    assert json.loads(text_of(as_json))["spec"]["replicas"] == 5
    assert fields_of(as_json)["form"] == "json"
    assert fields_of(as_json)["revision"] == fields["revision"]

    fields |= {"form": "json", "text": text_of(as_json)}
    back = switched(desk, fields, "yaml")
    assert "replicas: 5" in text_of(back)
    assert 'data-draft="typed"' in back.text
    preview = desk.admin.post("/edit", data=fields | {"form": "yaml", "text": text_of(back)})
    assert "<ins>+   replicas: 5</ins>" in preview.text


def test_managed_fields_are_put_into_a_draft_and_taken_out_again(desk: Desk) -> None:
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace("replicas: 3", "replicas: 5", 1)
    assert "managedFields" not in fields["text"]

    shown = switched(desk, fields, "managed")
    assert "managedFields" in text_of(shown)
    assert "replicas: 5" in text_of(shown)
    assert fields_of(shown)["managed"] == "1"

    hidden = switched(desk, fields | {"managed": "1", "text": text_of(shown)}, "unmanaged")
    assert text_of(hidden) == fields["text"]
    assert "managed" not in fields_of(hidden)


def test_a_draft_that_cannot_be_converted_stays_as_it_was_typed(desk: Desk) -> None:
    fields = editor(desk, CART) | {"text": "spec: [unfinished"}

    answer = switched(desk, fields, "json")

    assert answer.status_code == 422
    assert text_of(answer) == "spec: [unfinished"
    assert 'name="form" value="yaml"' in answer.text


def test_a_new_key_keeps_its_name_and_text_when_the_language_changes(desk: Desk) -> None:
    typed = {"key": "/registry/configmaps/shop/new", "how": "create", "form": "yaml", "text": "kind: ConfigMap\n"}

    answer = switched(desk, typed, "json")

    assert json.loads(text_of(answer)) == {"kind": "ConfigMap"}
    assert 'value="/registry/configmaps/shop/new"' in answer.text
    empty = switched(desk, {"how": "create", "form": "yaml", "text": ""}, "json")
    assert (empty.status_code, text_of(empty), fields_of(empty)["form"]) == (200, "", "json")


TABS = {
    "/create": "/maintenance",
    "/delete-prefix": "/maintenance",
    "/maintenance/snapshot": "/maintenance",
    f"/edit?key={CART}": "/registry",
    f"/delete?key={CART}": "/registry",
    f"/changed?key={CART}&what=update&revision=1": "/registry",
    f"/history?key={CART}": "/registry",
    f"/object?key={CART}": "/registry",
    "/search/content": "/search",
    "/audit": "/audit",
}


@pytest.mark.parametrize("address", TABS)
def test_the_tab_of_the_page_is_lit(desk: Desk, address: str) -> None:
    page = desk.admin.get(address).text
    lit = re.findall(
        r'<a href="([^"]*)"\s+aria-current="page">', page.partition('class="tabs"')[2].partition("</nav>")[0]
    )
    assert lit == [TABS[address]]


def test_the_audit_log_leads_to_what_it_names(desk: Desk) -> None:
    fields = editor(desk, CART)
    fields["text"] = fields["text"].replace("replicas: 3", "replicas: 5", 1)
    desk.admin.post("/edit/apply", data=fields | {"typed": "cart"})
    listed = fields_of(desk.admin.get("/delete-prefix", query_string={"prefix": "/registry/events/shop/"}))
    assert desk.admin.post("/delete-prefix", data=listed | {"typed": "no"}).status_code == 422

    page = desk.admin.get("/audit").text

    assert f'<a href="/object?key={CART}">{CART}</a>' in page
    assert '<a href="/search?q=/registry/events/shop/">' in page
