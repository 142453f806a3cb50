"""What Codabench asks of a bundle, rule by rule, each with its source in codalab/codabench.

Read in the snapshot of March 2026, c7dbc756b07b; files are below `src/apps` where nothing is said.
The unpacker itself needs a database; these rules are what it and the models refuse.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

# documentation/docs/Organizers/Benchmark_Creation/Yaml-Structure.md, and
# competitions/unpackers/v2.py: other keys are ignored without a word
TOP = {
    *("version", "title", "image", "terms", "description", "docker_image", "fact_sheet", "queue"),
    *("registration_auto_approve", "make_programs_available", "make_input_data_available"),
    *("enable_detailed_results", "show_detailed_results_in_submission_panel"),
    *("show_detailed_results_in_leaderboard", "auto_run_submissions", "reward", "contact_email"),
    *("can_participants_make_submissions_public", "competition_type", "forum_enabled"),
    *("pages", "tasks", "solutions", "phases", "leaderboards"),
}
PHASE = {
    *("index", "name", "description", "start", "end", "max_submissions_per_day", "tasks"),
    *("max_submissions", "auto_migrate_to_this_phase", "execution_time_limit", "hide_output"),
    *("hide_prediction_output", "hide_score_output", "starting_kit", "public_data"),
}
TASK_FILES = ("ingestion_program", "input_data", "scoring_program", "reference_data")
TASK = {"index", "name", "description", "key", "ingestion_only_during_scoring", *TASK_FILES}
COLUMN = {
    *("title", "key", "index", "sorting", "precision", "hidden", "computation"),
    "computation_indexes",
}
RULES = {  # leaderboards/models.py, Leaderboard.SUBMISSION_RULES
    *("Add", "Add_And_Delete", "Add_And_Delete_Multiple", "Force_Last", "Force_Latest_Multiple"),
    "Force_Best",
}


def faults(bundle: Path) -> list[str]:
    """Return what Codabench would refuse of an unpacked bundle, or drop without a word."""
    # competitions/tasks.py, unpack_competition: at the top of the ZIP file, `version: 2`
    table = yaml.safe_load((bundle / "competition.yaml").read_text())
    found = [f"{key} is no key of a competition" for key in table if key not in TOP]
    if str(table.get("version")) != "2":
        found.append("the version is not 2")
    found += _files(bundle, table)
    found += _tasks(bundle, table)
    found += _phases(bundle, table)
    found += _leaderboards(table)
    return found


def _files(bundle: Path, table: dict[str, Any]) -> Iterator[str]:
    # v2.py, _unpack_pages and _unpack_terms, base_unpacker.py, _unpack_image: there, not empty
    for name in (table["image"], table["terms"], *(page["file"] for page in table["pages"])):
        if not (bundle / name).is_file() or not (bundle / name).stat().st_size:
            yield f"{name} is missing or empty"


def _tasks(bundle: Path, table: dict[str, Any]) -> Iterator[str]:
    # v2.py, _unpack_tasks: an index each, all different, a scoring program each
    indexes = [task["index"] for task in table["tasks"]]
    if len({*indexes}) < len(indexes):
        yield "two tasks have one index"
    for task in table["tasks"]:
        yield from (f"{key} is no key of a task" for key in task if key not in TASK)
        if "scoring_program" not in task:
            yield "a task has no scoring program"
        # base_unpacker.py, _get_data_key: a file or a folder, which is packed then
        named = [task[kind] for kind in TASK_FILES if kind in task]
        yield from (f"{name} is not there" for name in named if not (bundle / name).exists())
        # compute_worker.py, _run_program_directory: metadata.yaml with a command
        for kind in {"scoring_program", "ingestion_program"} & task.keys():
            metadata = yaml.safe_load((bundle / task[kind] / "metadata.yaml").read_text())
            if not metadata.get("command"):
                yield f"{task[kind]} has no command"
    for solution in table["solutions"]:
        # v2.py, _unpack_solutions
        if not {*solution["tasks"]} <= {*indexes} or not (bundle / solution["path"]).exists():
            yield f"solution {solution['index']} has no task or no file"


def _phases(bundle: Path, table: dict[str, Any]) -> Iterator[str]:
    indexes = {task["index"] for task in table["tasks"]}
    last_end = None
    for phase in table["phases"]:
        yield from (f"{key} is no key of a phase" for key in phase if key not in PHASE)
        # v2.py, _unpack_phases
        if not phase.get("tasks") or not {*phase["tasks"]} <= indexes:
            yield f"{phase['name']} has no task"
        for kind in {"public_data", "starting_kit"} & phase.keys():
            if not (bundle / phase[kind]).exists():
                yield f"{phase[kind]} is not there"
        # unpackers/utils.py, get_datetime: a datetime is a date there, and loses its time
        if not isinstance(phase["start"], str) or not isinstance(phase.get("end", ""), str):
            yield f"{phase['name']}: a date that is no text loses its time of day"
            continue
        # base_unpacker.py, _validate_phase_ordering: ended, strictly before the next begins
        if last_end is not None and not last_end < datetime.fromisoformat(phase["start"]):
            yield f"{phase['name']} begins before the phase before it has ended"
        if "end" not in phase and phase is not table["phases"][-1]:
            yield f"{phase['name']} has no end, and a phase after it"
        last_end = datetime.fromisoformat(phase["end"]) if "end" in phase else None


def _leaderboards(table: dict[str, Any]) -> Iterator[str]:
    # base_unpacker.py, _save_competition: every phase gets the first; others are never shown
    if len(table["leaderboards"]) != 1:
        yield "only the first leaderboard is used"
    board = table["leaderboards"][0]
    if board["submission_rule"] not in RULES:
        yield "the submission rule is unknown"
    # leaderboards/models.py: lengths of Leaderboard.title and .key, Column.title and .key
    named = [(board["title"], 64), (board["key"], 36)]
    for column in board["columns"]:
        yield from (f"{key} is no key of a column" for key in column if key not in COLUMN)
        named += [(column["title"], 36), (column["key"], 36)]
        if column["sorting"] not in ("asc", "desc") or not isinstance(column["precision"], int):
            yield f"column {column['key']}: sorting or precision"
    yield from (f"{text!r} is too long" for text, most in named if len(text) > most)
    # api/serializers/leaderboards.py, validate_columns
    for what in ("index", "key"):
        values = [column[what] for column in board["columns"]]
        if len({*values}) < len(values):
            yield f"two columns have one {what}"
    # leaderboards/models.py: primary_index is 0 where nothing is said
    if 0 not in [column["index"] for column in board["columns"]]:
        yield "the leaderboard is ordered by column 0, which is not there"
