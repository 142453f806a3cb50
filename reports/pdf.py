"""The pages of a report as PDF files, printed by a headless Chromium."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from harness.errors import InputError

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_SECONDS = 120  # per page; one takes two


def browser() -> str:
    """Return the program that prints. Raises InputError, saying what to install, without one."""
    for name in _BROWSERS:
        if found := shutil.which(name):
            return found
    raise InputError(
        "--pdf needs Chromium; install it (Debian: apt install chromium), or print the pages from "
        "any browser"
    )


def write(pages: Sequence[Path]) -> list[Path]:
    """Print every page to a PDF file beside it; return the files. Raises InputError."""
    program = browser()
    with tempfile.TemporaryDirectory() as profile:
        return [_printed(program, page, Path(profile)) for page in pages]


def _printed(program: str, page: Path, profile: Path) -> Path:
    pdf = page.with_suffix(".pdf")
    command = [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    command += [f"--user-data-dir={profile}", f"--print-to-pdf={pdf.resolve()}"]
    pdf.unlink(missing_ok=True)
    try:
        subprocess.run(
            [*command, page.resolve().as_uri()], capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(f"{program} did not print {page} in {_SECONDS} s; try again") from None
    if not pdf.is_file():
        raise InputError(f"{program} did not print {page}; print it from any browser")
    return pdf
