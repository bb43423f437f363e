"""Pages of a database file counted as bbolt's check does: damage of the kinds that etcd's corrupted_backup.db has.

etcd keeps no list of free pages on Linux, so one is written into the captured snapshot first, and then damaged.
"""

from __future__ import annotations

import gzip
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.errors import FileFormatError
from etcdview.stores.files.bbolt import BoltFile, fnv64a
from etcdview.stores.files.page_check import PageCheck, check_pages

CAPTURE = Path(__file__).parents[3] / "testdata" / "cluster-shop"
BODY = gzip.decompress((CAPTURE / "snapshot.db.gz").read_bytes())[:-32]
PAGE, PAGES = 4096, 616
META = struct.Struct("<IIIIQQQQQQ")
FREE_LIST = 0x10


def checked(path: Path, data: bytes) -> PageCheck:
    path.write_bytes(data)
    file = BoltFile(path)
    try:
        return check_pages(file)
    finally:
        file.close()


@pytest.fixture(scope="module")
def spare(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The pages of the capture that nothing uses."""
    path = tmp_path_factory.mktemp("spare") / "s.db"
    path.write_bytes(BODY)
    file = BoltFile(path)
    used = file.pages_in_use()
    file.close()
    return [number for number in range(PAGES) if not used[number]]


def with_free_list(at: int, free: Sequence[int], *, large: bool = False, kind: int = FREE_LIST) -> bytes:
    """The capture with a list of free pages on a page of its own; `large`: with its count where large ones have it."""
    data = bytearray(BODY)
    numbers = [len(free), *free] if large else list(free)
    page = struct.pack("<QHHI", at, kind, 0xFFFF if large else len(free), 0) + struct.pack(
        f"<{len(numbers)}Q", *numbers
    )
    data[at * PAGE : at * PAGE + len(page)] = page
    fields = list(META.unpack_from(BODY, 16))
    fields[6], fields[8] = at, 999
    packed = META.pack(*fields)[:-8]
    data[16 : 16 + META.size] = packed + struct.pack("<Q", fnv64a(packed))
    return bytes(data)


def test_without_a_list_what_is_not_in_use_is_free(tmp_path: Path) -> None:
    assert checked(tmp_path / "s.db", BODY) == PageCheck(616, 605, 11, False)


@pytest.mark.parametrize("large", [False, True])
def test_a_list_that_adds_up_is_without_fault(tmp_path: Path, spare: list[int], large: bool) -> None:
    found = checked(tmp_path / "s.db", with_free_list(spare[0], spare[1:], large=large))

    assert found == PageCheck(616, 606, 10, True)
    assert found.used + found.free == found.pages


def faulty(spare: list[int]) -> dict[str, tuple[list[int], str]]:
    """Lists of free pages by what is wrong with them, and what is said."""
    listed = spare[1:]
    return {
        "a page in use listed as free": ([*listed, 605], "page 605 is in use and listed as free"),
        "the list itself listed": ([*listed, spare[0]], f"page {spare[0]} is in use and listed as free"),
        "a meta page listed": ([*listed, 1], "page 1 is listed as free and outside of the file"),
        "a page forgotten": (listed[1:], f"page {listed[0]} is neither in use nor listed as free"),
        "all forgotten": ([], "neither in use nor listed as free"),
        "a page listed twice": ([*listed, listed[0]], f"page {listed[0]} is listed as free more than once"),
        "a page past the end": ([*listed, 616], "page 616 is listed as free and outside of the file"),
        "neighbours in use": ([*listed, 604, 605], "pages 604-605 are in use and listed as free"),
    }


@pytest.mark.parametrize("name", faulty(list(range(20))))
def test_a_page_that_is_not_accounted_for_once_is_named(
    tmp_path: Path, spare: list[int], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    listed, says = faulty(spare)[name]
    path = tmp_path / "s.db"

    found = checked(path, with_free_list(spare[0], listed))
    status = run(["snapshot", "status", str(path)])

    assert says in " ".join(found.faults)
    assert status == 1
    assert says in capsys.readouterr().err


def test_a_list_of_another_kind_of_page_is_damage(tmp_path: Path, spare: list[int]) -> None:
    with pytest.raises(FileFormatError, match="is not a list of free pages"):
        checked(tmp_path / "s.db", with_free_list(spare[0], spare[1:], kind=2))


def test_a_list_that_says_more_than_it_holds_is_damage(tmp_path: Path, spare: list[int]) -> None:
    data = bytearray(with_free_list(spare[0], spare[1:]))
    data[spare[0] * PAGE + 10 : spare[0] * PAGE + 12] = struct.pack("<H", 4000)

    with pytest.raises(FileFormatError, match="cannot hold 4,000"):
        checked(tmp_path / "s.db", bytes(data))


def test_the_status_of_a_whole_file_counts_its_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(BODY)

    assert run(["snapshot", "status", str(path)]) == 0
    assert "616: 605 in use" in capsys.readouterr().out
