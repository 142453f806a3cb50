"""What `check.py` of the starting kit runs: the check that scoring begins with, and no score."""

from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError
from harness.uploads import checking
from harness.uploads.archive import opened


def main(arguments: Sequence[str], reference_file: Path) -> int:
    """Check the folder or ZIP file that is named; fail where something is to be mended."""
    if len(arguments) != 1 or not Path(arguments[0]).exists():
        print("usage: python check.py UPLOAD.zip     (or the folder of the images)")
        return 2
    reference = checking.read_reference(reference_file)
    try:
        with opened(Path(arguments[0]), reference) as folder:
            checked = checking.check(folder, reference)
            faults = [*checked.faults, *checking.undecodable(checked.files)]
    except DataError as error:
        faults = [str(error)]
    for fault in faults:
        print(f"FIX  {fault}")
    for claim, value in vars(checked.claims).items() if not faults and checked.claims else ():
        print(f"     {claim}: {'not said' if value is None else value}")
    print("Not ready." if faults else f"Ready: {len(reference.images)} images.")
    return 1 if faults else 0
