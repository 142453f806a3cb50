"""Jobs of a Slurm cluster: submitted through submitit, counted and cancelled by their name.

A job's number is no identity: a controller that was killed may give it to another job.
"""

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import InputError
from harness.evaluation.task import work

LOG = "run.log"  # of a job that makes a whole run
_ANSWER_S = 20.0  # that Slurm may take for an answer
_SIGNAL_S = 60  # before the time limit, for a unit to be given back
_WAITING = {"PENDING", "REQUEUED", "REQUEUE_HOLD", "SPECIAL_EXIT"}
_RUNNING = {"RUNNING", "CONFIGURING", "SUSPENDED", "RESIZING"}


class RefusedError(InputError):
    """A submission that failed: it was refused, or Slurm's controller was lost meanwhile."""


@dataclass(frozen=True)
class Settings:
    """What is asked of Slurm; names as on the command line."""

    partition: str = ""
    gres: str = ""
    constraint: str = ""
    exclusive: bool = True  # of timing: no other job on its node
    jobs: int = 4  # tasks at once
    job_minutes: int = 240
    slurm: dict[str, str] = field(default_factory=dict)  # any other option of sbatch
    lease_s: float = 60.0  # after which the unit of a task that is not heard of goes to another
    poll_s: float = 2.0


@dataclass(frozen=True)
class Queue:
    """The tasks of a name that Slurm knows of."""

    waiting: int = 0
    running: int = 0
    restarts: int = 0
    reason: str = ""  # why the first of those that wait does

    @property
    def alive(self) -> int:
        """Return how many tasks run, or will."""
        return self.waiting + self.running


class Jobs:
    """The jobs of one plan, all of one name."""

    def __init__(self, name: str, folder: Path, settings: Settings, exclusive: bool) -> None:
        self.name, self.folder = name, folder / name
        self._settings, self._exclusive, self._submissions = settings, exclusive, 0

    def submit(self, plan: Path, tasks: int) -> None:
        """Submit an array of tasks that work on `plan`.

        Raises RefusedError with Slurm's reason (it may have taken the job all the same: ask the
        queue), InputError without submitit.
        """
        try:
            import submitit
        except ImportError:
            raise InputError(
                'submitit is not installed: pip install "esr-harness[slurm]"'
            ) from None
        asked = self._settings
        named = {"partition": asked.partition, "gres": asked.gres, "constraint": asked.constraint}
        # a folder each, as numbers of jobs may come again
        self._submissions = 1 + len(list(self.folder.glob("submission-*")))
        executor = submitit.SlurmExecutor(self.folder / f"submission-{self._submissions}")
        executor.update_parameters(
            job_name=self.name,
            time=asked.job_minutes,
            exclusive=self._exclusive or None,
            stderr_to_stdout=True,
            signal_delay_s=min(_SIGNAL_S, asked.job_minutes * 15),
            additional_parameters={"requeue": True, **asked.slurm},
            # srun does not take it from the job since 22.05
            setup=[
                '[ -z "$SLURM_CPUS_PER_TASK" ] || export SRUN_CPUS_PER_TASK=$SLURM_CPUS_PER_TASK'
            ],
            use_srun=True,  # without it signals reach the batch shell alone
            **{option: value for option, value in named.items() if value},
        )
        try:
            executor.map_array(work, [str(plan)] * tasks)
        except (
            submitit.core.utils.FailedJobError,
            submitit.core.utils.FailedSubmissionError,  # an answer without a number
        ) as error:
            raise RefusedError(f"Slurm took no job: {_last_line(str(error))}") from None

    def queue(self) -> Queue | None:
        """Count the tasks that are alive; None where Slurm does not answer."""
        told = _asked(
            "squeue", "-r", "-h", "-n", self.name, "-O", "State:30,RestartCnt:10,Reason:40"
        )
        if told is None:
            return None
        rows = [(line[:30].strip(), line[30:40].strip(), line[40:].strip()) for line in told]
        waiting = [reason for state, _, reason in rows if state in _WAITING]
        return Queue(
            len(waiting),
            sum(state in _RUNNING for state, _, _ in rows),
            sum(int(count) for _, count, _ in rows if count.isdecimal()),
            waiting[0] if waiting else "",
        )

    def cancel(self) -> bool:
        """Cancel all tasks of the name; tell whether Slurm answered."""
        return _asked("scancel", "-n", self.name) is not None

    def detach(self, command: Sequence[str]) -> str:
        """Submit a job of one core that runs a command here, and submits the tasks in its turn.

        Returns its number. Raises RefusedError with Slurm's reason.
        """
        asked = self._settings
        others = {key: value for key, value in asked.slurm.items() if key[:3] not in ("cpu", "gpu")}
        named = {"job_name": self.name, "output": str(self.folder / LOG), **others}
        named |= {"time": str(asked.job_minutes), "cpus_per_task": "1", "open_mode": "append"}
        named |= {"partition": asked.partition} if asked.partition else {}
        options = [f"--{name.replace('_', '-')}={value}" for name, value in named.items()]
        # what this job was given is not to be taken for what its own jobs ask for
        unset = "unset $(env | grep -o '^SLURM_[A-Z0-9_]*' | grep -vx SLURM_CONF)"
        self.folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                "sbatch",
                "--parsable",
                "--requeue",
                *options,
                f"--wrap={unset}; exec {shlex.join(command)}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RefusedError(f"Slurm took no job: {_last_line(done.stderr)}")
        return done.stdout.strip().partition(";")[0]


def available() -> bool:
    """Tell whether this is a host that jobs can be submitted from."""
    return shutil.which("sbatch") is not None


def _asked(*command: str) -> list[str] | None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_ANSWER_S, check=False
        )
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.splitlines() if done.returncode == 0 else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it did not say why"])[-1]
