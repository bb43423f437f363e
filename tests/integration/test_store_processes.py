"""A store made before a server forks its workers: nothing is opened before the first call, so that each may use it."""

from __future__ import annotations

import subprocess
import sys
import textwrap

from etcdview.demo.cluster import LocalCluster


def _run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_store_made_before_the_fork_works_in_every_child(plain_etcd: LocalCluster) -> None:
    script = """
        import os, sys
        from etcdview.models import Range, TlsFiles
        from etcdview.stores.etcd.client import EtcdStore

        store = EtcdStore([sys.argv[1]], TlsFiles())
        children = []
        for _ in range(2):
            pid = os.fork()
            if pid == 0:
                os._exit(0 if store.range(Range(b"/a")).revision > 0 else 1)
            children.append(pid)
        print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children])
    """

    done = _run(script, plain_etcd.endpoints[0])

    assert (done.stdout.strip(), done.stderr) == ("[0, 0]", "")


def test_a_failed_handshake_leaves_nothing_on_stderr(cluster: LocalCluster) -> None:
    script = """
        import sys
        from etcdview.errors import TlsError
        from etcdview.models import Range, TlsFiles
        from etcdview.stores.etcd.client import EtcdStore

        store = EtcdStore([sys.argv[1]], TlsFiles(cacert=sys.argv[2]))
        try:
            store.range(Range(b"/a"))
        except TlsError as error:
            print(type(error).__name__)
        store.close()
    """

    done = _run(script, cluster.endpoints[0], cluster.tls.cacert)

    assert (done.stdout.strip(), done.stderr) == ("ClientCertificateError", "")


def test_a_process_with_a_watch_left_open_ends(plain_etcd: LocalCluster) -> None:
    """Threads that serve a watch must not keep the interpreter from ending."""
    script = """
        import sys, threading
        from etcdview.models import Range, TlsFiles
        from etcdview.stores.etcd.client import EtcdStore

        store = EtcdStore([sys.argv[1]], TlsFiles())
        watch = store.watch(b"/", b"0", 0)
        threading.Thread(target=lambda: list(watch), daemon=True).start()
        print("done")
    """

    done = _run(script, plain_etcd.endpoints[0])

    assert (done.returncode, done.stdout.strip()) == (0, "done")
