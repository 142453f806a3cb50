"""What everyone may see holds no secret."""

import re
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from harness import cli, protocols
from harness.records import Entry, Factsheet, Run
from harness.store import album
from harness.store.runs import save_run
from reports.public import redacted
from tests.support.runs import failed, made, with_pictures

SECRETS = [
    "secret_city",
    "secret_river",
    "someone@team.org",
    "/home/organiser",
    "hidden words of the log",
    "My Folder",
]


def with_secrets() -> Run:
    run = made(3, 4)
    valid, test = run.splits
    names = ("secret_city.png", "secret_river.png")
    renamed = dict(zip(test.images, names, strict=True))
    sheet = Factsheet(
        authors="Someone <someone@team.org>",
        contact="someone@team.org",
        code="https://example.org/team/code",
        description="Weights lay in /home/organiser/x/w.pth, n/a elsewhere.",
    )

    def changed(entry: Entry) -> Entry:
        return replace(
            entry,
            manifest=replace(entry.manifest, factsheet=sheet),
            scores=tuple(
                replace(score, image=renamed[score.image]) if score.split == "test" else score
                for score in entry.scores
            ),
            flags={"nondeterministic": "differs on secret_cityx4.png"},
            log="hidden words of the log at /home/organiser",
        )

    bad = failed("bad", "Bad", "cannot open '/home/organiser/My Folder/secret_river.png'")
    bad = replace(bad, log="hidden words of the log")
    return replace(
        run,
        splits=(valid, replace(test, images=names)),
        entries=(*map(changed, run.entries), bad),
        command="run_challenge.py run /home/organiser/all --data '/home/organiser/My Folder'",
        observed={**run.observed, "note": "/home/organiser/x"},
    )


def test_numbers_stay_numbers() -> None:
    run = made(1, 4)
    words = "1 dB, 0002 times; 0002.png and 0002x4.png differ"
    entry = replace(run.entries[0], flags={"nondeterministic": words})
    (shown,) = redacted(replace(run, entries=(entry,))).entries
    expected = "1 dB, 0002 times; [left out] and [left out] differ"
    assert shown.flags == {"nondeterministic": expected}


def test_a_run_without_private_splits_keeps_its_words() -> None:
    run = made(1, 4)
    open_splits = tuple(replace(split, private=False) for split in run.protocol.splits)
    run = replace(run, protocol=replace(run.protocol, splits=open_splits))
    shown = redacted(run)
    assert shown.splits == run.splits
    assert shown.entries[0].scores == run.entries[0].scores
    assert shown.command == run.command


def written(folder: Path) -> str:
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert len(files) > 10
    return "\n".join(f"{file.name}\n{file.read_text(encoding='utf-8')}" for file in files)


def test_the_public_report_holds_no_secret(tmp_path: Path, capsys) -> None:
    save_run(tmp_path, with_secrets())
    assert cli.main(["report", str(tmp_path), "--public"]) == cli.OK
    text = written(tmp_path / "public")
    assert [secret for secret in SECRETS if secret in text] == []
    assert not re.search(r"[\w.]+@\w+\.\w+", text)
    # what is no secret is still there
    for words in ("https://example.org/team/code", "n/a elsewhere", "test 0002", "0001.png"):
        assert words in text
    assert "NJU_Jet" in text


def test_the_public_report_shows_no_pixel_of_a_private_split(tmp_path: Path, capsys) -> None:
    run = with_pictures(made(3, 8), tmp_path)
    save_run(tmp_path, run)
    pixels = {}
    for split in run.splits:
        indices = range(len(split.images))
        files = [(split.pictures, [f"{s}/{i}" for s in ("hr", "lr", "bicubic") for i in indices])]
        files += [(e.pictures[split.name], [str(i) for i in indices]) for e in run.entries]
        kept = [one for name, ids in files for one in album.read(tmp_path / name, ids).values()]
        pixels[split.name] = {b64encode(one.webp).decode() for one in kept}
    secret = pixels["test"] - pixels["valid"]
    assert cli.main(["report", str(tmp_path), "--public"]) == cli.OK
    public = written(tmp_path / "public")
    assert not [one for one in secret if one in public]
    assert any(one in public for one in pixels["valid"])
    assert cli.main(["report", str(tmp_path)]) == cli.OK
    full = "".join(file.read_text() for file in (tmp_path / "report").rglob("*.html"))
    assert any(one in full for one in secret)


def test_the_full_report_holds_them(tmp_path: Path, capsys) -> None:
    save_run(tmp_path, with_secrets())
    assert cli.main(["report", str(tmp_path)]) == cli.OK
    (tmp_path / "results.json").unlink()
    text = written(tmp_path)
    assert [secret for secret in SECRETS if secret not in text] == []


@pytest.mark.parametrize("year", range(2022, 2027))
def test_test_splits_are_private(year: int) -> None:
    private = {split.name: split.private for split in protocols.load(f"ntire{year}").splits}
    assert private == {"valid": False, "test": True}
