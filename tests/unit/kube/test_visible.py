"""Names and values of others: nothing that a terminal or a page would act on, and no two keys that look alike."""

from __future__ import annotations

import shlex
import subprocess
import unicodedata

import click
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from etcdview.kube.keys import as_text, shell_word, show, to_form
from etcdview.kube.visible import unmistakable, visible, visible_lines

# Where faults hide: control characters, bidi controls, zero-width, composed and decomposed letters, spaces, escapes.
_TRICKS = [
    *"\0\x07\b\t\n\v\f\r\x1b\x7f\x80\x85\x9b\u00a0\u00ad\u061c\u200b\u200d\u200e\u200f\u2028\u2029\u202e\u2066\u2069",
    *"\u034f\u115f\u3164\uffa0\ufeff\ufe0f\u2800\U000e0001\U000e0101 \\/aex19bu20A\u0301\u00e9\u212a\u037e;",
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(_TRICKS)).map("".join))
KEYS = st.one_of(st.binary(), TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        (b"/registry/pods/shop/web", "/registry/pods/shop/web"),
        ("/a/Müller-東京-🐙".encode(), "/a/Müller-東京-🐙"),
        (b"esc\x1b[31mred", r"esc\x1b[31mred"),
        (rb"esc\x1b[31mred", r"esc\\x1b[31mred"),
        (b"a\r\nb\tc\x07\0", r"a\r\nb\tc\x07\x00"),
        ("user\u202etxt.exe".encode(), r"user\u202etxt.exe"),
        ("zero\u200bwidth\ufeff".encode(), r"zero\u200bwidth\ufeff"),
        ("c1\u009b".encode(), r"c1\u009b"),
        (b"byte\x9b", r"byte\x9b"),
        ("filler\u3164".encode(), r"filler\u3164"),
        (b"/a b", "/a b"),
        (b"/a  b ", r"/a \x20b\x20"),
        ("caf\u00e9".encode(), "caf\u00e9"),
        ("cafe\u0301".encode(), r"cafe\u0301"),
        ("tag\U000e0041".encode(), r"tag\U000e0041"),
    ],
)
def test_a_key_is_shown_on_one_line_without_what_deceives(key: bytes, shown: str) -> None:
    assert show(key) == shown


@given(KEYS, KEYS)
def test_two_keys_never_look_alike(one: bytes, other: bytes) -> None:
    assume(one != other)
    assert unicodedata.normalize("NFC", show(one)) != unicodedata.normalize("NFC", show(other))


@given(KEYS)
def test_a_shown_key_is_printable_and_one_line(key: bytes) -> None:
    assert show(key).isprintable()
    assert " ".join(show(key).split(" ")) == show(key).strip(" ")
    assert "  " not in show(key)


@given(TEXTS)
def test_a_value_brings_no_control_character(text: str) -> None:
    assert visible(text).isprintable()
    assert all(c.isprintable() or c in "\n\t" for c in visible_lines(text))
    assert visible_lines(text).count("\n") == text.count("\n")


@given(TEXTS)
def test_what_is_shown_goes_through_a_pipe_as_it_is(text: str) -> None:
    """click takes escape sequences out of what goes into a pipe: nothing of ours may look like one."""
    assert click.unstyle(unmistakable(text)) == unmistakable(text)


@given(st.text(st.characters(codec="ascii", categories=("L", "N", "P"), exclude_characters="\\")))
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert unmistakable(text) == visible(text) == text


@pytest.mark.parametrize(
    "key", [b"/registry/pods/a/b", b"/a b's", b"esc\x1b[31m'red", rb"back\slash", b"\xff\n", "é\u202e".encode()]
)
def test_a_key_in_a_command_is_the_very_key(key: bytes) -> None:
    said = subprocess.run(["bash", "-c", f"printf %s {shell_word(key)}"], capture_output=True, check=True)
    assert said.stdout == key
    assert shell_word(b"/registry/pods/a/b") == shlex.quote("/registry/pods/a/b")


@given(KEYS)
def test_a_program_gets_utf8_keys_as_they_are_and_forms_get_no_line_end(key: bytes) -> None:
    name, text = to_form(key)
    assert "\n" not in text
    assert "\r" not in text
    if name == "key":
        assert as_text(key).encode() == key
