"""One pass's cell: what a jail makes of a worker's command line."""

from dataclasses import dataclass

from harness.worker.confinement import Confinement


@dataclass(frozen=True)
class Cell:
    """How to start a worker, and what it gives up itself."""

    confinement: Confinement
    parent: int  # the process that the worker finds itself started by
    prefix: tuple[str, ...] = ()  # of its command line
