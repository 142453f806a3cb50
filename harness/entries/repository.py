"""An official challenge repository as it is -> what to know of each of its entries.

Nothing of it is executed or written to. The ids, names, files and checkpoints are read from the
syntax tree of its `test_demo.py`, or of the file that this has its `select_model` from; what a tree
does not tell (a window to pad to, a twin for the counters) is data in `harness/overlays`.
"""

import ast
import posixpath
import stat
import tomllib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from importlib.util import decode_source
from pathlib import Path, PurePosixPath

from harness.entries.files import CHECKPOINTS
from harness.errors import InputError, SubmissionError
from harness.records import (
    BuildTable,
    ComplexityTable,
    Manifest,
    ModelTable,
    OfficialTable,
    WeightsTable,
)
from harness.records.schema import from_table
from harness.worker import select_model
from harness.worker.select_model import Branch

MAIN = "test_demo.py"
OVERLAYS = resources.files("harness.entries.overlays")
_CODE, _CHECKPOINTS = "models", "model_zoo"
_SCALE = 4  # of every edition of the challenge


@dataclass(frozen=True)
class OfficialEntry:
    """One id of a repository: its manifest and files, or why it has none.

    A placeholder, as the challenge's template has them, has neither.
    """

    id: int
    name: str
    manifest: Manifest | None
    paths: tuple[str, ...] = ()  # files and folders of the repository that it may need
    error: SubmissionError | None = None


@dataclass(frozen=True)
class _Special:
    """What an overlay says of one id."""

    operator: str = ""
    twin: ComplexityTable | None = None
    build: BuildTable | None = None  # of its operator, where the user allows it
    multiple_of: int = 1
    note: str = ""


@dataclass(frozen=True)
class _Overlay:
    recognised_by: str  # a file that only this edition's repository has
    entries: dict[str, _Special] = field(default_factory=dict)  # by id


def main_file(folder: Path) -> str | None:
    """Return the file of a clone that defines `select_model`, or None where `folder` is no clone.

    It is `test_demo.py`, or one of the repository that this imports it from.
    """
    waiting, seen = [MAIN], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen or (source := _source(folder / name)) is None:
            continue
        seen.add(name)
        if select_model.defines(source):
            return name
        waiting += _modules(name, select_model.givers(source))
    return None


def lacking(folder: Path) -> str:
    """Say what a folder that seems to be a clone lacks to be read as one; empty of any other."""
    if main_file(folder):
        return ""
    defining = [
        f.name for f in sorted(folder.glob("*.py")) if select_model.defines(_source(f) or "")
    ]
    advice = f"; {defining[0]} does: let {MAIN} import it from there" if defining else ""
    if (folder / MAIN).is_file():
        if fault := _fault(folder / MAIN):
            return f"its {MAIN} is not valid Python ({fault})"
        return f"its {MAIN} neither defines {select_model.FUNCTION} nor imports it{advice}"
    if defining or all((folder / name).is_dir() for name in (_CODE, _CHECKPOINTS)):
        return f"it has no {MAIN} with a {select_model.FUNCTION}{advice}"
    return ""


def ids(folder: Path) -> list[int]:
    """List the ids of a clone in its order. Raises InputError where it has none."""
    name = main_file(folder) or MAIN
    found = select_model.branches(_source(folder / name) or "")
    if not found:
        raise InputError(
            f"{select_model.FUNCTION} of {folder / name} has no branches `if model_id == 0:`, from "
            "which its entries are read; write it as the challenge's template does"
        )
    return [branch.id for branch in found]


def entries(
    folder: Path, numbers: Collection[int], stand_ins: Iterable[str] = (), build: bool = False
) -> list[OfficialEntry]:
    """List the entries of a clone with these ids, in its order.

    `stand_ins` are packages that may be stood in for; `build` lets operators be compiled.
    """
    name = main_file(folder) or MAIN
    special, lent = _special(folder, build), tuple(stand_ins)
    return [
        _entry(folder, name, branch, special.get(str(branch.id), _Special()), lent)
        for branch in select_model.branches(_source(folder / name) or "")
        if branch.id in numbers
    ]


