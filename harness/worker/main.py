"""The child's main: a job in, a result out. It never knows where HR images or results lie.

The job and the copy of the submission lie in a private folder; `result.json` goes there. Images
come and go by the exchange. Standard output belongs to the submission and ends in its log.
"""

import contextlib
import os
import traceback
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.errors import BuildError, EntryError, ForwardError, LoadingError
from harness.records import Build, Job, Switches
from harness.records.schema import to_table
from harness.worker import building
from harness.worker.desk import Desk
from harness.worker.devices import Device, host, select
from harness.worker.exchange import Exchange
from harness.worker.folder import PassFolder
from harness.worker.loading import load
from harness.worker.loading.faults import guarded
from harness.worker.passes import PASSES
from harness.worker.witness import Witness


def main(folder: Path) -> None:
    """Do the job in `folder` and leave `result.json` there.

    Whatever the entry's code raises, wherever it is called from, is a failure of the entry: its
    attributes, hooks and names are code as well.
    """
    files = PassFolder(folder)
    job = files.job()
    device = select(job.device)
    # counted before threads are bound to cores: afterwards the first one sees its own alone
    wanted = replace(job.switches, threads=job.switches.threads or host.available_cores())
    device.apply(wanted)
    if not device.is_gpu:
        host.pin()
    entry = folder / job.folder
    os.chdir(entry)  # as its authors ran it: what it opens by a relative path is its own
    doing = f"the {job.pass_name} pass"
    try:
        if job.pass_name == "build":
            answer = guarded(lambda: _built(job, entry, files), doing, BuildError)
        else:
            answer = _passed(job, entry, files, device, wanted)
        guarded(lambda: files.put_result(answer), f"the result of {doing}", ForwardError)
    except EntryError as error:
        with contextlib.suppress(Exception):  # the entry may have closed its output
            traceback.print_exc()
        files.put_result({"failure": {"stage": error.stage, "reason": str(error)}})


def _built(job: Job, entry: Path, files: PassFolder) -> dict[str, Any]:
    """Build what the entry brings to be compiled, none of whose code is loaded here."""
    assert job.manifest.build
    made = building.build(job.manifest.build, entry)
    files.pack(entry, made)
    return {"result": to_table(Build(made)), "switches_changed": []}


def _passed(
    job: Job, entry: Path, files: PassFolder, device: Device, wanted: Switches
) -> dict[str, Any]:
    """Load the entry's network, with what was built for it, and do with it what the job says."""
    switches, exchange = host.read(), Exchange(job.exchange)
    witness = Witness(device)
    run = PASSES[job.pass_name]()
    files.unpack(entry)
    loaded = guarded(
        lambda: load(job.manifest, entry, device.torch_device, twin=job.twin),
        "loading it",
        LoadingError,
    )
    changed = _changed(switches)
    host.restore(switches)
    device.apply(wanted)
    desk = Desk(job, entry, device, loaded, witness)
    doing = f"the {job.pass_name} pass"
    result = guarded(lambda: to_table(run(desk, exchange)), doing, ForwardError)
    changed += _changed(switches)
    return {"result": result, "switches_changed": list(dict.fromkeys(changed))}


def _changed(switches: dict[str, object]) -> list[str]:
    now = host.read()
    return [name for name, value in switches.items() if now[name] != value]
