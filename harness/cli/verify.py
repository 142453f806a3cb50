"""`verify`: a stored run held to its raw samples and its trail."""

import argparse

from harness import cli
from harness.store.runs import load_run
from reports.verification import verify


def command(options: argparse.Namespace) -> int:
    """Say what in `options.out` is not as its raw samples give it; fail where something is not."""
    run = load_run(options.out)
    verdict = verify(run, options.out if options.out.is_dir() else options.out.parent)
    for text in verdict.notes:
        print(f"note     {text}")
    for text in verdict.differing:
        print(f"DIFFERS  {text}")
    said = f"{len(verdict.differing)} things differ" if verdict.differing else "nothing differs"
    print(f"{verdict.compared} figures were recomputed: {said}.")
    return cli.SOMETHING_FAILED if verdict.differing else cli.OK
