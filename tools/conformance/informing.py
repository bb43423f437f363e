"""client-go's shared informers follow etcdview through random changes, a compaction and a restart."""

from __future__ import annotations

import json
import subprocess
from urllib.parse import urlsplit

from etcdview.demo.programs import find_program
from tools.conformance.compare import run
from tools.conformance.programs import provide
from tools.conformance.servers import Lab


def follow(lab: Lab, changes: int) -> int:
    """The exit status of the informers: 0 when what they hold is what the API server lists."""
    endpoint = lab.start_etcd()
    real = lab.start_api(endpoint)
    ours = lab.start_etcdview("--endpoints", endpoint)
    configs = [str(server.kubeconfig(lab.folder / f"{server.name}.conf")) for server in (real, ours)]
    command = [str(provide("informers")), *configs, str(changes)]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if program.stdin is None or program.stdout is None:
        raise RuntimeError("the informers have no pipes")
    for line in program.stdout:
        print(line, end="", flush=True)
        if line == "half\n":
            revision = json.loads(real.get("/api/v1/namespaces"))["metadata"]["resourceVersion"]
            run([str(find_program("etcdctl")), "--endpoints", endpoint, "compact", revision])
            lab.stop(ours)
            ours = lab.start_etcdview("--endpoints", endpoint, port=urlsplit(ours.url).port or 0)
            print(f"compacted at {revision}, etcdview started again", flush=True)
            program.stdin.write("go on\n")
            program.stdin.flush()
    return program.wait()
