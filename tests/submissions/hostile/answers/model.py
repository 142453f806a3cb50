"""Answers in the harness's place, with what the harness might choke on."""

import json
import os
from pathlib import Path

import torch

PRIVATE = Path(__file__).resolve().parents[1]


def sparse(name):
    with open(PRIVATE / name, "wb") as stream:
        stream.truncate(300 * 2**20)


def answer(**table):
    (PRIVATE / "result.json").write_text(json.dumps(table))


KINDS = {
    "nested too deep": lambda: (PRIVATE / "result.json").write_text("[" * 200_000),
    "no answer at all": lambda: answer(),
    "switches of another type": lambda: answer(result={"dtypes": []}, switches_changed=7),
    "keys that nobody knows": lambda: answer(result={"dtypes": [], "rank": 1}, switches_changed=[]),
    "images that never come": lambda: answer(result={"dtypes": []}, switches_changed=[]),
    "a stage that is none": lambda: answer(failure={"stage": "\x1b[2J", "reason": []}),
    "a FIFO as its result": lambda: os.mkfifo(PRIVATE / "result.json"),
    "300 MB as its result": lambda: sparse("result.json"),
    "an endless device as its result": lambda: os.symlink("/dev/zero", PRIVATE / "result.json"),
    "a loop of links as its result": lambda: os.symlink("result.json", PRIVATE / "result.json"),
    "a folder that cannot be removed": lambda: [
        (os.mkdir("d"), os.chdir("d")) for _ in range(3000)
    ],
}


class Network(torch.nn.Module):
    def __init__(self, kind):
        super().__init__()
        KINDS[kind]()
        os._exit(0)
