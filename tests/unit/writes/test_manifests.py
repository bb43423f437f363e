"""Text becomes an object, or a sentence: never a bomb, a guess or a wait."""

from __future__ import annotations

import pytest

from etcdview.errors import EncodeError
from etcdview.writes import MAX_STORED_BYTES, manifests
from etcdview.writes.manifests import read_manifest


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a: &a [x]\nb: [*a, *a]", "an anchor or an alias"),
        ("a: *x", "an anchor or an alias"),
        ("a: !!python/object:os.system x", "a tag"),
        ("a: !!binary aGk=", "a tag"),
        ("%YAML 1.1\n---\na: yes", "a directive"),
        ("a: 1\na: 2", "duplicate key"),
        ("a: 1\n---\nb: 2", "another document"),
        ("a: yes", "a boolean to kubectl"),
        ("a: 0644", "octal to kubectl"),
        ("1: x", "is not text"),
        ("a: .nan", "not a number that Kubernetes accepts"),
        ("a: 1e400", "not a number that Kubernetes accepts"),
        ("a: 1" + "0" * 5000, "too many digits"),
        ("a: " + "[" * 1000, "nested deeper"),
        ("a: " + "{" * 1000, "nested deeper"),
        ("[1]", "is not an object"),
        ("", "is not an object"),
        ('a: "\\ud800"', "half a character"),
        ("a: \x07", "Invalid YAML"),
        ("a: " + "x" * MAX_STORED_BYTES, "larger than"),
    ],
    ids=range(20),
)
def test_bad_yaml_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(EncodeError, match=why):
        read_manifest(text, "yaml")


def test_yaml_that_takes_long_to_read_is_refused_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MAX_NODES", 1_000)  # the real one takes seconds to reach
    with pytest.raises(EncodeError, match="more than 1,000 fields"):
        read_manifest("a:\n" + "- x\n" * 1_001, "yaml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a":1,"a":2}', "twice"),
        ('{"a":NaN}', "not finite"),
        ('{"a":1e999}', "is not a number"),
        ('{"a":"\\ud800"}', "half a character"),
        ('{"a":' + "1" * 6000 + "}", "too many digits"),
        ('{"a":' + "[" * 200_000, "nested deeper"),
        ("[", "in line 1"),
    ],
    ids=range(7),
)
def test_bad_json_is_refused_with_a_sentence(text: str, why: str) -> None:
    with pytest.raises(EncodeError, match=why):
        read_manifest(text, "json")


def test_times_and_odd_numbers_are_read_as_kubernetes_does() -> None:
    text = 'at: 2026-01-01T00:00:00Z\nmode: 0o644\nhex: 0x1f\ntext: "yes"\nnothing:\n'

    found = read_manifest(text, "yaml")

    assert found == {"at": "2026-01-01T00:00:00Z", "mode": 420, "hex": 31, "text": "yes", "nothing": None}
