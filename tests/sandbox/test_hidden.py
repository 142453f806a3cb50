"""Entries that hide costs, run whole: flagged, not ranked, and ranked where a person says so."""

import pytest

from harness import cli
from harness.ranking.leaderboard import of_run
from harness.store import trail
from harness.store.runs import load_run
from tests.support import hostile, tiny

pytestmark = pytest.mark.heavy

KINDS = {kind: hostile.HIDES[kind] for kind in ("nothing", "in a closure", "work by element")}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """Return the folder of a run of the kinds, of which the first is honest."""
    folder = tmp_path_factory.mktemp("hidden")
    paths = list(hostile.hiding(KINDS, folder))
    data = tiny.write_data(folder / "data")
    tiny.run(folder / "out", data, paths, edition=tiny.untimed())
    return folder / "out"


def eligible(out):
    """Return whom ranking takes, and whom it leaves out."""
    return {row.figures.name: row.standing.eligible for row in of_run(load_run(out)).rows}


def test_what_hides_is_flagged_and_not_ranked(out):
    flags = {entry.name: entry.flags for entry in load_run(out).entries}
    for kind, flag in KINDS.items():
        found = {name for name in flags[kind] if name.startswith("hidden")}
        assert found == ({flag} if flag else set()), flags[kind]
    assert eligible(out) == {kind: "no" if flag else "yes" for kind, flag in KINDS.items()}


def test_the_trail_tells_by_which_rule(out):
    (told,) = trail.read(out).of_kind("ranked")
    assert told.facts["excluded"].keys() == {"kind1", "kind2"}
    assert told.facts["excluded"]["kind1"].startswith("hidden-params: beside 1,296 parameters")


def test_a_person_may_say_that_it_is_ranked(out, capsys):
    assert cli.main(["report", str(out), "--accept", "11"]) == cli.OK
    assert eligible(out) == {"nothing": "yes", "in a closure": "yes", "work by element": "no"}
    assert cli.main(["report", str(out), "--accept", "kind2"]) == cli.OK
    assert set(eligible(out).values()) == {"yes"}
    accepted = [event.facts["slug"] for event in trail.read(out).of_kind("accepted")]
    assert accepted == ["kind1", "kind2"]
    assert cli.main(["verify", str(out)]) == cli.OK
    assert cli.main(["report", str(out), "--accept", "99"]) == cli.UNUSABLE
    assert "has no entry '99' to accept; it has kind0, kind1" in capsys.readouterr().err
