"""The programs in a bundle: parts of this package, copied, and a file that starts them.

Nothing is written a second time for Codabench: what scores there is what scores here.
"""

import shutil
from pathlib import Path

import harness

# the rooms that `uploads` may import, and itself; see docs/architecture.md
_PARTS = ("errors.py", "records", "store", "images", "uploads")
_CACHES = shutil.ignore_patterns("__pycache__")
_PACKAGE = '"""Parts of the benchmarking harness, as its `codabench bundle` copied them."""\n'

_SCORE = '''\
"""Scores one upload: python3 score.py INPUT OUTPUT."""

import sys

from harness.uploads.program import main

sys.exit(main(sys.argv[1:]))
'''
_INGEST = '''\
"""Runs one submission: python3 ingest.py INPUT FOLDER OUTPUT. Needs what the harness needs."""

import sys

from harness.codabench.ingestion import main

sys.exit(main(sys.argv[1:]))
'''
_CHECK = '''\
"""Checks an upload as scoring will: python check.py UPLOAD.zip. Needs numpy and Pillow."""

import sys
from pathlib import Path

from harness.uploads.kit import main

sys.exit(main(sys.argv[1:], Path(__file__).with_name("reference.json")))
'''


def write_scoring_program(to: Path) -> None:
    """Write what the scoring container runs."""
    copy_parts(to / "harness")
    (to / "score.py").write_text(_SCORE)
    command = "python3 /app/program/score.py /app/input /app/output"
    (to / "metadata.yaml").write_text(f"command: {command}\n")


def write_ingestion_program(to: Path) -> None:
    """Write what the ingestion container runs: the whole harness."""
    shutil.copytree(Path(harness.__file__).parent, to / "harness", ignore=_CACHES)
    (to / "ingest.py").write_text(_INGEST)
    command = "python3 /app/program/ingest.py /app/input_data /app/ingested_program /app/output"
    (to / "metadata.yaml").write_text(f"command: {command}\n")


def write_check(to: Path) -> None:
    """Write `check.py` of a starting kit, beside which its reference.json must lie."""
    copy_parts(to / "harness")
    (to / "check.py").write_text(_CHECK)


def copy_parts(to: Path) -> None:
    """Copy the parts of this package that a program needs."""
    to.mkdir(parents=True)
    (to / "__init__.py").write_text(_PACKAGE)
    installed = Path(harness.__file__).parent
    for name in _PARTS:
        part = installed / name
        if part.is_dir():
            shutil.copytree(part, to / name, ignore=_CACHES)
        else:
            shutil.copyfile(part, to / name)
