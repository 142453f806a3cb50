"""The packages that a submission's code imports, read from its files without running them."""

import ast
import sys
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path

from harness.entries.submission import Submission


def missing_packages(submission: Submission) -> list[str]:
    """Name the packages that the network's file and its siblings import and that are not here."""
    seen: set[Path] = set()
    wanted = set(_packages(submission.model_file, seen))
    return sorted(name for name in wanted if PathFinder.find_spec(name) is None)


def _packages(file: Path, seen: set[Path]) -> Iterator[str]:
    """Yield top-level packages from outside the folder; follow modules beside the file."""
    if file in seen:
        return
    seen.add(file)
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return  # loading says what is wrong with it
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module]
        for name in names:
            top = name.partition(".")[0]
            beside = file.parent / f"{top}.py"
            if beside.is_file():
                yield from _packages(beside, seen)
            elif top not in sys.stdlib_module_names and not (file.parent / top).is_dir():
                yield top
