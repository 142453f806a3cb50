"""What a worker may see: copies in a private folder, and a bare environment.

The folder holds copies of the submission's files and of the LR images under neutral names; a
submission that writes beside its own files writes into the copy.
"""

import contextlib
import os
import re
import shutil
import site
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.entries.submission import Submission
from harness.records import LrImage, Manifest
from harness.worker.folder import SUBMISSION, PassFolder

_KEPT_VARIABLES = ("PATH", "LANG", "TZ", "SYSTEMROOT")
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "LD_", "LC_", "OMP_", "MKL_", "KMP_", "TORCH_", "PYTORCH_")
# what changes speed or bits behind the protocol's back
_DROPPED = re.compile(
    r"CUDA_LAUNCH_BLOCKING|NVIDIA_TF32_OVERRIDE|TORCH_ALLOW_TF32_\w+|PYTORCH_(\w+_)?ALLOC_CONF"
    r"|PYTORCH_NO_\w*MEMORY_CACHING"
)
_PREFIX = "esr-harness-"


@dataclass(frozen=True)
class SourceImage:
    """An LR image for the worker: its split and the decoded array's file."""

    split: str
    array: Path  # .npy, uint8 [H, W, 3]


def remove_leftovers() -> None:
    """Remove private folders of harness processes that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists() and Path("/proc").exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def private_folder() -> Iterator[PassFolder]:
    """Make a worker's private folder; it goes when the pass is over."""
    prefix = f"{_PREFIX}{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as name:
        folder = PassFolder(Path(name))
        folder.make()
        yield folder


def stage_submission(submission: Submission, folder: Path) -> Manifest:
    """Copy the submission's files; return its manifest with paths that hold in the copy."""
    if submission.files is None:
        shutil.copytree(
            submission.folder,
            folder / SUBMISSION,
            ignore=shutil.ignore_patterns("__pycache__", ".git"),
        )
    else:
        _copy_files(submission.folder, submission.files, folder / SUBMISSION)
    manifest = submission.manifest
    model = replace(
        manifest.model, file=_stage_file(submission, submission.model_file, folder / "model")
    )
    weights, checkpoint = manifest.weights, submission.checkpoint
    if weights and checkpoint and checkpoint.is_file():
        weights = replace(weights, path=_stage_file(submission, checkpoint, folder / "weights"))
    return replace(manifest, model=model, weights=weights)


def _copy_files(source: Path, names: Sequence[str], target: Path) -> None:
    """Copy contents alone: of a read-only clone, too, the copy can be written to."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)


def _stage_file(submission: Submission, file: Path, target: Path) -> str:
    if file.is_relative_to(submission.folder):
        return str(file.relative_to(submission.folder))
    target.mkdir()
    shutil.copyfile(file, target / file.name)
    return f"../{target.name}/{file.name}"


def stage_images(images: Sequence[SourceImage], folder: PassFolder) -> tuple[LrImage, ...]:
    """Copy LR arrays into `folder` under neutral names."""
    return tuple(
        LrImage(image.split, folder.put_lr(index, image.array))
        for index, image in enumerate(images)
    )


def bare_environment(home: Path) -> dict[str, str]:
    """Return the variables a worker starts with: none that tell where anything else lies."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if (name in _KEPT_VARIABLES or name.startswith(_KEPT_PREFIXES))
        and not _DROPPED.fullmatch(name)
    }
    return kept | {
        "HOME": str(home),
        "TMPDIR": str(home),
        "PYTHONUSERBASE": site.getuserbase(),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
