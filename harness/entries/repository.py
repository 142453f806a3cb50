"""An official challenge repository as it is -> what to know of each of its entries.

Nothing of it is executed or written to. The ids, names, files and checkpoints are read from the
syntax tree of its `test_demo.py`; what a tree does not tell (a window to pad to, a twin for the
counters) is data in `harness/overlays`.
"""

import os
import posixpath
import tomllib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from importlib import resources
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
    """One id of a repository: its manifest and files, or why it has none."""

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


def is_repository(folder: Path) -> bool:
    """Tell whether `folder` looks like a clone: `test_demo.py` with a `select_model`."""
    if not os.path.isfile(folder / MAIN):  # noqa: PTH113 (of what cannot be read it is false)
        return False
    try:
        select_model.function((folder / MAIN).read_text(encoding="utf-8-sig"))
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def entries(
    folder: Path, ids: Collection[int] = (), stand_ins: Iterable[str] = (), build: bool = False
) -> list[OfficialEntry]:
    """List the entries of a clone in its order, or those of `ids` alone.

    `stand_ins` are packages that may be stood in for; `build` lets operators be compiled. Raises
    InputError for an id it lacks.
    """
    found = select_model.branches((folder / MAIN).read_text(encoding="utf-8-sig"))
    known = {branch.id for branch in found}
    if absent := sorted(set(ids) - known):
        listed = ", ".join(map(str, sorted(known)))
        raise InputError(f"{folder} has no id {absent[0]}; it has {listed}")
    special, lent = _special(folder), tuple(stand_ins)
    return [
        _entry(folder, branch, special.get(str(branch.id), _Special()), lent, build)
        for branch in found
        if not ids or branch.id in ids
    ]


def _entry(
    folder: Path, branch: Branch, special: _Special, stand_ins: tuple[str, ...], build: bool
) -> OfficialEntry:
    name = branch.name or f"{branch.id:02}"
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
            file=MAIN,
            factory=select_model.FUNCTION,
            data_range=branch.data_range,
            scale=_SCALE,
            multiple_of=special.multiple_of,
        ),
        weights=WeightsTable(path=checkpoints[0], strict=False) if checkpoints else None,
        complexity=special.twin,
        build=special.build if build else None,
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
    return OfficialEntry(branch.id, name, manifest, (_CODE, MAIN, *_paths(branch)))


def _special(folder: Path) -> dict[str, _Special]:
    """Return what the overlay of this repository's edition says, by id; none for a stranger."""
    for file in OVERLAYS.iterdir():
        if file.name.endswith(".toml"):
            overlay = from_table(_Overlay, tomllib.loads(file.read_text("utf-8")))
            if (folder / overlay.recognised_by).exists():
                return overlay.entries
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
