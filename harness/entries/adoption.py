"""One entry of an official repository -> a native submission folder: `model.py`, weights, manifest.

`model.py` keeps what the branch does up to its network; the manifest does what follows, which is
to load the checkpoint. A branch that does more is refused, so that nothing is lost unseen.
"""

import ast
import builtins
import json
import shutil
from collections.abc import Iterator, Mapping
from importlib.util import decode_source
from pathlib import Path

from harness.entries import closure
from harness.entries.manifest import MANIFEST
from harness.entries.submission import Submission
from harness.errors import InputError, SubmissionError
from harness.records import Manifest, OfficialTable
from harness.worker import select_model
from harness.worker.loading import checkpoints

_MODEL, _FACTORY = "model.py", "network"
_HARMLESS = {
    "load_state_dict",
    "eval",
    "to",
    "cuda",
    "print",
}  # the manifest, or the loader, does it


def adopt(submission: Submission, to: Path) -> Path:
    """Write a native folder for an official entry below `to`, and return it.

    Raises SubmissionError where its branch does more than build a network and load a checkpoint,
    LoadingError where the checkpoint cannot be read, InputError where the folder is there already.
    """
    manifest, table = submission.manifest, submission.manifest.official
    if table is None:
        raise InputError(f"{submission.folder} is a native submission already; copy it")
    source = decode_source((submission.folder / manifest.model.file).read_bytes())
    function, body = select_model.branch_of(source, table.model_id)
    _refuse_more(function, body, table)
    factory = _factory(body, table.model_id)
    key = _key(submission.folder / table.checkpoints[0], body)
    target = to / submission.slug
    if target.exists():
        raise InputError(f"{target} is there already; remove it, or name another folder with --to")
    files = {name: file.source for name, file in closure.code(submission).items()}
    files |= {name: submission.folder / name for name in table.checkpoints}
    for name, file in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target / name)
    (target / _MODEL).write_text(factory, encoding="utf-8")
    (target / MANIFEST).write_text(_manifest(manifest, table, body, key), encoding="utf-8")
    return target


def _refuse_more(function: ast.FunctionDef, body: list[ast.stmt], table: OfficialTable) -> None:
    refused = f"id {table.model_id} cannot be imported"
    if table.missing or len(table.checkpoints) != 1:
        why = f"lacks {', '.join(table.missing)}" if table.missing else "names no single checkpoint"
        raise SubmissionError(f"{refused}: it {why}; run the repository itself instead")
    more = [*_more(body), *([table.operator] if table.operator else [])]
    names = select_model.ids(function)
    tests = (test for node in function.body[1:] for test in _tail_tests(node))
    chosen = (select_model.compared(test, names) for test in tests)
    if table.model_id in chosen:
        more.append("a setting for this id after the branches, such as a tile")
    if more:
        raise SubmissionError(
            f"{refused}: its branch does more than build a network and load it ({more[0]}); "
            "run the repository itself instead"
        )


def _more(body: list[ast.stmt]) -> Iterator[str]:
    """Name what neither the kept lines nor a manifest would do."""
    built = False
    for node in body:
        text = ast.unparse(node).splitlines()[0]
        if isinstance(node, ast.Expr):
            method = node.value.func if isinstance(node.value, ast.Call) else None
            if select_model.last_name(method) not in _HARMLESS:
                yield text
        elif "model" in _assigned(node):
            rebuilt = select_model.last_name(_unmoved(_value(node))) != "model"
            if built and rebuilt:
                yield text
            built = True
        elif not built and not isinstance(node, ast.Assign | ast.Import | ast.ImportFrom):
            yield text


def _tail_tests(node: ast.stmt) -> Iterator[ast.expr]:
    """Yield the conditions of `a if condition else b` outside the chain of branches."""
    if not isinstance(node, ast.If):
        yield from (n.test for n in ast.walk(node) if isinstance(n, ast.IfExp))


