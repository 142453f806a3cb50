"""Hostile submissions, run in one pass of a jail of choice."""

import json
from dataclasses import replace

import numpy as np

from harness import protocols
from harness.entries.discovery import discover
from harness.records import Job
from harness.sandbox import jail
from harness.sandbox.process import run_pass
from harness.sandbox.staging import SourceImage
from tests.support import tiny

HOSTILE = tiny.SUBMISSIONS / "hostile"
JAILS = {"bubblewrap": jail.Bubblewrap(), "landlock": jail.Landlock()}
SIZE = (8, 12)  # of the LR image


def restored(name, arguments, level, folder, time_limit=300):
    """Let a hostile submission restore one image; return the outcome and the SR images."""
    folder.mkdir(exist_ok=True)
    np.save(folder / "lr.npy", np.zeros((*SIZE, 3), np.uint8))
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
        edition.timing,
    )
    images = []
    outcome = run_pass(
        job,
        submission,
        [SourceImage("valid", folder / "lr.npy")],
        jail=JAILS[level],
        time_limit=time_limit,
        sr_sizes=[(4 * SIZE[0], 4 * SIZE[1])],
        receive=lambda _, sr: images.append(sr),
    )
    return outcome, images


def attempted(outcome):
    """Return what a submission that tries to get out printed: attempt -> outcome."""
    lines = [line for line in outcome.log.splitlines() if line.startswith('{"attempt"')]
    return {one["attempt"]: one["outcome"] for one in map(json.loads, lines)}
