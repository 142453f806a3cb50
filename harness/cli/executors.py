"""Who does the units of a run, as the command line names them."""

import argparse

from harness.errors import InputError
from harness.evaluation.executors import Executor, Local, Serial
from harness.worker import devices


def executor(options: argparse.Namespace) -> Executor:
    """Return the executor that `options` ask for. Raises InputError where they contradict."""
    named = options.executor or ("local" if options.devices or options.jobs else "serial")
    if named == "serial":
        if options.devices or options.jobs:
            raise InputError("--executor serial does one unit after another, on --device alone")
        return Serial()
    own = options.devices or (options.device,)
    return Local([devices.resolve(device) for device in own], options.jobs or len(own))
