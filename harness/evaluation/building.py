"""What a build is of, what it depends on, and how its product reaches the passes that follow."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from harness.entries.files import CHECKPOINTS
from harness.entries.submission import File, Submission
from harness.records import Machine, Manifest
from harness.worker.folder import PRODUCT, SUBMISSION


def wanted(manifest: Manifest, device: str) -> bool:
    """Tell whether a submission is built on `device`."""
    return manifest.build is not None and not refused(manifest, device)


def refused(manifest: Manifest, device: str) -> str:
    """Say why a submission's build is of no use on `device`; empty where it is."""
    needs_cuda = manifest.build is not None and manifest.build.needs == "cuda"
    if needs_cuda and device.partition(":")[0] != "cuda":
        return f"its build needs CUDA and the device is {device}; run it on a GPU, --device cuda"
    return ""


def sources(submission: Submission) -> Submission:
    """Return the submission with what its build is given: its folder of sources, no checkpoint."""
    assert submission.manifest.build
    folder = os.path.normpath(f"{SUBMISSION}/{submission.manifest.build.folder}")
    files = tuple(
        file
        for file in submission.files
        if PurePosixPath(file.name).is_relative_to(folder)
        and PurePosixPath(file.name).suffix not in CHECKPOINTS
    )
    return replace(submission, files=files)


def depends(submission: Submission, machine: Machine) -> dict[str, Any]:
    """Return what a build's product depends on: sources, torch, compilers, architecture."""
    files = [(file.name, file.sha256) for file in sources(submission).files]
    identity = {name: what for name, what in machine.identity.items() if name != "threads"}
    return {
        "build": submission.manifest.build,
        "files": files,
        "identity": identity,
        "compilers": machine.compilers,
    }


def with_product(submission: Submission, product: Path) -> Submission:
    """Return the submission with the packed product among its files, where there is one."""
    if not product.is_file():
        return submission
    with product.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return replace(submission, files=(*submission.files, File(PRODUCT, product, sha256)))
