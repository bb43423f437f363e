"""apimachinery's own cases for selectors (pkg/labels and pkg/fields, release 0.36), each a fact."""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.errors import QueryError
from etcdview.kube.selectors import parse_fields, parse_labels

VALID_LABELS = [
    *("x=a,y=b,z=c", "", "x!=a,y=b", "x=", "x= ", "x=,z= ", "x= ,z= ", "!x", "x>1", "x>1,z<5"),
    *("\rx", "this-is-a-dns.domain.com/key-with-dash", "this-is-another-dns.domain.com/key-with-dash in (so,what)"),
    *("0.1.2.domain/99 notin (10.10.100.1, tick.tack.clock)", "foo  in\t (abc)", "x notin\n (abc)"),
    *("x  notin\t\t(abc,def)", "x in (abc,def)", "x in (abc,)", "x in (abc,abc)", "x in ()", "x in (a,,)"),
    *("x in (a,,,)", "x in (a,,,,,,)", "x in (a,,a,,a,,a,,)", "x notin (abc,,def),bar,z in (),w", "x,y in (a)"),
    *("x=a", "x<7", "x=a,y!=b", "x=a,y!=b,z in (h,i,j)", "x notin ( )", "x notin (, a)", "a "),
    *("a in (x,y,notin, z,in)", "notin=in", "x in (abc,def),y notin (jkl),z", "x notin (abc,def),y!=jkl,!z"),
    *("x notin (abc),y in (jkl,mno),z notin ()", "x=abc,y==jkl,z!=a,z", "x>2,y<8,z", "x11>1", "x12<6"),
]
INVALID_LABELS = [
    *("x=a||y=b", "x==a==b", "!x=a", "x<a", "x,,y", ",x,y", "x nott in (y)", "a in (xyz),", "a in (xyz)b notin ()"),
    *("a in (xyz abc)", "a notin(", "a (", "(", "x>", "x>bar", "x<bar", "a" * 254, "x=" + "a" * 254, "x=a b"),
]
LABELS: list[tuple[str, dict[str, str], bool]] = [
    ("", {"x": "y"}, True),
    ("x=y", {"x": "y"}, True),
    ("x=y,z=w", {"x": "y", "z": "w"}, True),
    ("x!=y,z!=w", {"x": "z", "z": "a"}, True),
    ("notin=in", {"notin": "in"}, True),
    ("x", {"x": "z"}, True),
    ("!x", {"y": "z"}, True),
    ("x>1", {"x": "2"}, True),
    ("x<1", {"x": "0"}, True),
    ("x=z", {}, False),
    ("x=y", {"x": "z"}, False),
    ("x=y,z=w", {"x": "w", "z": "w"}, False),
    ("x!=y,z!=w", {"x": "z", "z": "w"}, False),
    ("x", {"y": "z"}, False),
    ("!x", {"x": "z"}, False),
    ("x>1", {"x": "0"}, False),
    ("x<1", {"x": "2"}, False),
    ("foo=bar", {"foo": "bar", "baz": "blah"}, True),
    ("baz=blah", {"foo": "bar", "baz": "blah"}, True),
    ("foo=bar,baz=blah", {"foo": "bar", "baz": "blah"}, True),
    ("foo=blah", {"foo": "bar", "baz": "blah"}, False),
    ("baz=bar", {"foo": "bar", "baz": "blah"}, False),
    ("foo=bar,foobar=bar,baz=blah", {"foo": "bar", "baz": "blah"}, False),
    ("x in (foo),y notin (alpha)", {"x": "foo", "y": "baz"}, True),
    ("x in (foo),y in (alpha)", {"x": "foo", "y": "baz"}, False),
    ("x notin (),y", {"y": ""}, True),
    ("!x,y", {"y": ""}, True),
    ("x notin (),!y", {"y": ""}, False),
    ("x in ()", {"y": "baz"}, False),
    ("z>1", {"z": "2"}, True),
    ("z>1", {"z": "v2"}, False),
]
VALID_FIELDS = ["x=a,y=b,z=c", "", "x!=a,y=b", r"x=a||y\=b", r"x=a\=\=b", "a=avalue,b==bvalue,c!=cvalue", "함=수,목=록"]
VALID_FIELDS += ["a=a,", ",a=a", r"k=\,,k2=v2", r"k=\\,k2=v2", r"k=\\\,,k2=v2"]
INVALID_FIELDS = ["x=a||y=b", "x==a==b", "x=a,b", "x in (a)", "x in (a,b,c)", "x", "k=\\", "k=\\\\\\", r"k=\a"]
SET = {"foo": "bar", "baz": "blah", "complex": "=value\\,\\"}
FIELDS: list[tuple[str, dict[str, Any], bool]] = [
    ("", {"x": "y"}, True),
    ("x=y", {"x": "y"}, True),
    ("x=y,z=w", {"x": "y", "z": "w"}, True),
    ("x!=y,z!=w", {"x": "z", "z": "a"}, True),
    ("notin=in", {"notin": "in"}, True),
    ("x=y", {"x": "z"}, False),
    ("x=y,z=w", {"x": "w", "z": "w"}, False),
    ("x!=y,z!=w", {"x": "z", "z": "w"}, False),
    ("foo=bar", SET, True),
    ("baz=blah", SET, True),
    ("foo=bar,baz=blah", SET, True),
    (r"foo=bar,baz=blah,complex=\=value\\\,\\", SET, True),
    ("foo=blah", SET, False),
    ("baz=bar", SET, False),
    ("foo=bar,foobar=bar,baz=blah", SET, False),
]


@pytest.mark.parametrize("selector", VALID_LABELS)
def test_a_label_selector_that_apimachinery_takes_is_taken(selector: str) -> None:
    parse_labels(selector)


@pytest.mark.parametrize("selector", INVALID_LABELS)
def test_a_label_selector_that_apimachinery_refuses_is_refused(selector: str) -> None:
    with pytest.raises(QueryError):
        parse_labels(selector)


@pytest.mark.parametrize(("selector", "labels", "matches"), LABELS)
def test_a_label_selector_matches_as_apimachinerys_does(selector: str, labels: dict[str, str], matches: bool) -> None:
    assert parse_labels(selector).matches(labels) is matches


@pytest.mark.parametrize("selector", VALID_FIELDS)
def test_a_field_selector_that_apimachinery_takes_is_taken(selector: str) -> None:
    parse_fields(selector)


@pytest.mark.parametrize("selector", INVALID_FIELDS)
def test_a_field_selector_that_apimachinery_refuses_is_refused(selector: str) -> None:
    with pytest.raises(QueryError):
        parse_fields(selector)


@pytest.mark.parametrize(("selector", "obj", "matches"), FIELDS)
def test_a_field_selector_matches_as_apimachinerys_does(selector: str, obj: dict[str, Any], matches: bool) -> None:
    assert parse_fields(selector).matches(obj) is matches