def _entry(
    folder: Path,
    main: str,
    branch: Branch,
    special: _Special,
    stand_ins: tuple[str, ...],
) -> OfficialEntry:
    name = branch.name or f"{branch.id:02}"
    if branch.empty and not special.note:
        return OfficialEntry(branch.id, name, None)
    if branch.empty or branch.data_range is None:
        fault = "is empty" if branch.empty else "gives no number as data_range"
        note = f" ({special.note})" if special.note else ""
        error = SubmissionError(
            f"the branch of {select_model.FUNCTION} for id {branch.id} {fault}{note}; "
            "nothing can be run"
        )
        return OfficialEntry(branch.id, name, None, error=error)
    checkpoints = [path for path in _paths(branch) if _is_checkpoint(path)]
    modules = [_module_file(folder, module) for module in branch.modules]
    missing = [path for path in (*modules, *checkpoints) if not (folder / path).exists()]
    manifest = Manifest(
        name=name,
        id=branch.id,
        model=ModelTable(
            file=main,
            factory=select_model.FUNCTION,
            data_range=branch.data_range,
            scale=_SCALE,
            multiple_of=special.multiple_of,
        ),
        weights=WeightsTable(path=checkpoints[0], strict=False) if checkpoints else None,
        complexity=special.twin,
        build=special.build,
        official=OfficialTable(
            model_id=branch.id,
            modules=tuple(modules),
            checkpoints=tuple(checkpoints),
            missing=tuple(missing),
            operator=special.operator,
            note=special.note,
        ),
        stand_ins=stand_ins,
    )
    return OfficialEntry(branch.id, name, manifest, (_CODE, main, *_paths(branch)))


def _special(folder: Path, build: bool) -> dict[str, _Special]:
    """Return what the overlay of this repository's edition says, by id; none for a stranger.

    What it says of building is left out unless `build` allows it.
    """
    for file in OVERLAYS.iterdir():
        if file.name.endswith(".toml"):
            overlay = from_table(_Overlay, tomllib.loads(file.read_text("utf-8")))
            if (folder / overlay.recognised_by).exists():
                entries = overlay.entries.items()
                return {i: one if build else replace(one, build=None) for i, one in entries}
    return {}


def _paths(branch: Branch) -> list[str]:
    """Return the branch's texts that may be paths inside the repository, but not of whole rooms."""
    paths = (posixpath.normpath(text) for text in branch.strings if text and "\n" not in text)
    return [
        path
        for path in dict.fromkeys(paths)
        if not path.startswith(("/", "..")) and path not in (".", MAIN, _CODE, _CHECKPOINTS)
    ]


def _is_checkpoint(path: str) -> bool:
    return path.startswith(f"{_CHECKPOINTS}/") or PurePosixPath(path).suffix in CHECKPOINTS


def _module_file(folder: Path, module: str) -> str:
    """Return where a module's file or package is, or the file that it should be."""
    path = module.replace(".", "/")
    return path if (folder / path).is_dir() else f"{path}.py"


def _source(file: Path) -> str | None:
    """Return the text of a Python file; None of what cannot be read or is no Python."""
    try:
        if not stat.S_ISREG(file.stat().st_mode):
            return None
        source = decode_source(file.read_bytes())
        ast.parse(source)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None
    return source


def _fault(file: Path) -> str:
    """Say why a text is not Python; nothing where it is."""
    try:
        ast.parse(decode_source(file.read_bytes()))
    except SyntaxError as error:
        return f"line {error.lineno}: {error.msg}" if error.lineno else error.msg
    except ValueError as error:
        return str(error)
    return ""


def _modules(importing: str, named: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Yield where the modules that a file names may lie in its repository."""
    for level, module in named:
        base = PurePosixPath(importing).parents[level - 1] if level else PurePosixPath()
        place = base.joinpath(*filter(None, module.split(".")))
        yield from (f"{place}.py", str(place / "__init__.py"))
