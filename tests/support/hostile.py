"""Hostile submissions, run in one pass of a jail of choice."""

import ctypes
import json
import os
import secrets
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from harness import protocols
from harness.entries.discovery import discover
from harness.records import Job, Split
from harness.sandbox import jail
from harness.sandbox.process import as_told, run_pass
from tests.support import tiny
from tests.support.places import ROOT

HOSTILE = tiny.SUBMISSIONS / "hostile"
LANDLOCK = next(filter(jail.works, jail.landlocks()), jail.Landlock())
JAILS = {"bubblewrap": jail.Bubblewrap(), "landlock": LANDLOCK}
SIZE = (8, 12)  # of the LR image

REACHES = 49  # ways out that `reaches` tries
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
    "a folder that cannot be removed",
]
EXCHANGES = {  # what one that interferes with the exchange comes to: failed, black, or as it was
    "closes the channel": "failed",
    "shuts the channel down": "failed",
    "is silent": "failed",
    "says what is no answer": "failed",
    "says 8 KB": "failed",
    "answers before it is asked": "failed",
    "floods the channel": "failed",
    "answers, and is gone": "failed",
    "sends descriptors with its answer": "failed",
    "closes the slot of LR": "failed",
    "closes the slot of SR": "failed",
    "writes SR elsewhere": "black",
    "seals the slots": "honest",
    "makes the slots huge": "honest",
}
HURRIES = {  # whether the runtime of one that would be faster than it is comes to be disputed
    "honest": False,
    "replaces the clock": True,
    "replaces the clock in C": True,
    "returns a tensor that is computed later": False,  # it is refused
    "leaves the work to a thread": True,
}
ANOTHER = {  # whether one is another function when it is timed
    "honest": False,
    "saves work after so many calls": True,
    "saves work on a size it knows": True,
    "remembers what it has seen": True,
    "saves work on images that are not scored": True,
    "honest, and random": False,
}
HIDES = {  # the flag of one that keeps weights, or does work, where modules do not show it
    "nothing": "",
    "in a buffer": "hidden-params",
    "in a closure": "hidden-params",
    "in a global": "hidden-params",
    "in numpy": "hidden-params",
    "in bytes": "hidden-params",
    "in python s numbers": "hidden-params",
    "in the bits of integers": "hidden-params",
    "behind a small parameter": "hidden-params",
    "on another module": "hidden-params",
    "work in numpy": "hidden-work",
    "work in a thread": "hidden-work",
    "work in an operator": "hidden-work",
    "work in machine code": "hidden-work",
    "work by element": "hidden-work",
}
TWINS = ("pretends", "delegates")  # whose twins for the counters are found to be something else
DODGES = {  # the flag of one that is cheaper where it believes that it is counted
    "honest": "",
    "where operators are watched": "other-function",
    "where it is traced": "other-function",
    "where its modules have hooks": "other-function",
    "on the size that costs are stated for": "hidden-work",
}
HARMLESS = {  # inside, these reach what is the pass's own and goes with it
    "bubblewrap": {"leave a file in shared memory", "leave a file in /tmp", "send by UDP"},
    "landlock": set(),
}


def restored(name, arguments, level, time_limit=300, calls=1):
    """Let a hostile submission restore an image `calls` times; return outcome and SR images."""
    (found,) = discover([HOSTILE / name])
    model = replace(found.manifest.model, arguments=arguments)
    submission = replace(found, manifest=replace(found.manifest, model=model))
    edition = protocols.load(tiny.PROTOCOL)
    job = Job(
        "restore",
        submission.manifest,
        "",
        "fake",
        edition.switches,
        edition.cost_size,
    )
    images = []

    def drive(exchange):
        images.extend(exchange.called(np.zeros((*SIZE, 3), np.uint8)).sr for _ in range(calls))
        return as_told

    outcome = run_pass(job, submission, drive, jail=JAILS[level], time_limit=time_limit)
    return outcome, images


def interfered(kind, level):
    """Let a submission interfere with the exchange, in the first of three calls."""
    limit = 8 if kind == "is silent" else 300
    return restored("interferes", {"kind": kind}, level, limit, calls=3)


def of_every(name, kinds, folder):
    """Write one submission for each kind of a hostile one; results are kept by what files hold."""
    for number, kind in enumerate(kinds):
        own = folder / f"{name}-{number}"
        shutil.copytree(HOSTILE / name, own)
        manifest = (own / "submission.toml").read_text().replace(f'"{name}"', f'"{kind}"')
        (own / "submission.toml").write_text(f'{manifest}arguments = {{ kind = "{kind}" }}\n')
        yield own


def hiding(kinds, folder):
    """Write one submission for each kind of `hides`, named by it: `kind0`, of the id 10, and so on.

    Its checkpoint makes its SR images the LR ones, enlarged.
    """
    nearest = torch.zeros(48, 3, 3, 3)  # 16 pixels of each
    nearest[range(48), [channel // 16 for channel in range(48)], 1, 1] = 1
    for number, kind in enumerate(kinds):
        own = folder / f"kind{number}"
        shutil.copytree(HOSTILE / "hides", own)
        manifest = (own / "submission.toml").read_text().replace('"hides"', f'"{kind}"')
        manifest = manifest.replace('"Tests"', f'"Tests"\nid = {number + 10}')
        manifest += f'arguments = {{ kind = "{kind}" }}\n[weights]\npath = "weights.pth"\n'
        manifest += "strict = false\n"  # some kinds have a tensor that the checkpoint lacks
        (own / "submission.toml").write_text(manifest)
        torch.save({"first.weight": nearest}, own / "weights.pth")
        yield own


def with_unscored(data):
    """Add an image without HR to the data; return the protocol that has a split of it."""
    tiny.write_pair(data, "c", 20, 24, split="hidden")
    shutil.rmtree(data / "hidden_HR")
    edition = protocols.load(tiny.PROTOCOL)
    return replace(edition, splits=(*edition.splits, Split("hidden", lr="hidden_LR/*x4.png")))


def attempted(outcome):
    """Return what a submission that tries to get out printed: attempt -> outcome."""
    lines = [line for line in outcome.log.splitlines() if line.startswith('{"attempt"')]
    return {one["attempt"]: one["outcome"] for one in map(json.loads, lines)}


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
        return same and set(left) == mine


def heard(made):
    """Return who spoke to a socket."""
    try:
        return [made.recv(1)] if made.type == socket.SOCK_DGRAM else [made.accept()]
    except BlockingIOError:
        return []


def running():
    """Return the command lines of this process's children that are workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            line = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == str(os.getpid()) and ("start.py" in line or "bwrap" in line):
            found.append(line)
    return found
