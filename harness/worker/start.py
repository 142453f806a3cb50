"""The child's first lines: its life is tied to the harness's, and the wall stands before all else.

Run as a script, by its path: `start.py PARENT FOLDER CONFINEMENT`; without a folder it only shows
that it can start. Nothing of the project is on the import path. `harness` is here a package of
three parts, those that a pass needs beside an entry; of the rest not even the names can be
imported, wherever the project is installed.
"""

import ctypes
import gc
import importlib.machinery
import importlib.util
import json
import os
import signal
import sys
import sysconfig
import types
from collections.abc import Sequence
from pathlib import Path

SEEN = ("errors", "records", "worker")  # of harness
_ROOT = Path(__file__).resolve().parents[2]  # the checkout, or site-packages
_PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with(parent: int) -> None:
    """Let the kernel kill this process when the process `parent`, which started it, ends (Linux).

    Where memory runs out, the kernel is asked to choose this process and not the harness.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        Path("/proc/self/oom_score_adj").write_text("1000")
    if os.getppid() != parent:  # it ended before the kernel was asked
        sys.exit("the harness ended before its worker began")


class Wall:
    """The first of the import finders: of this project there is the child's side alone."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Refuse the other rooms of harness; find a `reports` that is an entry's, never ours."""
        top, _, rest = name.partition(".")
        if top == "harness" and rest.partition(".")[0] not in SEEN:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        if name != "reports":
            return None
        elsewhere = [entry for entry in sys.path if Path(entry).resolve() != _ROOT]
        found = importlib.machinery.PathFinder.find_spec(name, elsewhere)
        if found is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return found


def build_wall() -> None:
    """Make `harness` the package of what is seen; take a checkout off the import path.

    A checkout's `models` is the submission's to define. Where the project is installed, its
    folder is that of all packages, which stays.
    """
    installed = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib")}
    if _ROOT not in installed:
        sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != _ROOT]
    package = types.ModuleType("harness")
    package.__path__ = [str(_ROOT / "harness")]
    sys.modules["harness"] = package
    sys.meta_path.insert(0, Wall())


def try_out(folder: Sequence[str]) -> None:
    """Raise an error where a worker would lack what it needs: libraries, packages, its `folder`."""
    for name in ("traceback", "numpy", "torch"):
        found = importlib.util.find_spec(name)
        if not found or not found.origin:
            raise ModuleNotFoundError(name)
        Path(found.origin).open("rb").close()
    for place in folder:
        Path(place, "started").touch()


if __name__ == "__main__":
    parent, folder, given = sys.argv[1:]
    sys.argv[1:] = []  # an entry that reads a command line when it is imported finds its defaults
    end_with(int(parent))
    build_wall()
    from harness.worker.confinement import Confinement, confine

    confinement = Confinement(**json.loads(given))
    confine(confinement)
    end_with(int(parent))  # the kernel forgot it of a process that became another user's
    if folder:
        # imports leave no garbage: looking for some among all that they make takes a fifth of them
        gc.disable()
        from harness.worker.main import main

        gc.freeze()
        gc.enable()
        main(Path(folder))
    else:
        try_out(confinement.write[:1])
    # the result is written: no thread that an entry left, nor PyTorch's end, is awaited
    os._exit(0)
