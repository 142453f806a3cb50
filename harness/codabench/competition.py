"""competition.yaml, version 2, of a protocol.

Every rule that is kept here is named with its source in `tests/codabench/schema.py`. What Codabench
would fill in by itself stands here all the same, so that it can be seen and changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from harness.records import Protocol, Split
from harness.uploads.columns import columns

_SECONDS = 1800  # that a submission may take; Codabench's own 600 is short for 200 images
_A_DAY, _IN_ALL = 5, 100  # submissions of a team
PAGES = {"Overview": "pages/overview.md", "Evaluation": "pages/evaluation.md"}
TERMS, LOGO = "pages/terms.md", "logo.png"


@dataclass(frozen=True)
class Phase:
    """A phase: uploads of one split between two dates, UTC; SR images, or code that makes them."""

    name: str
    split: Split
    start: datetime
    end: datetime
    public_data: bool = True  # whether the bundle carries its LR images
    code: bool = False


def phases(
    splits: Sequence[tuple[str, Split]],
    dates: Sequence[datetime],
    *,
    public_data: bool = True,
    code: bool = False,
) -> list[Phase]:
    """Lay phases end to end: `dates` are their starts, and the end of the last.

    A phase ends a second before the next begins, as Codabench refuses dates that are equal.
    """
    ends = [date - timedelta(seconds=1) for date in dates[1:-1]] + [dates[-1]]
    return [
        Phase(name, split, start, end, public_data, code)
        for (name, split), start, end in zip(splits, dates[:-1], ends, strict=True)
    ]


def competition(protocol: Protocol, phases: Sequence[Phase], image: str) -> dict[str, Any]:
    """Return the table that competition.yaml holds."""
    code = any(phase.code for phase in phases)
    what = "code and weights" if code else "SR images and a readme"
    return {
        "version": 2,
        "title": protocol.title,
        "description": f"x{protocol.scale} super-resolution: upload {what}",
        "image": LOGO,
        "terms": TERMS,
        "docker_image": image,
        "registration_auto_approve": False,
        "make_programs_available": True,
        "make_input_data_available": False,
        "enable_detailed_results": True,
        "show_detailed_results_in_submission_panel": True,
        "show_detailed_results_in_leaderboard": False,
        "auto_run_submissions": True,
        "can_participants_make_submissions_public": False,
        "forum_enabled": True,
        "pages": [{"title": title, "file": file} for title, file in PAGES.items()],
        "tasks": [_task(index, phase) for index, phase in enumerate(phases)],
        "solutions": [
            _solution(index, phase) for index, phase in enumerate(phases) if not phase.code
        ],
        "phases": [_phase(index, phase) for index, phase in enumerate(phases)],
        "leaderboards": [_leaderboard(code)],
    }


def _task(index: int, phase: Phase) -> dict[str, Any]:
    ran = {
        "ingestion_program": "ingestion_program",
        "input_data": f"input_data/{phase.split.name}",
        "ingestion_only_during_scoring": False,
    }
    return {
        "index": index,
        "name": f"SR images of {phase.split.name}",
        "description": f"PSNR and SSIM on the split {phase.split.name}",
        "scoring_program": "scoring_program",
        "reference_data": f"reference_data/{phase.split.name}",
        **(ran if phase.code else {}),
    }


def _solution(index: int, phase: Phase) -> dict[str, Any]:
    return {
        "index": index,
        "name": f"bicubic, {phase.split.name}",
        "description": "MATLAB's bicubic",
        "path": f"solutions/bicubic_{phase.split.name}",
        "tasks": [index],
    }


def _phase(index: int, phase: Phase) -> dict[str, Any]:
    private = phase.split.private
    hidden = ", scores hidden" if private else ""
    table = {
        "index": index,
        "name": phase.name,
        "description": f"SR images of the split {phase.split.name}{hidden}",
        # as text: a date with a time that YAML understands loses its time in Codabench
        "start": f"{phase.start:%Y-%m-%d %H:%M:%S}",
        "end": f"{phase.end:%Y-%m-%d %H:%M:%S}",
        "max_submissions_per_day": _A_DAY,
        "max_submissions": _IN_ALL,
        "execution_time_limit": _SECONDS,
        "auto_migrate_to_this_phase": False,
        "hide_output": private,
        "hide_prediction_output": private,
        "hide_score_output": private,
        "tasks": [index],
    }
    if not phase.code:
        table["starting_kit"] = f"starting_kit/{phase.split.name}"
    if phase.public_data:
        table["public_data"] = f"public_data/{phase.split.name}"
    return table


def _leaderboard(code: bool) -> dict[str, Any]:
    """Codabench gives every phase the first leaderboard, so hidden phases have columns there."""
    return {
        "title": "Results",
        "key": "main",
        "hidden": False,
        "submission_rule": "Add_And_Delete",
        "columns": [
            {
                "index": index,
                "title": column.title,
                "key": column.key,
                "sorting": column.sorting,
                "precision": column.precision,
                "hidden": column.hidden,
            }
            for index, column in enumerate(columns(code))
        ],
    }
