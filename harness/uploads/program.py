"""What Codabench's scoring container runs: one upload in, scores.json and a page out.

The worker lays `input/ref` (the reference data), `input/res` (what was uploaded, unpacked) and
`output` out: `_run_program_directory` of codalab/codabench, compute_worker/compute_worker.py.
"""

import json
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from harness.errors import DataError
from harness.images.png import Image, read_image
from harness.records import Measured, Reference
from harness.records.schema import SchemaError, from_table
from harness.store.files import write_text
from harness.uploads import checking, columns, page, scoring
from harness.uploads.crops import worst_window

REFERENCE = "reference.json"
HR = "hr"  # folder of the HR images, each under the official name of its SR image
PAGE, SCORES = "detailed_results.html", "scores.json"


def main(arguments: Sequence[str]) -> int:
    """Score `INPUT/res` by `INPUT/ref` into `OUTPUT`; fail where there is no score."""
    given, out = map(Path, arguments)
    reference = checking.read_reference(given / "ref" / REFERENCE)
    title = f"{reference.title}: {reference.split}"
    try:
        _score(given, out, reference)
    except DataError as error:
        return _refuse(out, title, str(error).splitlines())
    except Exception:
        traceback.print_exc()
        return _refuse(out, title, ["the scoring program failed: ask the organisers for its log"])
    return 0


def _score(given: Path, out: Path, reference: Reference) -> None:
    measured = _measured(given / "res") if reference.code else None
    checked = checking.check(given / "res", reference)
    if checked.faults:
        raise DataError("\n".join(checked.faults))

    def read_hr(index: int) -> Image:
        return read_image(given / "ref" / HR / reference.images[index].names[0])

    scores = scoring.score(checked, reference, read_hr)
    crops = {
        checked.files[i].name: worst_window(read_image(checked.files[i]), read_hr(i))
        for i in scoring.worst(scores.images)
    }
    write_text(out / PAGE, page.scored(reference, scores, crops, measured))
    cells = columns.cells(reference, scores, measured)
    write_text(out / SCORES, json.dumps(cells, allow_nan=False))
    print(f"{len(scores.images)} images were scored.")


def _measured(res: Path) -> Measured:
    """Read what the ingestion program found. Raises DataError where the code failed there."""
    try:
        measured = from_table(Measured, json.loads((res / checking.MEASURED).read_text("utf-8")))
    except (OSError, ValueError, SchemaError):
        raise DataError("the ingestion program left no figures: see its log") from None
    if measured.failure:
        raise DataError(measured.failure)
    return measured


def _refuse(out: Path, title: str, faults: Sequence[str]) -> int:
    print("Not scored:", *faults, sep="\n  ", file=sys.stderr)
    write_text(out / PAGE, page.refused(title, faults))
    return 1
