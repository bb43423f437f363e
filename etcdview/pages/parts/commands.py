"""The etcdctl and kubectl commands that answer the same question as a page."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from etcdview.endpoints import parse_endpoint
from etcdview.kube.keys import ObjectKey, shell_word
from etcdview.kube.resources import ResourceType
from etcdview.models import TlsFiles
from etcdview.stores.protocols import Maintainable, Store


@dataclass(frozen=True, slots=True)
class Command:
    """One command line; `tool` is etcdctl, kubectl or etcdview."""

    tool: str
    text: str


# A quoted text, which is left alone; or etcdctl where a command begins, with the endpoint that it is for.
_ETCDCTL = re.compile(
    r"'[^']*'|(?P<before>^|[|(;&]\s*|\n)etcdctl\b(?: --endpoints=(?P<endpoint>\S+))?(?P<one> snapshot save)?"
    r"(?P<twice> move-leader)?"
)


# move-leader reads the variables twice, and takes those that it has set itself for flags that conflict with them. So it
# gets none; an exported user and password become flags.
_WITHOUT_VARIABLES = 'env -i PATH="$PATH" etcdctl'
_SPECIAL, _ESCAPED = re.compile(r'(["$`\\}])'), r"\\\1"  # between quotes, within braces


def _flag(assignment: str) -> str:
    """The flag that means the same as a variable: --cacert=FILE for ETCDCTL_CACERT=FILE."""
    name, _, value = assignment.partition("=")
    return f"--{name.removeprefix('ETCDCTL_').lower().replace('_', '-')}={value}"


def _if_exported(flag: str) -> str:
    """The flag with the variable's value, where the shell exports one; nothing else."""
    variable = f"ETCDCTL_{flag.upper()}"
    return f'${{{variable}:+--{flag}="${variable}"}}'


def _user(name: str) -> str:
    """The user that the shell exports, mostly with its password; else this one, whose password etcdctl asks for."""
    return f'"${{ETCDCTL_USER:-{_SPECIAL.sub(_ESCAPED, name)}}}"'


def connected(text: str, store: Store) -> str:
    """The command with the connection of `store`: flags of curl, or assignments before each etcdctl.

    These win over variables that a shell exports, where flags beside them make etcdctl end with an error, and need
    none. Passwords are not among them, and a user that the shell exports is kept. Nothing is added for a file.
    """
    if not isinstance(store, Maintainable):
        return text
    tls = store.tls
    if text.startswith("curl "):
        return shlex.join(_curl(shlex.split(text)[1], tls))
    settings = {
        "ETCDCTL_CACERT": tls.cacert,
        "ETCDCTL_CERT": tls.cert,
        "ETCDCTL_KEY": tls.key,
        "ETCDCTL_INSECURE_SKIP_TLS_VERIFY": "true" if tls.insecure_skip_verify else "",
    }
    endpoints = store.endpoints

    def assigned(found: re.Match[str]) -> str:
        if found["before"] is None:
            return found[0]
        # a snapshot is taken of one member: etcdctl refuses several
        usual = endpoints[0] if found["one"] else ",".join(endpoints)
        where = {"ETCDCTL_ENDPOINTS": shlex.split(found["endpoint"])[0] if found["endpoint"] else usual}
        given = [f"{name}={shlex.quote(value)}" for name, value in (where | settings).items() if value]
        given += [f"ETCDCTL_USER={_user(store.user)}"] if store.user else []
        if found["twice"]:
            login = map(_if_exported, ("password",) if store.user else ("user", "password"))
            return f"{found['before']}{' '.join([_WITHOUT_VARIABLES, *map(_flag, given), *login])} move-leader"
        return f"{found['before']}{' '.join(given)} etcdctl{found['one'] or ''}"

    command, document, rest = text.partition("<<'EOF'\n")
    return _ETCDCTL.sub(assigned, command) + document + rest


