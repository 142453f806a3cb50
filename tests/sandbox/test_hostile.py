"""Hostile submissions: contained at every level of isolation, and nobody else's figures touched."""

import ctypes
import json
import os
import secrets
import socket
from pathlib import Path

import pytest

from harness.entries.discovery import discover
from harness.sandbox import jail
from tests.support import hostile, tiny
from tests.support.places import ROOT

pytestmark = pytest.mark.heavy

# which kinds there are is said in the submissions; these lists are checked against them
REACHES = 49
ANSWERS = [
    "nested too deep",
    "no answer at all",
    "switches of another type",
    "keys that nobody knows",
    "images that never come",
    "a stage that is none",
    "a FIFO as its result",
    "300 MB as its result",
    "an endless device as its result",
    "a loop of links as its result",
    "a FIFO as an SR image",
    "300 MB as an SR image",
    "a link to another file as an SR image",
    "a folder as an SR image",
    "a link in place of the SR folder",
    "a folder that cannot be removed",
]
HARMLESS = {  # inside, these reach what is the pass's own and goes with it
    "bubblewrap": {"leave a file in shared memory", "leave a file in /tmp", "send by UDP"},
    "landlock": set(),
}


@pytest.fixture(scope="module", params=hostile.JAILS)
def level(request):
    """Return a level of isolation that works here."""
    if not jail.works(hostile.JAILS[request.param]):
        pytest.skip(f"the kernel or this container refuses {request.param}")
    return request.param


