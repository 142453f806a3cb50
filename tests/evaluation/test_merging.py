"""Runs of two machines as one: what is joined, and what is refused with its reason."""

from dataclasses import replace

import pytest

from harness import cli
from harness.errors import RunError
from harness.evaluation.merging import merged
from harness.records import Round, Site
from harness.statistics import runtimes
from harness.store.runs import load_run, save_run
from tests.support import runs, timed


def run(*names, card="GPU-1"):
    """Return a run of the baseline and so many others, each half as slow as the baseline."""
    entries = [replace(timed.baseline(), digest="base")]
    entries += [replace(timed.timed(name, 0.5), digest=f"files of {name}") for name in names]
    rounds = [Round(0, n, names, (0.0,), site=Site(card)) for n in range(len(timed.NOISE))]
    made = runs.made(1)
    protocol = timed.EDITION
    found = (replace(made.splits[0], images=("0001.png",), lr_sizes=((300, 510),)),)
    return replace(
        made, protocol=protocol, splits=found, entries=tuple(entries), rounds=tuple(rounds)
    )


def test_sessions_are_numbered_on_and_the_baseline_has_the_visits_of_both():
    whole = merged({"a": run("one"), "b": run("two", card="GPU-2")}, "merge a b")
    assert [entry.name for entry in whole.entries] == ["good", "one", "two"]
    assert {made.session for made in whole.entries[0].timing.visits} == {0, 1}
    assert {made.session for made in whole.entries[2].timing.visits} == {1}
    assert {(done.session, done.site.card) for done in whole.rounds} == {(0, "GPU-1"), (1, "GPU-2")}
    ratios = runtimes.of_entries(whole.entries)
    assert ratios["one"].logs.keys().isdisjoint(ratios["two"].logs)
    assert ratios["one"].ms == pytest.approx(ratios["two"].ms)


def test_other_files_of_the_same_folder_name_are_an_entry_of_their_own():
    other = run("one")
    changed = replace(other.entries[1], digest="other files")
    other = replace(other, entries=(other.entries[0], changed))
    whole = merged({"a": run("one"), "b": other}, "")
    assert [entry.slug for entry in whole.entries] == ["good", "one", "one-2"]
    assert {done.order for done in whole.rounds} == {("one",), ("one-2",)}


def changed(**changes):
    return replace(run("two"), **changes)


REFUSED = {
    "rules": (lambda: changed(protocol=replace(timed.EDITION, border=7)), r"rules \(border\)"),
    "images": (
        lambda: changed(splits=(replace(run().splits[0], lr_digest="other"),)),
        "different images of valid",
    ),
    "machines": (
        lambda: changed(identity={"gpu": "Another", "torch": "2.13.0"}),
        "machines that differ in gpu",
    ),
    "brackets": (
        lambda: changed(rounds=tuple(replace(done, drifts=()) for done in run("two").rounds)),
        "the rounds of b have no brackets",
    ),
    "baseline": (
        lambda: changed(entries=tuple(replace(one, digest="x") for one in run("two").entries)),
        "baselines of different files",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_compared_is_refused_with_the_reason(what):
    other, reason = REFUSED[what]
    with pytest.raises(RunError, match=reason):
        merged({"a": run("one"), "b": other()}, "")


def test_an_id_of_two_entries_is_refused():
    def numbered(made):
        good, other = made.entries
        return replace(made, entries=(good, replace(other, id=3)))

    with pytest.raises(RunError, match="id 3 is one in a and two in b"):
        merged({"a": numbered(run("one")), "b": numbered(run("two"))}, "")


def test_scores_of_machines_of_two_kinds_are_joined_where_only_one_was_timed():
    other = changed(identity={"gpu": "Another"}, rounds=())
    assert len(merged({"a": run("one"), "b": other}, "").entries) == 3


def test_the_command_writes_a_run_with_its_report(tmp_path, capsys):
    for name, made in (("a", run("one")), ("b", run("two"))):
        save_run(tmp_path / name, made)
    outs = [str(tmp_path / name) for name in "ab"]
    assert cli.main(["merge", *outs, "--to", str(tmp_path / "whole")]) == cli.OK
    assert len(load_run(tmp_path / "whole").entries) == 3
    assert (tmp_path / "whole" / "report" / "index.html").is_file()
    assert cli.main(["merge", *outs, "--to", outs[0]]) == cli.UNUSABLE
    assert "is one of the runs" in capsys.readouterr().err
