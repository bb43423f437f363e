"""`python -m tools.troubleshooting`: docs/troubleshooting.md from the errors that the code raises.

Each call that makes an error of etcdview/errors.py is one row: what it says, and what to do. What a sentence puts in
(a key, a file, an address) stands as a word between angle brackets. With --check nothing is written, and the exit
status is 1 where the document says something else.
"""

from __future__ import annotations

import ast
import functools
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etcdview import errors
from etcdview.errors import EtcdviewError
from tools.given import arguments

ROOT = Path(__file__).parent.parent
DOCUMENT = ROOT / "docs" / "troubleshooting.md"
BEGIN = "<!-- errors: made by python -m tools.troubleshooting -->"
FAULT = "Fault"  # a row of stores/etcd/grpc_errors.py: code, what etcd says, the error's class, what, remedy
OPEN, CLOSE = "\u2039", "\u203a"  # around a word that stands for what is put in
MOST_WAYS = 16  # of one sentence, by the conditions in it
# What to do where a sentence has nothing of its own to add.
ADVICE = {
    "UsageError": "`etcdview COMMAND --help` has examples.",
    "SettingError": "`etcdview serve --print-config` shows each setting, its value and where it comes from.",
    "QueryError": "Correct it; nothing was read.",
    "FutureRevisionError": "Leave the revision out for the newest, or wait until the member has caught up.",
    "EncodeError": "Correct the object; nothing was written.",
    "NotInstalledError": "Install that extra: docs/installing.md.",
    "NotFoundError": "Look for it by a part of its name: the search in the header, or `etcdview search`.",
    "DecodeError": "The object's page shows the bytes and what could be decoded; `etcdview history KEY` may have an"
    " earlier value that is sound, and `etcdview rescue --from BACKUP` brings one back.",
    "DecryptError": "Give the file that kube-apiserver gets as --encryption-provider-config, with all its older keys.",
    "DeniedError": "Ask who keeps the access file; `etcdctl user get NAME` says what etcd permits.",
    "NotPermittedError": "docs/least-privilege.md has the grant.",
    "LoginError": "Ask who keeps the provider, or log in in another way.",
    "AuditError": "Make room on its disk, or correct the permissions of its folder.",
    "BudgetError": "Ask for less: a namespace, a type, a longer prefix.",
    "UnsupportedError": "docs/connecting.md says what works with kine, docs/health.md what older etcds lack.",
    "UnreachableError": "`etcdview doctor` tests each step from the files to a read, and names the one that fails.",
    "DeadlineError": "`etcdview doctor` tests each step from the files to a read, and names the one that fails.",
    "AnswerError": "Ask that member itself (`etcdctl --endpoints URL endpoint status`): a proxy or load balancer"
    " between may mix members, and a member whose database is damaged has to be replaced.",
    "NameMismatchError": "Give the endpoint by a name of the certificate, or a certificate that has its name.",
    "ValidityError": "Renew it (kubeadm certs renew, or as it was made), and compare the clocks.",
}


@dataclass(frozen=True, order=True, slots=True)
class Said:
    """One sentence that an error says, with what to do; `error` is its class."""

    error: str
    what: str
    remedy: str


def main(arguments: list[str]) -> int:
    """Write the tables behind the marker; exit status 1 where --check finds them old."""
    old = DOCUMENT.read_text("utf-8")
    new = with_tables(old)
    if "--check" in arguments:
        return int(old != new)
    DOCUMENT.write_text(new, "utf-8")
    return 0


def with_tables(text: str) -> str:
    """The document with all that follows its marker made anew."""
    before, _, _ = text.partition(BEGIN)
    return f"{before}{BEGIN}\n{tables()}"


def tables() -> str:
    """One section for each class that some sentence belongs to, in the order of errors.py."""
    said = sorted(set(sentences()))
    return "".join(
        _section(kind, [one for one in said if one.error == name])
        for name, kind in classes().items()
        if any(one.error == name for one in said)
    )