class World:
    """What an entry might be after, where it can be found."""

    def __init__(self, folder):
        self.folder = folder
        self.contents = secrets.token_hex(8).encode()
        self.memory = ctypes.create_string_buffer(self.contents)
        names = {
            "hr": "data/HR/0801.png",
            "cache": "cache/images/0.npy",
            "rival": "rival/weights.pth",
            "store": "out/store/time/0.json",
            "home": "home/.ssh/id",
        }
        self.files = {key: folder / name for key, name in names.items()}
        self.files["pass"] = folder / "esr-harness-1-x"
        for file in self.files.values():
            file.parent.mkdir(parents=True, exist_ok=True)
        self.files["pass"].mkdir()
        for file in self.files.values():
            if not file.is_dir():
                file.write_bytes(self.contents)
        self.outside = [Path(top, f"esr-{os.getpid()}-left") for top in ("/dev/shm", "/tmp")]
        self.sockets, self.heard = [], []

    def listening(self, family, kind, address):
        made = socket.socket(family, kind)
        made.setblocking(False)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        self.sockets.append(made)
        return made.getsockname()

    def told(self):
        """Return the submission's argument: where all of it lies."""
        named, abstract = str(self.folder / "socket"), f"esr-{secrets.token_hex(4)}"
        at = {
            **{key: str(file) for key, file in self.files.items()},
            "images": str(ROOT / "harness" / "images" / "fidelity.py"),
            "tcp": self.listening(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))[1],
            "udp": self.listening(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))[1],
            "socket": self.listening(socket.AF_UNIX, socket.SOCK_STREAM, named),
            "abstract": abstract,
            "shared": str(self.outside[0]),
            "temporary": str(self.outside[1]),
        }
        self.listening(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{abstract}")
        address = ctypes.addressof(self.memory)
        return {"told": json.dumps({"at": at, "pid": os.getpid(), "address": address})}

    def untouched(self):
        """Tell whether every file is as it was, and there are no more."""
        left = [file for file in self.folder.rglob("*") if file.is_file() and not file.is_socket()]
        mine = {file for file in self.files.values() if file.is_file()}
        same = all(file.read_bytes() == self.contents for file in mine)
        return same and {f for f in left if f.name != "lr.npy"} == mine


def _heard(made):
    """Return who spoke to a socket."""
    try:
        return [made.recv(1)] if made.type == socket.SOCK_DGRAM else [made.accept()]
    except BlockingIOError:
        return []


@pytest.fixture(scope="module")
def reached(level, tmp_path_factory):
    """Return what a submission that tries every way out reported."""
    world = World(tmp_path_factory.mktemp("world"))
    outcome, images = hostile.restored("reaches", world.told(), level, world.folder / "lr")
    for made in world.sockets:
        world.heard += _heard(made)
        made.close()
    assert outcome.failure is None, (outcome.failure, outcome.log)
    assert len(images) == 1
    return level, world, hostile.attempted(outcome)


def test_every_way_out_was_tried(reached):
    _, _, attempted = reached
    assert len(attempted) == REACHES


def test_no_way_out_was_found(reached):
    level, _, attempted = reached
    got = {name: what for name, what in attempted.items() if not what.startswith("refused")}
    assert not {name: what for name, what in got.items() if name not in HARMLESS[level]}


def test_nothing_outside_was_touched(reached):
    _, world, _ = reached
    assert world.untouched()
    assert not any(file.exists() for file in world.outside)
    assert world.heard == []


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_in_the_harness_s_place_is_the_entry_s_failure(level, kind, tmp_path):
    outcome, _ = hostile.restored("answers", {"kind": kind}, level, tmp_path)
    assert outcome.failure is not None
    assert outcome.failure.stage == "process"
    assert "\x1b" not in outcome.failure.reason


def test_a_daemon_is_dead_when_the_pass_is_over(level, tmp_path):
    (found,) = discover([hostile.HOSTILE / "lingers"])
    file = "beats"  # in its working folder
    outcome, images = hostile.restored("lingers", {"kind": "daemon", "file": file}, level, tmp_path)
    assert (outcome.failure, len(images)) == (None, 1), outcome.log
    assert found.slug not in _running()


def test_a_fork_bomb_is_refused_further_processes_and_ended(level, tmp_path):
    outcome, _ = hostile.restored("lingers", {"kind": "bomb", "file": ""}, level, tmp_path)
    if os.geteuid() == 0 and not _counts_processes():
        pytest.skip("root's processes are counted in control groups alone, and none can be made")
    assert "refused after" in outcome.log
    assert _running() == ""


def test_it_can_kill_no_one_but_itself(level, tmp_path):
    outcome, _ = hostile.restored("lingers", {"kind": "kills", "file": ""}, level, tmp_path)
    assert outcome.failure is not None
    assert "SIGKILL" in outcome.failure.reason


def _running():
    """Return the command lines of this process's children that are workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            line = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == str(os.getpid()) and "start.py" in line:
            found.append(line)
    return "\n".join(found)


def _counts_processes():
    from harness.sandbox import cgroup

    with cgroup.limited(100) as group:
        return bool(group)


def test_rivals_have_the_figures_that_they_have_alone(tmp_path):
    data, good = tiny.write_data(tmp_path / "data"), tiny.SUBMISSIONS / "good"
    model = hostile.HOSTILE / "answers" / "model.py"
    paths = [good]
    for number, kind in enumerate(("nested too deep", "a FIFO as its result")):
        folder = tmp_path / f"hostile{number}"
        folder.mkdir()
        (folder / "model.py").write_text(model.read_text())
        manifest = (model.parent / "submission.toml").read_text()
        (folder / "submission.toml").write_text(f'{manifest}arguments = {{ kind = "{kind}" }}\n')
        paths.insert(number, folder)
    among, _ = tiny.run(tmp_path / "among", data, paths)
    alone, _ = tiny.run(tmp_path / "alone", data, [good])
    again, recorder = tiny.run(tmp_path / "among", data, paths)
    figures = {one.slug: (one.status, one.scores) for one in among.entries}
    assert [figures[slug][0] for slug in ("hostile0", "hostile1")] == ["failed", "failed"]
    assert figures["good"] == (alone.entries[0].status, alone.entries[0].scores)
    assert (again.entries, recorder.stages) == (among.entries, [])
