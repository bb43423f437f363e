"""Templates over items in chunks give the text of the whole list."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.kube.jsonpath import Template, by_chunks, goes_by_chunks

BESIDE = {"apiVersion": "v1", "kind": "List", "metadata": {"resourceVersion": ""}}
ITEMS: list[dict[str, Any]] = [
    {"n": f"n{number}", "of": {"x": number % 3}, "list": [{"i": i} for i in range(number % 4)]} for number in range(11)
]


@pytest.mark.parametrize(
    "text",
    [
        "{.items[*].n}",
        "{.items.*.n}",
        "{.items[*]['n']}",
        "{.items[*].missing}",
        "names: {.items[*].n}, of a {.kind}{.metadata}",
        "{range .items[*]}{.n}{'\\t'}{.list[*].i}{['n','of']}{end}",
        "{range .items[*].list[*]}{.i};{end}{.apiVersion}",
        "{.items[?(@.of.x==1)].n}",
        "{.items[*].list[*].i}",  # ends at the first empty list
        "{.items[*].list[:0].i}",
        "{.items[*]..i}",
        "{.items[*].of.*}",
        "{.items[*].list[?(@.i==2)].i}",
    ],
)
@pytest.mark.parametrize("size", [1, 2, 5, 11])
def test_what_goes_by_chunks_gives_the_text_of_the_whole(text: str, size: int) -> None:
    template = Template(text)
    chunks = [ITEMS[at : at + size] for at in range(0, len(ITEMS), size)]

    assert goes_by_chunks(template)
    assert "".join(by_chunks(template, BESIDE, chunks)) == template.render({**BESIDE, "items": ITEMS})


@pytest.mark.parametrize(
    "text",
    [
        "{.items}",
        "{}",
        "{..n}",
        "{.items[0].n}",
        "{.items[-1:].n}",
        "{.items[::2].n}",
        "{.items[*]['n','of']}",  # all of the first, then all of the second
        '{.items[*]"text"}',
        "{.items[*].n}{.items[*].of}",
        "{.*}",
        "no path",
    ],
)
def test_what_needs_all_items_at_once_does_not_go_by_chunks(text: str) -> None:
    assert not goes_by_chunks(Template(text))
