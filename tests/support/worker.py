"""Codabench's scoring container, played: its folders, its command, and few packages.

The layout is that of compute_worker/compute_worker.py of codalab/codabench: `/app/program`,
`/app/input/{ref,res}` and `/app/output`, working directory `/app/program`.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import yaml

# what PyTorch's images hold: PyTorch with what it requires, numpy, Pillow
PACKAGES = (
    *("torch", "torchgen", "functorch", "numpy", "numpy.libs", "PIL", "pillow.libs", "filelock"),
    *("typing_extensions.py", "sympy", "mpmath", "networkx", "jinja2", "markupsafe", "fsspec"),
)


@dataclass(frozen=True)
class Outcome:
    """What a container leaves."""

    status: int
    stderr: str
    output: Path


def packages(folder: Path, names: tuple[str, ...] = PACKAGES) -> Path:
    """Make a folder of links to a few of the installed packages, and a `python3` that sees them."""
    installed = Path(sysconfig.get_path("purelib"))
    (folder / "site").mkdir(parents=True)
    for name in names:
        if (installed / name).exists():
            (folder / "site" / name).symlink_to(installed / name)
    python = folder / "python3"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={folder}/site exec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    return folder


def score(bundle: Path, split: str, upload: Path, room: Path, python: Path) -> Outcome:
    """Run the scoring program of a bundle on an unpacked upload, as the worker does."""
    if not _has_namespaces():
        pytest.skip("this user may not mount anything: no /app can be played")
    program, reference = room / "program", room / "input" / "ref"
    shutil.copytree(bundle / "scoring_program", program)
    shutil.copytree(bundle / "reference_data" / split, reference)
    shutil.copytree(upload, room / "input" / "res", symlinks=True)
    (room / "output").mkdir()
    command = yaml.safe_load((program / "metadata.yaml").read_text())["command"]
    mounted = f"mkdir -p /app && mount --bind {room} /app && cd /app/program && exec {command}"
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", mounted],
        env={"PATH": f"{python}:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Outcome(done.returncode, done.stderr, room / "output")


@cache
def _has_namespaces() -> bool:
    try:
        tried = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return tried.returncode == 0
