"""The table of attacks in docs/security.md is that of the tests."""

from __future__ import annotations

from tests.security.table import BEGIN, DOCUMENT, END, all_attacks, rows


def test_the_document_lists_every_attack() -> None:
    listed = DOCUMENT.read_text().split(BEGIN)[1].split(END)[0].strip()

    assert listed == rows()


def test_there_are_at_least_sixty_attacks() -> None:
    assert len(all_attacks()) >= 60
