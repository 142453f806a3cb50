"""Hostile submissions: contained at every level of isolation, and nobody else's figures touched."""

import os

import pytest

from harness.sandbox import jail
from tests.support import hostile, tiny

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module", params=hostile.JAILS)
def level(request):
    """Return a level of isolation that works here."""
    if not jail.works(hostile.JAILS[request.param]):
        pytest.skip(f"the kernel or this container refuses {request.param}")
    return request.param


@pytest.fixture(scope="module")
def reached(level, tmp_path_factory):
    """Return what a submission that tries every way out reported."""
    world = hostile.World(tmp_path_factory.mktemp("world"))
    outcome, images = hostile.restored("reaches", world.told(), level)
    for made in world.sockets:
        world.heard += hostile.heard(made)
        made.close()
    assert outcome.failure is None, (outcome.failure, outcome.log)
    assert len(images) == 1
    return level, world, hostile.attempted(outcome)


def test_every_way_out_was_tried(reached):
    _, _, attempted = reached
    assert len(attempted) == hostile.REACHES


def test_no_way_out_was_found(reached):
    level, _, attempted = reached
    got = {name: what for name, what in attempted.items() if not what.startswith("refused")}
    assert not {name: what for name, what in got.items() if name not in hostile.HARMLESS[level]}


def test_nothing_outside_was_touched(reached):
    _, world, _ = reached
    assert world.untouched()
    assert not any(file.exists() for file in world.outside)
    assert world.heard == []


@pytest.mark.parametrize("kind", hostile.ANSWERS)
def test_an_answer_in_the_harness_s_place_is_the_entry_s_failure(level, kind):
    outcome, _ = hostile.restored("answers", {"kind": kind}, level)
    assert outcome.failure is not None
    assert outcome.failure.stage == "process"
    assert "\x1b" not in outcome.failure.reason


@pytest.mark.parametrize("kind", hostile.EXCHANGES)
def test_interfering_with_the_exchange_harms_the_entry_alone(level, kind):
    outcome, images = hostile.interfered(kind, level)
    assert "sealed" not in outcome.log
    expected = hostile.EXCHANGES[kind]
    if expected == "failed":
        assert outcome.failure is not None
        assert outcome.failure.stage in ("process", "forward")
        return
    assert (outcome.failure, len(images)) == (None, 3), outcome.log
    assert [int(image.max()) for image in images] == [0 if expected == "black" else 128] * 3


def test_a_daemon_is_dead_when_the_pass_is_over(level):
    file = "beats"  # in its working folder
    outcome, images = hostile.restored("lingers", {"kind": "daemon", "file": file}, level)
    assert (outcome.failure, len(images)) == (None, 1), outcome.log
    assert hostile.running() == []


def test_a_fork_bomb_is_refused_further_processes_and_ended(level):
    outcome, _ = hostile.restored("lingers", {"kind": "bomb", "file": ""}, level)
    if os.geteuid() == 0 and not _counts_processes():
        pytest.skip("root's processes are counted in control groups alone, and none can be made")
    assert "refused after" in outcome.log
    assert hostile.running() == []


def test_it_can_kill_no_one_but_itself(level):
    outcome, _ = hostile.restored("lingers", {"kind": "kills", "file": ""}, level)
    assert outcome.failure is not None
    assert "SIGKILL" in outcome.failure.reason


def _counts_processes():
    from harness.sandbox import cgroup

    with cgroup.limited(100, 2**30) as group:
        return bool(group)


def test_rivals_have_the_figures_that_they_have_alone(tmp_path):
    data, good = tiny.write_data(tmp_path / "data"), tiny.SUBMISSIONS / "good"
    model = hostile.HOSTILE / "answers" / "model.py"
    paths = [good]
    for number, kind in enumerate(("nested too deep", "a FIFO as its result")):
        folder = tmp_path / f"hostile{number}"
        folder.mkdir()
        (folder / "model.py").write_text(model.read_text())
        manifest = (model.parent / "submission.toml").read_text()
        (folder / "submission.toml").write_text(f'{manifest}arguments = {{ kind = "{kind}" }}\n')
        paths.insert(number, folder)
    among, _ = tiny.run(tmp_path / "among", data, paths)
    alone, _ = tiny.run(tmp_path / "alone", data, [good])
    again, recorder = tiny.run(tmp_path / "among", data, paths)
    figures = {one.slug: (one.status, _scores(one)) for one in among.entries}
    assert [figures[slug][0] for slug in ("hostile0", "hostile1")] == ["failed", "failed"]
    assert figures["good"] == (alone.entries[0].status, _scores(alone.entries[0]))
    assert (again.entries, recorder.stages) == (among.entries, [])


def _scores(entry):
    """Return what no draw decides."""
    return [(score.image, score.fidelity, score.sr_digest) for score in entry.scores]
