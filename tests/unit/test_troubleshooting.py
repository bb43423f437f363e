"""docs/troubleshooting.md says what the code says: every sentence of an error, and what to do about it."""

from __future__ import annotations

import pytest

from etcdview.errors import EtcdviewError
from tools.troubleshooting import ADVICE, CLOSE, DOCUMENT, OPEN, Said, classes, sentences, with_tables

REFUSED = "Is etcd running there, and is the port right? etcd's clients use 2379, its peers 2380."
SAID = sorted(set(sentences()))


def test_the_document_has_what_the_errors_say() -> None:
    text = DOCUMENT.read_text("utf-8")

    assert with_tables(text) == text, "run python -m tools.troubleshooting"


def test_most_errors_are_found_and_those_of_tables_too() -> None:
    assert len(SAID) > 400
    assert Said("RefusedError", f"Nothing listens at {OPEN}endpoint{CLOSE}.", REFUSED) in SAID
    assert {one.error for one in SAID} > {"SettingError", "UntrustedError", "CompactedError", "DecryptError"}


@pytest.mark.parametrize("name", classes())
def test_what_has_no_remedy_of_its_own_has_the_advice_of_its_section(name: str) -> None:
    bare = [one.what for one in SAID if one.error == name and not one.remedy]

    assert not bare or name in ADVICE


def test_advice_is_for_errors_that_there_are() -> None:
    assert ADVICE.keys() <= classes().keys()
    assert all(issubclass(kind, EtcdviewError) for kind in classes().values())
