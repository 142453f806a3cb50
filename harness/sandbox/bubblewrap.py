"""Bubblewrap (bwrap(1)): a worker in namespaces of its own, over a file tree made for it.

It sees what `visible` names, read-only, and its private folder; it has no network, no process but
its own, no capability, and cannot make further namespaces.
"""

from pathlib import Path

from harness.records.run import Isolation
from harness.sandbox import visible
from harness.sandbox.cell import Cell
from harness.worker.confinement import Confinement

_TMP_BYTES = 2 * 2**30  # of the private /tmp
_SHARED_BYTES = 2 * 2**30  # of /dev/shm
_NAMESPACES = (
    *("--unshare-all", "--unshare-user", "--disable-userns", "--cap-drop", "ALL"),
    *("--die-with-parent", "--new-session", "--hostname", "worker"),
)


class Bubblewrap:
    """The level `bubblewrap`."""

    level: Isolation = "bubblewrap"

    def around(self, folder: Path, device: str, limits: Confinement) -> Cell:
        """Return bwrap's command line: the rest of it runs inside."""
        return Cell(limits, parent=1, prefix=("bwrap", *_tree(folder, device), "--"))


def _tree(folder: Path, device: str) -> list[str]:
    """Return bwrap's options: later mounts lie over earlier ones."""
    options = [*_NAMESPACES, "--proc", "/proc", "--dev", "/dev"]
    options += ["--size", str(_SHARED_BYTES), "--tmpfs", "/dev/shm"]
    options += ["--size", str(_TMP_BYTES), "--tmpfs", "/tmp"]
    for path in (*visible.read_only(), *visible.facts(device)):
        if path.is_symlink() and path.parent == Path("/"):  # /lib and its like
            options += ["--symlink", str(path.readlink()), str(path)]
        else:
            options += ["--ro-bind", str(path), str(path)]
    for path in visible.nodes(device):
        if path.name.startswith("nvidia"):  # the others are there
            options += ["--dev-bind", str(path), str(path)]
    hidden = [visible.ROOT / "harness"]
    if visible.is_installed():
        hidden.append(visible.ROOT / "reports")
    for path in hidden:
        options += ["--tmpfs", str(path)]
    for path in visible.rooms():
        options += ["--ro-bind", str(path), str(path)]
    for path in (*hidden, Path("/dev")):
        options += ["--remount-ro", str(path)]
    return [*options, "--bind", str(folder), str(folder), "--remount-ro", "/"]
