"""A private Slurm cluster of four nodes and seven GPUs that are none, all on this host."""

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.places import ROOT

NODES = ("node1", "node2", "node3", "node4")
_TEMPLATES = Path(__file__).with_name("slurm")
_PORTS = 5  # of one cluster: its controller's, and one of each node
_PATIENCE_S = 300.0  # on a busy machine
_PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue")


class PrivateCluster:
    """The daemons, and what can happen to them."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self._port = folder, port

    def start(self) -> None:
        """Start all daemons and wait until every node is idle."""
        (self.folder / "ctld").mkdir()
        (self.folder / "dev").mkdir()
        for number in (0, 1):  # Slurm wants character devices: /dev/null, twice
            device = self.folder / "dev" / f"nvidia{number}"
            os.mknod(device, 0o666 | 0o020000, os.makedev(1, 3))
        for name in ("slurm.conf", "gres.conf"):
            text = (_TEMPLATES / f"{name}.in").read_text().replace("@DIR@", str(self.folder))
            for number in range(_PORTS):
                text = text.replace(f"@PORT{number}@", str(self._port + number))
            (self.folder / name).write_text(text.replace("@HOST@", socket.gethostname()))
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o400)
        files = {"socket": "socket", "key-file": "key", "log-file": "log"}
        files |= {"pid-file": "pid", "seed-file": "seed"}
        named = [f"--{option}={self.folder}/munge.{end}" for option, end in files.items()]
        self.call("munged", "--force", *named)
        self.start_controller()
        for node in NODES:
            self.start_node(node)

    def stop(self) -> None:
        """End all jobs and daemons, each by its own pid."""
        self.call("scancel", "--user=root", check=False)
        for node in NODES:
            self.kill_node(node)
        for name in ("slurmctld", "munge"):
            _kill(self.folder / f"{name}.pid")

    def call(self, *command: str, check: bool = True) -> str:
        """Run a command on the cluster; return what it printed."""
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=check, timeout=60)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            assert not check, f"{error}: {error.stderr}"
            return ""
        return done.stdout

    def queue(self, told: str = "%i") -> list[str]:
        """Return a line for each job that waits or runs, as soon as Slurm answers."""
        end = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self.call("squeue", "-h", "-t", "PD,R", "-o", told).splitlines()
            except AssertionError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.5)

    def start_controller(self) -> None:
        """Start slurmctld, with the state that the last one left."""
        self.call("slurmctld")

    def kill_controller(self) -> None:
        """End slurmctld as a crash does."""
        _kill(self.folder / "slurmctld.pid")

    def start_node(self, node: str) -> None:
        """Start the slurmd of a node, and wait until jobs can run there."""
        self.call("slurmd", "-N", node)
        wait_for(lambda: self._up(node))

    def _up(self, node: str) -> bool:
        """Tell whether jobs can run on a node; ask for it again where they cannot."""
        states = self.call("sinfo", "-h", "-n", node, "-o", "%T", check=False).split()
        if states and set(states) <= {"idle", "mixed", "allocated"}:
            return True
        self.call("scontrol", "update", f"nodename={node}", "state=resume", check=False)
        return False

    def kill_node(self, node: str) -> None:
        """End a node as a power cut does: slurmd, and all that runs there."""
        _kill(self.folder / f"slurmd-{node}.pid")
        for pid in self.processes(node):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def processes(self, node: str) -> list[int]:
        """Return the processes of the jobs on a node."""
        wanted = {
            f"SLURMD_NODENAME={node}".encode(),
            f"SLURM_CONF={self.folder}/slurm.conf".encode(),
        }
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if wanted <= set((folder / "environ").read_bytes().split(b"\0")):
                    found.append(int(folder.name))
        return found


@contextlib.contextmanager
def started() -> Iterator[PrivateCluster]:
    """Start a private cluster, and make it the environment's; skip where that cannot be."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing or os.geteuid() != 0:
        wanted = f"{', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)"
        pytest.skip(f"a private Slurm cluster needs {wanted if missing else 'root'}")
    with (
        _ports() as port,
        tempfile.TemporaryDirectory(prefix="cluster-") as name,
        pytest.MonkeyPatch.context() as at,
    ):
        cluster = PrivateCluster(Path(name), port)
        cluster.folder.chmod(0o755)
        at.setenv("SLURM_CONF", f"{name}/slurm.conf")
        at.setenv("PYTHONPATH", str(ROOT))  # of the tasks
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@contextlib.contextmanager
def _ports() -> Iterator[int]:
    """Hold the ports of a cluster, which no other process of these tests has; yield the first."""
    for port in range(16800, 17000, _PORTS):
        with Path(tempfile.gettempdir(), f"private-cluster-{port}.lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield port
            return
    raise AssertionError("forty clusters run on this host")


def wait_for(condition, seconds: float = _PATIENCE_S) -> None:
    """Wait until a condition holds; fail where it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError(f"it never came to be in {seconds} s")


def _kill(file: Path) -> None:
    """End the process of a pid file, at once."""
    with contextlib.suppress(OSError, ValueError):
        os.kill(int(file.read_text()), signal.SIGKILL)
    file.unlink(missing_ok=True)
