"""LaTeX compiled by a real pdflatex."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

_DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{%s}
\begin{document}
%s
\end{document}
"""


def faults(inputs: list[Path], packages: str, folder: Path) -> list[str]:
    """Compile a page per input in `folder`; return the warnings, overfull boxes among them."""
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed (Debian: texlive-latex-recommended)")
    pages = "\n".join(f"\\noindent\\input{{{file}}}\\clearpage" for file in inputs)
    (folder / "page.tex").write_text(_DOCUMENT % (packages, pages))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    log = (folder / "page.log").read_text(errors="replace")
    assert done.returncode == 0, log[-2000:]
    return [line for line in log.splitlines() if re.search(r"Warning|Overfull|Underfull", line)]
