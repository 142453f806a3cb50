"""The child's main: a job in, a result out. It never knows where HR images or results lie.

The job, the LR images and the copy of the submission lie in a private folder; `result.json` and
the SR images go there. Standard output belongs to the submission and ends in its log.
"""

import traceback
from pathlib import Path

from harness.errors import EntryError
from harness.records.schema import to_table
from harness.worker.desk import Desk
from harness.worker.devices import host, select
from harness.worker.folder import PassFolder
from harness.worker.loading import load
from harness.worker.passes import PASSES
from harness.worker.witness import Witness


def main(folder: Path) -> None:
    """Do the job in `folder` and leave `result.json` there."""
    files = PassFolder(folder)
    job = files.job()
    device = select(job.device)
    device.apply(job.switches)
    if job.pass_name == "time" and not device.is_gpu:
        host.pin()
    switches = host.read()
    witness = Witness(device)
    run = PASSES[job.pass_name]()
    try:
        loaded = load(job.manifest, folder / job.folder, device.torch_device)
        changed = _changed(switches)
        host.restore(switches)
        device.apply(job.switches)
        result = to_table(run(Desk(files, job, device, loaded, witness)))
        changed += _changed(switches)
        answer = {"result": result, "switches_changed": list(dict.fromkeys(changed))}
    except EntryError as error:
        traceback.print_exc()
        answer = {"failure": {"stage": error.stage, "reason": str(error)}}
    files.put_result(answer)


def _changed(switches: dict[str, object]) -> list[str]:
    now = host.read()
    return [name for name, value in switches.items() if now[name] != value]
