"""A pass on this machine: one worker at a time, the GPU watched while it is timed."""

from collections.abc import Callable, Collection
from dataclasses import replace

from harness.entries.submission import Submission
from harness.machines import nvml
from harness.machines.sampler import Sampler
from harness.records import Job, Outcome, Visit
from harness.records.schema import from_table
from harness.sandbox.jail import Jail
from harness.sandbox.process import Drive, run_pass


def run(
    job: Job,
    submission: Submission,
    drive: Drive | None,
    *,
    jail: Jail,
    time_limit: float,
    standing: Collection[int] = (),
    built: Callable[[bytes], None] = lambda product: None,
) -> Outcome:
    """Run a pass in a fresh process in `jail`; beside a `time` pass the GPU is sampled.

    `standing` are processes that hold a context on the GPU and are idle.
    """
    watched = job.device if job.pass_name == "time" else ""
    with nvml.opened(watched) as gpu, Sampler(gpu, standing) as sampler:
        outcome = run_pass(job, submission, drive, jail=jail, time_limit=time_limit, built=built)
    visit = from_table(Visit, outcome.result) if gpu and not outcome.failure else None
    return replace(outcome, state=sampler.state(visit))
