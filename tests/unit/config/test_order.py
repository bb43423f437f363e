"""Who wins when several say what a setting is: flags, variables, the file, this machine's files, the default."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from etcdview.config import ROWS, Settings, load, resolve
from etcdview.errors import SettingError


def _source(name: str, flags: dict[str, object], environ: dict[str, str], root: Path) -> tuple[str, str]:
    origin = next(o for o in resolve(flags, environ, root).origins if o.row.name == name)
    return origin.shown, origin.source


def _file(folder: Path, text: str) -> str:
    path = folder / "etcdview.toml"
    path.write_text(text)
    return str(path)


def test_with_nothing_set_all_is_as_the_table_says(tmp_path: Path) -> None:
    assert load({}, {}, tmp_path) == Settings(etcd_named=False)


def test_a_flag_counts_more_than_a_variable(tmp_path: Path) -> None:
    environ = {"ETCDVIEW_CLUSTER_NAME": "variable"}
    assert _source("cluster-name", {"cluster_name": "flag"}, environ, tmp_path) == ("flag", "flag --cluster-name")


def test_a_variable_counts_more_than_the_file(tmp_path: Path) -> None:
    environ = {"ETCDVIEW_CLUSTER_NAME": "variable", "ETCDVIEW_CONFIG": _file(tmp_path, 'cluster-name = "file"')}
    assert _source("cluster-name", {}, environ, tmp_path) == ("variable", "variable ETCDVIEW_CLUSTER_NAME")


def test_the_file_counts_more_than_the_default(tmp_path: Path) -> None:
    path = _file(tmp_path, "threads = 7")
    assert _source("threads", {"config": path}, {}, tmp_path) == ("7", f"file {path}")


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    assert _source("listen", {}, {"ETCDVIEW_LISTEN": ""}, tmp_path) == ("127.0.0.1:8000", "default")


def test_a_flag_that_names_the_file_counts_more_than_the_variable_that_does(tmp_path: Path) -> None:
    environ = {"ETCDVIEW_CONFIG": "/nowhere.toml"}
    assert load({"config": _file(tmp_path, "workers = 2")}, environ, tmp_path).workers == 2


def test_the_connection_has_etcdctls_variables(tmp_path: Path) -> None:
    settings = load(
        {},
        {
            "ETCDCTL_ENDPOINTS": "a:2379, b:2379",
            "ETCDCTL_CACERT": "/ca",
            "ETCDCTL_CERT": "/cert",
            "ETCDCTL_KEY": "/key",
            "ETCDCTL_COMMAND_TIMEOUT": "1m30s",
        },
        tmp_path,
    )
    assert settings.endpoints == ("https://a:2379", "https://b:2379")
    assert (settings.tls.cacert, settings.tls.cert, settings.tls.key) == ("/ca", "/cert", "/key")
    assert settings.timeout_seconds == 90.0


def test_prefixes_come_from_each_source_as_they_are(tmp_path: Path) -> None:
    wanted = ("/registry/pods/", "/registry/events/")
    path = _file(tmp_path, 'prefixes = ["/registry/pods/", "/registry/events/"]')
    assert load({"prefixes": ",".join(wanted)}, {}, tmp_path).prefixes == wanted
    assert load({}, {"ETCDVIEW_PREFIXES": ",".join(wanted)}, tmp_path).prefixes == wanted
    assert load({"config": path}, {}, tmp_path).prefixes == wanted
    assert load({}, {}, tmp_path).prefixes == ()


def test_an_endpoint_without_scheme_is_plain_where_no_certificates_are_given(tmp_path: Path) -> None:
    assert load({"endpoints": "localhost:2379"}, {}, tmp_path).endpoints == ("http://localhost:2379",)


@pytest.mark.parametrize(
    ("environ", "user", "password"),
    [
        ({"ETCDCTL_USER": "root:pass:word"}, "root", "pass:word"),
        ({"ETCDCTL_USER": "root"}, "root", ""),
        ({"ETCDCTL_USER": "root:one", "ETCDCTL_PASSWORD": "two"}, "root", "two"),
    ],
)
def test_user_and_password_may_come_in_one_as_for_etcdctl(
    environ: dict[str, str], user: str, password: str, tmp_path: Path
) -> None:
    settings = load({}, environ, tmp_path)
    assert (settings.user, settings.password) == (user, password)


def test_paths_in_the_file_count_from_its_folder(tmp_path: Path) -> None:
    path = _file(tmp_path, 'cacert = "pki/ca.crt"\ncert = "/etc/cert"')
    settings = load({"config": path}, {}, tmp_path)
    assert (settings.cacert, settings.cert) == (str(tmp_path / "pki/ca.crt"), "/etc/cert")


def test_the_file_may_hold_lists_and_numbers(tmp_path: Path) -> None:
    path = _file(tmp_path, 'endpoints = ["https://a:1", "https://b:2"]\ncommand-timeout = 2.5\nmemory-limit = 1000')
    settings = load({"config": path}, {}, tmp_path)
    assert settings.endpoints == ("https://a:1", "https://b:2")
    assert (settings.timeout_seconds, settings.memory_limit) == (2.5, 1000)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('endpoint = "a:1"', "sets 'endpoint', which is not a setting of etcdview. Did you mean 'endpoints'?"),
        ('trusted_hosts = "a"', "Did you mean 'trusted-hosts'?"),
        ("zzzzzz = 1", "README.md lists the settings."),
        ("workers =", "is not valid TOML"),
        ('workers = "many"', "The setting workers (file "),
        ("cacert = 3", "it is a text"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        load({"config": _file(tmp_path, text)}, {}, tmp_path)
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_an_error_and_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"nowhere\.toml cannot be read: No such file or directory"):
        load({"config": "/nowhere.toml"}, {}, tmp_path)


def test_every_row_is_a_field_of_settings_and_every_field_a_row() -> None:
    made = {"notes", "etcd_named"}  # what reading the settings found
    assert {row.field for row in ROWS} | made == {field.name for field in dataclasses.fields(Settings)}


def test_no_two_rows_share_a_name_a_field_or_a_variable() -> None:
    for attribute in ("name", "field", "variable"):
        found = [getattr(row, attribute) for row in ROWS]
        assert len(found) == len(set(found))


def test_every_default_can_be_given_as_it_is_shown() -> None:
    for row in ROWS:
        shown = row.show(row.default)
        assert not shown or row.parse(shown) == row.default, row.name


@pytest.mark.parametrize("row", [row for row in ROWS if row.secret], ids=lambda row: row.name)
def test_a_secret_is_neither_shown_nor_in_the_settings_own_words(row: object, tmp_path: Path) -> None:
    secret = "correct-horse-battery-staple-and-more"
    resolved = resolve({row.field: secret}, {}, tmp_path)  # type: ignore[attr-defined]
    assert secret not in repr(resolved)
    assert secret not in " ".join(origin.shown for origin in resolved.origins)


def test_a_password_within_an_endpoint_is_refused_without_being_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingError) as caught:
        load({"endpoints": "https://root:hunter2@etcd:2379"}, {}, tmp_path)
    assert "that is the setting user" in str(caught.value)
    assert "hunter2" not in str(caught.value)
