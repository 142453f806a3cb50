"""The code of an official entry: the modules that its branch imports, and what these import."""

import ast
from collections.abc import Mapping
from importlib.util import decode_source
from pathlib import PurePosixPath

from harness.entries.submission import File, Submission
from harness.worker import select_model
from harness.worker.folder import SUBMISSION

_PACKAGE = "models/__init__.py"  # imported before any module below it


def code(submission: Submission) -> dict[str, File]:
    """Map the names of the files that an official entry needs below `models`, whole packages each.

    Names are relative to the repository; files are those of the submission's list.
    """
    table = submission.manifest.official
    assert table
    there = {file.name.removeprefix(f"{SUBMISSION}/"): file for file in submission.files}
    waiting, found = [_PACKAGE, *table.modules], dict[str, File]()
    while waiting:
        place = PurePosixPath(waiting.pop())
        if place.suffix == ".py" and len(place.parts) > 2:
            place = place.parent
        for name in (n for n in there if PurePosixPath(n).is_relative_to(place)):
            if name not in found:
                found[name] = there[name]
                waiting += _imported(name, there) if name.endswith(".py") else ()
    return found


def same(one: Submission, other: Submission) -> bool:
    """Tell whether two official entries are one: their branches, code and checkpoints are equal."""
    return _facts(one) == _facts(other)


def _facts(submission: Submission) -> tuple[str, dict[str, str]]:
    table = submission.manifest.official
    assert table
    needed = code(submission)
    checkpoints = {f"{SUBMISSION}/{name}" for name in table.checkpoints}
    digests = {file.name: file.sha256 for file in submission.files if file.name in checkpoints}
    source = decode_source(submission.model_file.read_bytes())
    text = select_model.text_of(source, table.model_id)
    return text, digests | {name: file.sha256 for name, file in needed.items()}


def _imported(name: str, there: Mapping[str, File]) -> list[str]:
    """List the files and packages of `models` that a file imports; none where it is no Python."""
    try:
        tree = ast.parse(there[name].source.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = PurePosixPath(name).parts[: -node.level] if node.level else ()
            parts = [*base, *(node.module.split(".") if node.module else [])]
            names += [parts, *([*parts, alias.name] for alias in node.names)]
        elif isinstance(node, ast.Import):
            names += [alias.name.split(".") for alias in node.names]
    inside = ["/".join(parts) for parts in names if len(parts) > 1 and parts[0] == "models"]
    return [path for name in inside for path in (name, f"{name}.py")]
