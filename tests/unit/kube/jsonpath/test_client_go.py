"""client-go's own cases (util/jsonpath, release 0.36), each a fact: a template, its input, and what kubectl prints.

Where Go visits a map, its order is by chance; ours is the object's, so those rows compare as they stand.
"""

from __future__ import annotations

from typing import Any

import pytest

from etcdview.errors import QueryError
from etcdview.kube.jsonpath import Template

TYPES: dict[str, Any] = {
    "bools": [True, False, True, False],
    "integers": [1, 2, 3, 4],
    "floats": [1.0, 2.2, 3.3, 4.0],
    "strings": ["one", "two", "three", "four"],
    "interfaces": [True, "one", 1, 1.1],
    "maps": [
        {"name": "one", "value": 1},
        {"name": "two", "value": 2.02},
        {"name": "three", "value": 3.03},
        {"name": "four", "value": 4.04},
    ],
}
MAPS = [
    '{"name":"one","value":1}',
    '{"name":"two","value":2.02}',
    '{"name":"three","value":3.03}',
    '{"name":"four","value":4.04}',
]
SLICES = [
    ("{ .bools }", "[true,false,true,false]"),
    ("{ .bools[0] }", "true"),
    ("{ .bools[-1] }", "false"),
    ("{ .bools[0:2] }", "true false"),
    ("{ .bools[:2] }", "true false"),
    ("{ .bools[:4:2] }", "true true"),
    ("{ .integers }", "[1,2,3,4]"),
    ("{ .integers[0] }", "1"),
    ("{ .integers[-2] }", "3"),
    ("{ .integers[0:2] }", "1 2"),
    ("{ .integers[:2] }", "1 2"),
    ("{ .integers[:4:2] }", "1 3"),
    ("{ .floats }", "[1,2.2,3.3,4]"),
    ("{ .floats[0] }", "1"),
    ("{ .floats[-2] }", "3.3"),
    ("{ .floats[0:2] }", "1 2.2"),
    ("{ .floats[:2] }", "1 2.2"),
    ("{ .floats[:4:2] }", "1 3.3"),
    ("{ .strings }", '["one","two","three","four"]'),
    ("{ .strings[0] }", "one"),
    ("{ .strings[-2] }", "three"),
    ("{ .strings[0:2] }", "one two"),
    ("{ .strings[:2] }", "one two"),
    ("{ .strings[:4:2] }", "one three"),
    ("{ .interfaces }", '[true,"one",1,1.1]'),
    ("{ .interfaces[0] }", "true"),
    ("{ .interfaces[-2] }", "1"),
    ("{ .interfaces[0:2] }", "true one"),
    ("{ .interfaces[:2] }", "true one"),
    ("{ .interfaces[:4:2] }", "true 1"),
    ("{ .maps }", f"[{','.join(MAPS)}]"),
    ("{ .maps[0] }", MAPS[0]),
    ("{ .maps[-2] }", MAPS[2]),
    ("{ .maps[0:2] }", f"{MAPS[0]} {MAPS[1]}"),
    ("{ .maps[:2] }", f"{MAPS[0]} {MAPS[1]}"),
    ("{ .maps[::2] }", f"{MAPS[0]} {MAPS[2]}"),
    ("{ .maps[1::2] }", f"{MAPS[1]} {MAPS[3]}"),
]

STORE: dict[str, Any] = {
    "Book": [
        {"Category": "reference", "Author": "Nigel Rees", "Title": "Sayings of the Centurey", "Price": 8.95},
        {"Category": "fiction", "Author": "Evelyn Waugh", "Title": "Sword of Honour", "Price": 12.99},
        {"Category": "fiction", "Author": "Herman Melville", "Title": "Moby Dick", "Price": 8.99},
    ],
    "Bicycle": [{"Color": "red", "Price": 19.95, "IsNew": True}, {"Color": "green", "Price": 20.01, "IsNew": False}],
    "Name": "jsonpath",
    "Labels": {"engieer": 10, "web/html": 15, "k8s-app": 20},
    "Employees": {"jason": "manager", "dan": "clerk"},
}
BICYCLES = ['{"Color":"red","IsNew":true,"Price":19.95}', '{"Color":"green","IsNew":false,"Price":20.01}']
MOBY_DICK = '{"Author":"Herman Melville","Category":"fiction","Price":8.99,"Title":"Moby Dick"}'
STORES = [
    ("hello jsonpath", None, "hello jsonpath"),
    ("{..}", [1, 2, 3], "[1,2,3]"),
    ("{[?(@<5)]}", [2, 6, 3, 7], "2 3"),
    ('{"{"}', None, "{"),
    ("{[1,3,4]}", [0, 1, 2, 3, 4], "1 3 4"),
    ("{[0:2]}", ["Monday", "Tudesday"], "Monday Tudesday"),
    ("hello {.Name}", STORE, "hello jsonpath"),
    ("{$.Labels.web/html}", STORE, "15"),
    ("{$.Employees.jason}", STORE, "manager"),
    ("{$.Employees.dan}", STORE, "clerk"),
    ("{.Labels.k8s-app}", STORE, "20"),
    ("{.Bicycle[*].Color}", STORE, "red green"),
    ("{.Book[*].Author}", STORE, "Nigel Rees Evelyn Waugh Herman Melville"),
    ('{range .Bicycle[*]}{ "{" }{ @.* }{ "} " }{end}', STORE, "{red 19.95 true} {green 20.01 false} "),
    ("{..Price}", STORE, "8.95 12.99 8.99 19.95 20.01"),
    ("{...Price}", STORE, "8.95 12.99 8.99 19.95 20.01"),
    ("{.Bicycle}", STORE, f"[{','.join(BICYCLES)}]"),
    ('{range .Bicycle[*]}{ @ }{ " " }{end}', STORE, f"{BICYCLES[0]} {BICYCLES[1]} "),
    ("{.Book[-1:]}", STORE, MOBY_DICK),
    ("{..Book[2]}", STORE, MOBY_DICK),
    ("{.Bicycle[?(@.IsNew==true)]}", STORE, BICYCLES[0]),
]

