"""What a worker may see: copies in a private folder, and a bare environment.

The folder holds copies of the submission's files; a submission that writes beside its own files
writes into the copy. LR images come one at a time, by the exchange.
"""

import contextlib
import hashlib
import os
import re
import shutil
import site
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness.entries.submission import Submission
from harness.errors import PassError
from harness.records import Manifest
from harness.sandbox import cgroup
from harness.worker.folder import PassFolder

_KEPT_VARIABLES = ("PATH", "LANG", "TZ", "SYSTEMROOT")
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_", "LD_", "LC_", "OMP_", "MKL_", "KMP_", "TORCH_", "PYTORCH_")
# what changes speed or bits behind the protocol's back
_DROPPED = re.compile(
    r"CUDA_LAUNCH_BLOCKING|NVIDIA_TF32_OVERRIDE|TORCH_ALLOW_TF32_\w+|PYTORCH_(\w+_)?ALLOC_CONF"
    r"|PYTORCH_NO_\w*MEMORY_CACHING"
)
_PREFIX = "esr-harness-"


def remove_leftovers() -> None:
    """Remove private folders and control groups of this host's harness processes that were killed.

    The folder of temporary files may be shared: of other hosts' processes /proc knows nothing.
    """
    cgroup.remove_leftovers()
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*@*"):
        owner, _, host = folder.name.removeprefix(_PREFIX).partition("@")
        gone = owner.isdecimal() and Path("/proc").exists() and not Path("/proc", owner).exists()
        if gone and host.rpartition("-")[0] == socket.gethostname():
            _remove(folder)


@contextlib.contextmanager
def private_folder() -> Iterator[PassFolder]:
    """Make a worker's private folder; it goes when the pass is over."""
    prefix = f"{_PREFIX}{os.getpid()}@{socket.gethostname()}-"
    folder = PassFolder(Path(tempfile.mkdtemp(prefix=prefix)))
    try:
        with folder.made():
            yield folder
    finally:
        _remove(folder.root)


def _remove(folder: Path) -> None:
    """Remove a folder, also one that was made to resist: too deep, or without permissions."""
    with contextlib.suppress(RecursionError):
        shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        subprocess.run(["chmod", "-R", "u+rwx", folder], check=False, stderr=subprocess.DEVNULL)
        subprocess.run(["rm", "-rf", folder], check=False, stderr=subprocess.DEVNULL)


def stage_submission(submission: Submission, folder: Path) -> Manifest:
    """Copy the submission's files; return its manifest with paths that hold in the copy.

    Contents alone are copied: of a read-only clone, too, the copy can be written to. Raises
    PassError where a file is no longer what it was when the submission was read.
    """
    for file in submission.files:
        target = folder / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(file.source, target)
            with target.open("rb") as stream:
                same = hashlib.file_digest(stream, "sha256").hexdigest() == file.sha256
        except OSError:
            same = False
        if not same:
            raise PassError(
                f"{file.name!r} has changed since the submission was read; run the command again"
            )
    return submission.staged


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
