"""Bundles: private files, paths that stay in the folder, nothing overwritten."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import yaml

from etcdview.errors import UsageError
from etcdview.recovery.bundle import BundleObject, write_bundle

ONE = BundleObject(1, "namespaces", "", "shop", {"kind": "Namespace", "metadata": {"name": "shop"}})
TWO = BundleObject(9, "configmaps", "shop", "a", {"kind": "ConfigMap", "metadata": {"name": "a"}})


def test_a_folder_has_a_file_an_object_for_its_owner_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"

    assert write_bundle([ONE, TWO], "dir", out) == 2

    files = {path.relative_to(out).as_posix(): path for path in out.rglob("*.yaml")}
    assert sorted(files) == ["01-namespaces/shop.yaml", "09-configmaps/shop/a.yaml"]
    assert {path.stat().st_mode & 0o777 for path in files.values()} == {0o600}
    assert {path.stat().st_mode & 0o777 for path in (out, *out.rglob("*")) if path.is_dir()} == {0o700}


def test_a_folder_that_is_not_empty_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")

    with pytest.raises(UsageError, match="is not empty"):
        write_bundle([ONE], "dir", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("form", ["zip", "stream", "list"])
def test_a_file_is_private_and_none_is_overwritten(form: str, tmp_path: Path) -> None:
    out = tmp_path / "out"

    assert write_bundle([ONE, TWO], form, out) == 2

    assert out.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with pytest.raises(UsageError, match="exists already"):
        write_bundle([ONE], form, out)


def test_zip_stream_and_list_hold_the_same_objects(tmp_path: Path) -> None:
    for form in ("zip", "stream", "list"):
        write_bundle([ONE, TWO], form, tmp_path / form)

    with zipfile.ZipFile(tmp_path / "zip") as packed:
        zipped = [yaml.safe_load(packed.read(name)) for name in packed.namelist()]
        assert {info.external_attr >> 16 for info in packed.infolist()} == {0o600}
    assert zipped == [ONE.object, TWO.object]
    assert list(yaml.safe_load_all((tmp_path / "stream").read_text())) == zipped
    assert yaml.safe_load((tmp_path / "list").read_text())["items"] == zipped


def test_what_was_not_written_whole_has_no_name(tmp_path: Path) -> None:
    def failing() -> object:
        yield ONE
        raise UsageError("x")

    with pytest.raises(UsageError):
        write_bundle(failing(), "zip", tmp_path / "out")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["..", ".", "a/../../b", "", "x\0y", "\udcff", "é", "n" * 300])
def test_no_name_leads_out_of_the_folder_or_into_another_file(name: str, tmp_path: Path) -> None:
    out = tmp_path / "out"

    write_bundle([BundleObject(1, name, name, name, {}), BundleObject(1, "_", "_", "_", {})], "dir", out)

    files = list(out.rglob("*.yaml"))
    assert len(files) == 2
    assert all(len(path.relative_to(out).parts) <= 3 for path in files)
    assert list(tmp_path.iterdir()) == [out]