POINTS = [
    {"id": "i1", "x": 4, "y": -5},
    {"id": "i2", "x": -2, "y": -5, "z": 1},
    {"id": "i3", "x": 8, "y": 3},
    {"id": "i4", "x": -6, "y": -1},
    {"id": "i5", "x": 0, "y": 2, "z": 1},
    {"id": "i6", "x": 1, "y": 4},
    {"id": "i7", "x": None, "y": 4},
]
NODES: dict[str, Any] = {
    "kind": "List",
    "items": [
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.1", "labels": {"kubernetes.io/hostname": "127.0.0.1"}},
            "status": {
                "capacity": {"cpu": "4"},
                "ready": True,
                "addresses": [{"type": "LegacyHostIP", "address": "127.0.0.1"}],
            },
        },
        {
            "kind": "None",
            "metadata": {"name": "127.0.0.2", "labels": {"kubernetes.io/hostname": "127.0.0.2"}},
            "status": {
                "capacity": {"cpu": "8"},
                "ready": False,
                "addresses": [
                    {"type": "LegacyHostIP", "address": "127.0.0.2"},
                    {"type": "another", "address": "127.0.0.3"},
                ],
            },
        },
    ],
    "users": [
        {"name": "myself", "user": {}},
        {"name": "e2e", "user": {"username": "admin", "password": "secret"}},
    ],
}
KUBERNETES = [
    ("{[?(@.z)].id}", POINTS, "i2 i5"),
    ("{[0]['id']}", POINTS, "i1"),
    ("{[-1]['x']}", POINTS, "null"),
    ("{range .items[*]}{.metadata.name}, {end}{.kind}", NODES, "127.0.0.1, 127.0.0.2, List"),
    ('{range .items[*]}{.metadata.name}{"\\t"}{end}', NODES, "127.0.0.1\t127.0.0.2\t"),
    ("{.items[*].status.addresses[*].address}", NODES, "127.0.0.1 127.0.0.2 127.0.0.3"),
    (
        "{range .items[*]}{range .status.addresses[*]}{.address}, {end}{end}",
        NODES,
        "127.0.0.1, 127.0.0.2, 127.0.0.3, ",
    ),
    ("{.items[*].metadata.name}", NODES, "127.0.0.1 127.0.0.2"),
    ("{.items[*]['metadata.name', 'status.capacity']}", NODES, '127.0.0.1 127.0.0.2 {"cpu":"4"} {"cpu":"8"}'),
    (
        "{range .items[*]}[{.metadata.name}, {.status.capacity}] {end}",
        NODES,
        '[127.0.0.1, {"cpu":"4"}] [127.0.0.2, {"cpu":"8"}] ',
    ),
    ('{.users[?(@.name=="e2e")].user.password}', NODES, "secret"),
    (r"{.items[0].metadata.labels.kubernetes\.io/hostname}", NODES, "127.0.0.1"),
    (r'{.items[?(@.metadata.labels.kubernetes\.io/hostname=="127.0.0.1")].kind}', NODES, "None"),
    ("{.items[?(@..ready==true)].metadata.name}", NODES, "127.0.0.1"),
    ("{..name}", NODES, "127.0.0.1 127.0.0.2 myself e2e"),
]

ANOTHER = [{"name": "value1"}, {"name": "value2"}]
NESTED = {
    "items": [
        {
            "metadata": {"name": "pod1"},
            "spec": {"containers": [{"name": "foo", "another": ANOTHER}, {"name": "bar", "another": ANOTHER}]},
        },
        {"metadata": {"name": "pod2"}, "spec": {"containers": [{"name": "baz", "another": ANOTHER}]}},
    ]
}
RANGES = [
    (
        '{range .items[*]}{.metadata.name}{":"}{range @.spec.containers[*]}{.name}{","}{end}{"+"}{end}',
        "pod1:foo,bar,+pod2:baz,+",
    ),
    (
        '{range .items[*]}{.metadata.name}{"~"}{range @.spec.containers[*]}{.name}{":"}'
        '{range @.another[*]}{.name}{","}{end}{"+"}{end}{"#"}{end}',
        "pod1~foo:value1,value2,+bar:value1,value2,+#pod2~baz:value1,value2,+#",
    ),
    (
        '{range .items[*]}{.metadata.name}{"\\t"}{range @.spec.containers[*]}{.name}{" "}{end}{"\\t"}'
        '{range @.spec.containers[*]}{.name}{" "}{end}{"\\n"}{end}',
        "pod1\tfoo bar \tfoo bar \npod2\tbaz \tbaz \n",
    ),
]