def _curl(url: str, tls: TlsFiles) -> list[str]:
    """curl for one page of an endpoint (unix:///run/etcd.sock/metrics), with the files and the name that TLS needs."""
    address, _, page = url.rpartition("/")
    endpoint = parse_endpoint(address)
    words = ["curl", "--unix-socket", endpoint.path] if endpoint.path else ["curl"]
    authority = "localhost" if endpoint.path else endpoint.address.replace("%", "%25")
    if not endpoint.secure:
        return [*words, f"http://{authority}/{page}"]
    files = {"--cacert": tls.cacert, "--cert": tls.cert, "--key": tls.key}
    words += [word for flag, path in files.items() if path for word in (flag, path)]
    words += ["--insecure"] if tls.insecure_skip_verify else []
    if tls.server_name:
        words += [] if endpoint.path else ["--connect-to", f"::{authority}"]
        authority = f"{tls.server_name}:{endpoint.port}" if endpoint.port else tls.server_name
    return [*words, f"https://{authority}/{page}"]


def for_members() -> tuple[Command, ...]:
    """Who is there, and how are they?"""
    return (
        Command("etcdctl", "etcdctl member list -w table"),
        Command("etcdctl", "etcdctl endpoint status --cluster -w table"),
        Command("etcdctl", "etcdctl endpoint health --cluster"),
        Command("etcdctl", "etcdctl alarm list"),
        Command("kubectl", "kubectl -n kube-system get pods -l component=etcd -o wide"),
    )


def for_tree(root: str) -> tuple[Command, ...]:
    """What is in the registry?"""
    return (
        Command("etcdctl", f"etcdctl get {_quote(root)} --prefix --keys-only"),
        Command("kubectl", "kubectl api-resources"),
        Command("etcdview", "etcdview get all -A"),
    )


def for_list(prefix: bytes, resource: ResourceType, namespace: str) -> tuple[Command, ...]:
    """What is in this list?"""
    where = _where(resource, namespace)
    commands = [Command("etcdctl", f"etcdctl get {shell_word(prefix)} --prefix --keys-only")]
    if resource.served:
        commands += [Command(tool, f"{tool} get {resource.qualified}{where}") for tool in ("kubectl", "etcdview")]
    return tuple(commands)


def for_object(key: bytes, object_key: ObjectKey | None, revision: int = 0) -> tuple[Command, ...]:
    """What is under this key?"""
    at = f" --rev={revision}" if revision else ""
    name = shell_word(key)
    commands = [
        Command("etcdctl", f"etcdctl get {name}{at}"),
        Command("etcdview", f"etcdctl get {name}{at} --print-value-only | etcdview decode --key {name} -"),
    ]
    if object_key is not None and object_key.resource.served:
        where = f" -n {_quote(object_key.namespace)}" if object_key.namespace else ""
        commands.append(
            Command("kubectl", f"kubectl get {object_key.resource.qualified}{where} {_quote(object_key.name)} -o yaml")
        )
    return tuple(commands)


def for_prefix(prefix: bytes) -> tuple[Command, ...]:
    """Which keys are below it?"""
    return (Command("etcdctl", f"etcdctl get {shell_word(prefix)} --prefix --keys-only"),)


def for_search(text: str, mode: str) -> tuple[Command, ...]:
    """Which keys match?"""
    if mode == "prefix":
        return (Command("etcdctl", f"etcdctl get {_quote(text)} --prefix --keys-only"),)
    flag = "-F" if mode == "contains" else "-E"
    return (Command("etcdctl", f"etcdctl get / --prefix --keys-only | grep {flag} {_quote(text)}"),)


def _where(resource: ResourceType, namespace: str) -> str:
    if not resource.namespaced:
        return ""
    return f" -n {_quote(namespace)}" if namespace else " -A"


def _quote(text: str) -> str:
    return shell_word(text.encode("utf-8", "surrogateescape"))
