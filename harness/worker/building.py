"""Code of an entry's own that is compiled: its command run, its first error, what it made."""

import os
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from harness.errors import BuildError
from harness.records import BuildTable

_EXTENSION = Path(__file__).with_name("extension.py")
_INTERPRETERS = ("python", "python3")
# a compiler's first error, its linker's, or the last line of an exception in Python
_OF_COMPILER = re.compile(r"\S+[:(]\d+[:),\d ]*:? *(fatal |catastrophic )?error\b|nvcc fatal")
_OF_LINKER = re.compile(r"undefined reference to|ld: |cannot find -l")
_OF_PYTHON = re.compile(r"[\w.]*(Error|Exception|Refused|Exit)\b: ")
# object files, and what setuptools copies from
_INTERMEDIATE = re.compile(r"\.(o|obj|d|pyc)$|\.ninja\w*$|(^|/)build/(temp|lib)\.")


def build(table: BuildTable, entry: Path) -> tuple[str, ...]:
    """Build in `entry`; return the files that it made or changed there, but for intermediate ones.

    Raises BuildError, with the compiler's first error, where the build fails or makes nothing.
    """
    before = dict(_facts(entry))
    _run(_command(table), entry, entry / table.folder)
    after = dict(_facts(entry))
    made = sorted(name for name, fact in after.items() if before.get(name) != fact)
    made = [name for name in made if not _INTERMEDIATE.search(name)]
    if not made:
        raise BuildError("the build ended well and made no file; build in place, `--inplace`")
    return tuple(made)


def first_error(lines: Iterable[str]) -> str:
    """Return the line of a build's output that says best why it failed; empty where none does."""
    errors: dict[str, str] = {}
    for line in map(str.strip, lines):
        if _OF_COMPILER.search(line):
            return line
        if _OF_LINKER.search(line):
            errors.setdefault("linker", line)
        elif _OF_PYTHON.match(line):
            errors["python"] = line
        elif line:
            errors["last"] = line
    return next((errors[kind] for kind in ("linker", "python", "last") if kind in errors), "")


def _command(table: BuildTable) -> list[str]:
    if table.extension:
        return [sys.executable, "-P", str(_EXTENSION), *table.extension]
    program, *arguments = table.command
    return [sys.executable if program in _INTERPRETERS else program, *arguments]


def _run(command: list[str], entry: Path, folder: Path) -> None:
    try:
        process = subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        raise BuildError(f"the build cannot run {command[0]!r}: {error.strerror}") from error
    assert process.stdout
    with process.stdout as output:
        told = first_error(_printed(line.decode(errors="replace") for line in output))
        for _ in _printed(line.decode(errors="replace") for line in output):
            pass  # the rest of it, for the log
    if process.wait():
        told = told.replace(f"{entry}/", "")[:500] or "it says nothing"
        raise BuildError(f"the build failed: {told}; see its log")


def _printed(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        print(line, end="", flush=True)
        yield line


def _facts(folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield the regular files below `folder`, with what changes when they are written."""
    for place, _, names in os.walk(folder):
        for name in names:
            file = Path(place, name)
            if file.is_file() and not file.is_symlink():
                facts = file.stat()
                yield str(file.relative_to(folder)), (facts.st_size, facts.st_mtime_ns)
