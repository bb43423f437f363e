"""`etcdview members --diff` on three members of which one was changed behind etcd's back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etcdview.cli.main import run
from etcdview.demo.cluster import LocalCluster
from etcdview.stores.etcd.client import EtcdStore

VALUE = b'{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"%s","namespace":"shop"},"data":{"colour":"green"}}'
KEY = "/registry/configmaps/shop/c7"


def test_the_changed_key_is_named_with_what_the_majority_has(
    member_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running = LocalCluster(member_folder, ("a", "b", "c"))
    with running:
        store = EtcdStore(running.endpoints, running.tls)
        for number in range(9):
            name = b"c%d" % number
            store.put(b"/registry/configmaps/shop/" + name, VALUE % name, mod_revision=0)
        process = running.members[2].process
        assert process is not None
        process.terminate()  # in order, so that its log has nothing to write again
        process.wait()
        database = running.members[2].data / "member" / "snap" / "db"
        right, wrong = (VALUE % b"c7", (VALUE % b"c7").replace(b"green", b"amber"))
        content = database.read_bytes()
        assert right in content
        database.write_bytes(content.replace(right, wrong))
        running.start(running.members[2])
        running.wait_ready()
        store.put(b"/registry/configmaps/shop/later", VALUE % b"later", mod_revision=0)
        store.close()
        flags = ["--endpoints", ",".join(running.endpoints)]

        status = run(["members", "--diff", *flags])
        said = capsys.readouterr().out
        assert run(["members", "--diff", "-o", "json", *flags]) == 1
        found = json.loads(capsys.readouterr().out)
        assert run(["health", "--compare-data", *flags]) != 0
        assert "etcdview members --diff" in capsys.readouterr().out

    assert status == 1
    assert "by their values" in said
    assert f"~ {KEY}" in said
    assert "a, b: written at revision 9  (the majority)" in said
    assert "data.colour: green -> amber" in said
    assert said.endswith("1 key differs.\n")
    assert (found["members"], [key["key"] for key in found["keys"]]) == (["a", "b", "c"], [KEY])
    assert [state["members"] for state in found["keys"][0]["states"]] == [["a", "b"], ["c"]]

    assert run(["members", "--diff", *(str(member.data) for member in running.members)]) == 1
    assert "data.colour: green -> amber" in capsys.readouterr().out
    assert run(["members", "--diff", *(str(member.data) for member in running.members[:2])]) == 0
    assert "0 keys differ." in capsys.readouterr().out
