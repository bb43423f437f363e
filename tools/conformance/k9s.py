"""k9s in a terminal of tmux: what a person would do with it, and the words that must then stand on its screen."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable

from etcdview.demo.programs import find_program
from tools.conformance.compare import Report
from tools.conformance.programs import provide
from tools.conformance.servers import Lab, Server

_SECONDS = 60.0
_POD, _MAP = "crashloop", "app-config"


class Screen:
    """k9s on one server, in a tmux of its own. Leaving ends both."""

    def __init__(self, lab: Lab, server: Server) -> None:
        self._socket = f"etcdview-{os.getpid()}"
        home = lab.folder / "k9s"
        home.mkdir(exist_ok=True)
        config = server.kubeconfig(lab.folder / "k9s.conf")
        places = f"KUBECONFIG={config} K9S_CONFIG_DIR={home} XDG_STATE_HOME={home} XDG_DATA_HOME={home}"
        size = ("-x", "180", "-y", "50")
        self._tmux("new-session", "-d", *size, f"{places} {provide('k9s')} --readonly --all-namespaces --command pods")

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *error: object) -> None:
        self._tmux("kill-server")

    def keys(self, *keys: str) -> None:
        """Press keys by tmux's names."""
        for key in keys:
            self._tmux("send-keys", key)

    def go(self, command: str) -> None:
        """Type a command of k9s, such as "deployments shop"."""
        self.keys(":")
        self._tmux("send-keys", "-l", command)
        self.keys("Enter")

    def text(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p")

    def until(self, holds: Callable[[str], bool]) -> bool:
        """Wait until the screen is as wanted; whether it came to that."""
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            if holds(self.text()):
                return True
            time.sleep(0.2)
        return False

    def _tmux(self, *words: str) -> str:
        command = ["tmux", "-L", self._socket, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def follow_k9s(lab: Lab, server: Server, endpoint: str) -> Report:
    """Open it, list, describe, show YAML, change the namespace; with an `endpoint`, see a deletion in etcd."""
    report = Report()
    with Screen(lab, server) as screen:

        def sees(step: str, *words: str, without: str = "") -> None:
            wanted = screen.until(lambda text: all(w in text for w in words) and (not without or without not in text))
            print(f"k9s: {step}: {'seen' if wanted else 'not seen'}", flush=True)
            report.compared += 1
            report.same += wanted
            if not wanted:
                report.unexplained.append((("k9s", step), screen.text()))

        sees("it lists the pods of all namespaces", "pods(all)", _POD, "CrashLoopBackOff")
        screen.go(f"pods shop /{_POD}")
        sees("the list narrows to one pod", "pods(shop)", _POD)
        screen.keys("d")
        sees("it describes the pod", "Describe", f"Name:             {_POD}", "Containers:")
        screen.keys("Escape")
        sees("the list is back", "pods(shop)")
        screen.keys("y")
        sees("it shows the pod's YAML", "YAML(", "apiVersion: v1", "creationTimestamp:")
        screen.keys("Escape")
        sees("the list is back again", "pods(shop)")
        screen.go("deployments shop")
        sees("it changes to another type and namespace", "deployments(shop)")
        screen.go("nodes")
        sees("it lists nodes", "nodes(all)", "worker-2")
        screen.go("configmaps shop")
        sees("it lists ConfigMaps", "configmaps(shop)", _MAP)
        if endpoint:
            key = f"/registry/configmaps/shop/{_MAP}"
            subprocess.run([str(find_program("etcdctl")), "--endpoints", endpoint, "del", key], check=True)
            sees("what is deleted in etcd goes from the list", "configmaps(shop)", without=_MAP)
    return report