def _factory(body: list[ast.stmt], number: int) -> str:
    """Write the lines that the network depends on as a function that returns it.

    Raises SubmissionError where they use what only `test_demo.py` has.
    """
    first = next(i for i, node in enumerate(body) if "model" in _assigned(node))
    network = _unmoved(_value(body[first]))
    kept: list[ast.stmt] = [ast.Return(network)]
    wanted = _used(network)
    for node in reversed(body[:first]):
        if wanted & _assigned(node):
            kept.insert(0, node)
            wanted |= _used(node)
    given = [text for name, text in _given(number).items() if name in wanted]
    kept = [*ast.parse("\n".join(given)).body, *kept]
    if unknown := sorted(_free(kept) - vars(builtins).keys() - {"os", "torch"}):
        raise SubmissionError(
            f"id {number} cannot be imported: its network is built with {unknown[0]!r}, which its "
            "branch does not define; run the repository itself instead"
        )
    lines = "\n".join(ast.unparse(ast.fix_missing_locations(node)) for node in kept)
    indented = "\n".join(f"    {line}" for line in lines.splitlines())
    used = _free(kept)
    needs = "".join(f"import {name}\n" for name in ("os", "torch") if name in used)
    return f"{needs}{chr(10) * 2 if needs else ''}def {_FACTORY}():\n{indented}\n"


def _given(number: int) -> dict[str, str]:
    """Return what `select_model` has besides its branch, by name."""
    return {
        "model_id": f"model_id = {number}",
        "device": 'device = torch.device("cuda" if torch.cuda.is_available() else "cpu")',
    }


def _free(body: list[ast.stmt]) -> set[str]:
    """Return the names that statements read and never give a value to."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    names = [node for node in nodes if isinstance(node, ast.Name)]
    read = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    return read.difference(arguments, *map(_assigned, body)) - {
        name.id for name in names if isinstance(name.ctx, ast.Store)
    }


def _key(checkpoint: Path, body: list[ast.stmt]) -> str | None:
    """Return the entry of a wrapped checkpoint that the branch asks for first, or None."""
    content = checkpoints.contents(checkpoint, checkpoint.name)
    texts = (n.value for node in body for n in _in_order(node) if isinstance(n, ast.Constant))
    return next((t for t in texts if isinstance(t, str) and _holds_state(content, t)), None)


def _in_order(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _in_order(child)


def _holds_state(content: object, key: str) -> bool:
    return isinstance(content, Mapping) and isinstance(content.get(key), Mapping)


def _manifest(
    manifest: Manifest, table: OfficialTable, body: list[ast.stmt], key: str | None
) -> str:
    calls = [n for node in body for n in ast.walk(node) if isinstance(n, ast.Call)]
    loads = [call for call in calls if select_model.last_name(call.func) == "load_state_dict"]
    strict = [c.args[1] for c in loads if len(c.args) > 1]
    strict += [k.value for c in loads for k in c.keywords if k.arg == "strict"]
    loose = "False" in map(ast.unparse, strict)
    model = manifest.model
    lines = [
        f"name = {json.dumps(manifest.name)}",
        f"id = {table.model_id}",
        "",
        "[model]",
        f"file = {json.dumps(_MODEL)}",
        f"factory = {json.dumps(_FACTORY)}",
        f"data_range = {model.data_range}",
        f"scale = {model.scale}",
        *([f"multiple_of = {model.multiple_of}"] if model.multiple_of > 1 else []),
        "",
        "[weights]",
        f"path = {json.dumps(table.checkpoints[0])}",
        *([f"key = {json.dumps(key)}"] if key else []),
        *(["strict = false"] if loose else []),
    ]
    return "\n".join(lines) + "\n"


def _assigned(node: ast.stmt) -> set[str]:
    """Return the names that a plain statement or an import gives a value to."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if not isinstance(node, ast.Assign):
        return set()
    return {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}


def _used(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _value(node: ast.stmt) -> ast.expr:
    assert isinstance(node, ast.Assign)
    return node.value


def _unmoved(node: ast.expr) -> ast.expr:
    """Take `.eval()`, `.to(device)` and `.cuda()` off the end of an expression."""
    match node:
        case ast.Call(func=ast.Attribute(value=inner, attr="eval" | "to" | "cuda")):
            return _unmoved(inner)
    return node