@functools.cache
def classes() -> dict[str, type[EtcdviewError]]:
    """The classes of errors.py by name, in its order."""
    return {
        name: kind for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, EtcdviewError)
    }


def sentences() -> Iterator[Said]:
    """What the code says, wherever it stands: only what is put together elsewhere is left out."""
    for path in sorted([*ROOT.glob("etcdview/**/*.py"), *ROOT.glob("webapp/**/*.py")]):
        tree = ast.parse(path.read_text("utf-8"))
        texts = _constants(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield from _of_call(node, texts)


def _constants(tree: ast.Module) -> dict[str, ast.expr]:
    """The module's own names for texts."""
    return {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _of_call(call: ast.Call, texts: dict[str, ast.expr]) -> Iterator[Said]:
    name, arguments = _name(call.func), call.args
    if name == FAULT and len(arguments) == 5:
        name, arguments = _name(arguments[2]), [_formatted(text, texts) for text in arguments[3:]]
    if name not in classes() or not arguments:
        return
    remedies = list(_ways(arguments[1], texts)) if len(arguments) > 1 else [""]
    for what, remedy in itertools.islice(itertools.product(_ways(arguments[0], texts), remedies), MOST_WAYS):
        if any(letter.isalpha() for letter in _own_words(what)):
            yield Said(name, what, "" if not _own_words(remedy).strip() else remedy)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _ways(node: ast.expr, texts: dict[str, ast.expr]) -> Iterator[str]:
    """The texts that an expression may be; what is known only when it runs is a word in angle brackets."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in texts:
        yield from _ways(texts[node.id], texts)
    elif isinstance(node, ast.IfExp):
        yield from _ways(node.body, texts)
        yield from _ways(node.orelse, texts)
    elif isinstance(node, ast.JoinedStr):
        yield from _together(
            [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values], texts
        )
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        yield from _together([node.left, node.right], texts)
    else:
        yield f"{OPEN}{_word(node)}{CLOSE}"


def _together(parts: list[ast.expr], texts: dict[str, ast.expr]) -> Iterator[str]:
    for pieces in itertools.product(*(list(_ways(part, texts)) for part in parts)):
        yield "".join(pieces)


def _formatted(node: ast.expr, texts: dict[str, ast.expr]) -> ast.expr:
    """A text for str.format, with its fields in angle brackets."""
    text = next(_ways(node, texts))
    return ast.Constant(text.replace("{", OPEN).replace("}", CLOSE))


def _word(node: ast.expr) -> str:
    """What to call a part that is put in: the last name in its expression."""
    names = [
        n.id if isinstance(n, ast.Name) else n.attr for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute)
    ]
    return names[0].strip("_").lower().replace("_", " ") if names else "…"


def _own_words(text: str) -> str:
    """The text without what is put in."""
    kept, depth = [], 0
    for letter in text:
        depth += (letter == OPEN) - (letter == CLOSE)
        if depth == 0 and letter != CLOSE:
            kept.append(letter)
    return "".join(kept)


def _section(kind: type[EtcdviewError], said: list[Said]) -> str:
    advice = f" {ADVICE[kind.__name__]}" if kind.__name__ in ADVICE else ""
    status = f"A command ends with {kind.exit_code}, a page answers {kind.status}."
    head = f"\n## {_cause(kind)}\n\n{status}{advice}\n\n"
    rows = "".join(f"| {_cell(one.what)} | {_cell(one.remedy)} |\n" for one in said)
    return f"{head}| it says | what to do |\n|---|---|\n{rows}"


def _cause(kind: type[EtcdviewError]) -> str:
    """The first sentence of the class's docstring, as a heading."""
    lines = (kind.__doc__ or "").strip().splitlines()
    return lines[0].partition(". ")[0].rstrip(".")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").replace("<", "\\<").split())


if __name__ == "__main__":
    sys.exit(main(arguments(__doc__)))