ANNOTATED = {
    "items": [
        {"kind": "Pod", "metadata": {"name": "pod1", "annotations": {"color": "blue"}}},
        {"kind": "Pod", "metadata": {"name": "pod2"}},
        {"kind": "Pod", "metadata": {"name": "pod3", "annotations": {"color": "green"}}},
        {"kind": "Pod", "metadata": {"name": "pod4", "annotations": {"color": "blue"}}},
    ]
}
BLUE = '{.items[?(@.metadata.annotations.color=="blue")].metadata.name}'
RUNNING = {
    "items": [
        *({"metadata": {"name": f"pod{n}"}, "status": {"phase": "Running"}} for n in (1, 2, 3)),
        {"resourceVersion": ""},
    ]
}


def containers(count: int) -> dict[str, Any]:
    return {"spec": {"containers": [{"image": "radial/busyboxplus:curl", "name": f"fake{n}"} for n in range(count)]}}


INDEXES = [
    (4, "[0]", "fake0"),
    (4, "[0:0]", ""),
    (4, "[0:-1]", "fake0 fake1 fake2"),
    (4, "[-1:0]", None),
    (4, "[-1]", "fake3"),
    (4, "[-1:]", "fake3"),
    (4, "[-2]", "fake2"),
    (4, "[-2:]", "fake2 fake3"),
    (4, "[-3]", "fake1"),
    (4, "[-4]", "fake0"),
    (4, "[-4:]", "fake0 fake1 fake2 fake3"),
    (4, "[-5]", None),
    (4, "[5:5]", ""),
    (4, "[-5:-5]", ""),
    (4, "[3:1]", None),
    (4, "[-1:-2]", None),
    (6, "[0:]", "fake0 fake1 fake2 fake3 fake4 fake5"),
    (6, "[0:6:]", "fake0 fake1 fake2 fake3 fake4 fake5"),
    (6, "[0:6:1]", "fake0 fake1 fake2 fake3 fake4 fake5"),
    (6, "[0:6:0]", None),
    (6, "[0:6:-1]", None),
    (6, "[1:4:2]", "fake1 fake3"),
    (6, "[1:4:3]", "fake1"),
    (6, "[1:4:4]", "fake1"),
    (6, "[0:6:2]", "fake0 fake2 fake4"),
    (6, "[1:6:2]", "fake1 fake3 fake5"),
]
LENIENT = [
    ("{.hello}", STORE, ""),
    ("before-{.hello}after", STORE, "before-after"),
    ("{range .items[*]}{.metadata.name}{end}", {"items": []}, ""),
    (
        '{range .items[*]}{.metadata.name}{":"}{range @.spec.containers[*]}{.name}{","}{end}{"+"}{end}',
        {"items": []},
        "",
    ),
    (BLUE, ANNOTATED, "pod1 pod4"),
    (
        '{range .items[?(.status.phase=="Running")]}{.metadata.name}{" is Running\\n"}{end}',
        RUNNING,
        "pod1 is Running\npod2 is Running\npod3 is Running\n",
    ),
]
REFUSED = [
    ("{" + "." * 60 + "Price}", STORE),
    ("{hello}", STORE),
    ("{.hello}", STORE),
    ("{.Labels[0]}", STORE),
    ("{.Book[?(@.Price<>10)]}", STORE),
    ("{range .Labels.*}{@}{end}{end}", STORE),
    (BLUE, ANNOTATED),
]
STRICT = [*((template, TYPES, text) for template, text in SLICES), *STORES, *KUBERNETES]
STRICT += [(template, NESTED, text) for template, text in RANGES]


@pytest.mark.parametrize(("template", "obj", "text"), STRICT)
def test_a_template_prints_what_client_go_prints(template: str, obj: Any, text: str) -> None:
    assert Template(template, strict=True).render(obj) == text


@pytest.mark.parametrize(("template", "obj", "text"), LENIENT)
def test_a_missing_field_is_passed_over_as_kubectl_passes_it_over(template: str, obj: Any, text: str) -> None:
    assert Template(template).render(obj) == text


@pytest.mark.parametrize(("count", "index", "text"), INDEXES)
def test_indexes_and_slices_follow_client_go(count: int, index: str, text: str | None) -> None:
    template = Template("{.spec.containers" + index + ".name}", strict=True)
    if text is None:
        with pytest.raises(QueryError):
            template.render(containers(count))
    else:
        assert template.render(containers(count)) == text


@pytest.mark.parametrize(("template", "obj"), REFUSED)
def test_what_client_go_refuses_is_refused(template: str, obj: Any) -> None:
    with pytest.raises(QueryError):
        Template(template, strict=True).render(obj)
