"""A native submission as an entry of an official repository: what `export` writes."""

import ast
import json
import shutil
from pathlib import Path

from harness.entries import repository
from harness.entries.submission import Submission
from harness.errors import InputError
from harness.records import Manifest, ModelTable
from harness.store import files
from harness.worker import select_model

_FORMS = ("format", "channels", "dtype")


def export(submission: Submission, clone: Path, number: int) -> list[Path]:
    """Write the model's file, the checkpoint and the branch for id `number` into a clone.

    Returns the files that were written. Raises InputError where the id is taken, where the
    manifest asks for what a branch cannot say, or where the folder is no clone.
    """
    place = repository.main_file(clone)
    if place is None:
        raise InputError(f"{clone} is no clone of an edition's repository; it has no select_model")
    checkpoint = submission.checkpoint
    if submission.manifest.official or checkpoint is None or not checkpoint.is_file():
        raise InputError(f"{submission.slug} is no native submission with its checkpoint")
    _refuse_options(submission.manifest)
    main = clone / place
    source = main.read_text(encoding="utf-8")
    if number in {branch.id for branch in select_model.branches(source)}:
        raise InputError(f"id {number} is taken in {main}; name the one the organisers gave you")
    stem = f"team{number:02}_{''.join(c if c.isalnum() else '_' for c in submission.slug)}"
    code = [(one.name, one.source) for one in submission.files if one.source.suffix == ".py"]
    folder = clone / "models" / (stem if len(code) > 1 else "")
    targets = {
        file: folder / (Path(name).name if len(code) > 1 else f"{stem}.py") for name, file in code
    }
    weights = clone / "model_zoo" / f"{stem}{checkpoint.suffix}"
    branch = _branch(submission, number, stem, weights, len(code) > 1)
    changed = _with_branch(source, number, branch)
    for file, target in (targets | {checkpoint: weights}).items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
    files.write_text(main, changed)
    return [*targets.values(), weights, main]


def _refuse_options(manifest: Manifest) -> None:
    model = manifest.model
    options = {"multiple_of": model.multiple_of > 1, "tile": model.tile is not None}
    options |= {"self_ensemble": model.self_ensemble, "[build]": manifest.build is not None}
    options |= {name: getattr(model, name) != getattr(ModelTable, name) for name in _FORMS}
    asked = [name for name, given in options.items() if given]
    if asked:
        raise InputError(
            f"the manifest asks for {', '.join(asked)}, which a branch of select_model cannot say; "
            "do it in the network's forward"
        )


def _branch(
    submission: Submission, number: int, stem: str, weights: Path, package: bool
) -> list[str]:
    manifest, table = submission.manifest, submission.manifest.weights
    assert table
    values = ", ".join(f"{name}={value!r}" for name, value in manifest.model.arguments.items())
    module = f"models.{stem}.{submission.model_file.stem}" if package else f"models.{stem}"
    name, data_range = _plain(manifest.name), manifest.model.data_range
    key = f"[{json.dumps(table.key)}]" if table.key else ""
    return [
        *(
            ["    import sys", f'    sys.path.insert(0, os.path.join("models", "{stem}"))']
            if package
            else []
        ),
        f"    from {module} import {manifest.model.factory}",
        f'    name, data_range = "{number:02}_{name}", {data_range}',
        f'    model_path = os.path.join("model_zoo", "{weights.name}")',
        f"    model = {manifest.model.factory}({values})",
        f"    model.load_state_dict(torch.load(model_path){key}, strict={table.strict})",
        *([f"    model.{manifest.model.deploy}()"] if manifest.model.deploy else []),
    ]


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in " -+." else "_" for c in name)


def _with_branch(source: str, number: int, body: list[str]) -> str:
    """Put the branch of an id before the last `else` of the chain, or at its end."""
    last = chain = select_model.chain(source)
    indent = " " * chain.col_offset
    while len(last.orelse) == 1 and isinstance(last.orelse[0], ast.If):
        last = last.orelse[0]
    end = last.body[-1].end_lineno
    assert end
    assert isinstance(chain.test, ast.Compare)
    lines = source.splitlines()
    branch = [f"elif {ast.unparse(chain.test.left)} == {number}:", *body]
    lines[end:end] = [indent + line for line in branch]
    return "\n".join(lines) + "\n"
