"""A whole run on a private cluster, two of its nodes killed on the way."""

import re
from dataclasses import replace
from threading import Thread

import pytest

from harness import protocols
from harness.entries.discovery import discover
from harness.evaluation.cluster import Cluster
from harness.ranking.leaderboard import of_run
from tests.cluster.test_faults import SETTINGS, claims
from tests.evaluation.test_executors import drawn_apart
from tests.support import tiny
from tests.support.cluster import started, wait_for
from tests.support.places import ROOT

pytestmark = pytest.mark.heavy
PUBLISHED = ("efdn", "imdn", "lgvan", "rfdn", "rlfn", "span")
TIMED = (
    "good",
    "switches",
    "writes_beside_itself",
    "factory_raises",
    "missing_weights",
    "wrong_size",
)
# where the processor's time decides whether they are doubted
DOUBTED = ("prints_much", "tampers")
SHIPPED = [
    *(f"demo_{one}" for one in ("bicubic", "large")),
    *(f"demo_small{form}" for form in ("", "_int8", "_onnx", "_pt2", "_torchscript")),
    *(f"demo_small_{form}" for form in ("deploy", "float16")),
    # of another scale than the protocol's
    *(f"{one}_x2" for one in ("dlsn", "esc", "esc_fp", "esc_light", "dlgsanet_tiny")),
    *(f"{one}_x3" for one in ("dlsn", "esc", "esc_fp", "esc_light")),
]  # fmt: skip


def on_the_cluster(out, data, found, edition, settings):
    """Run on the cluster while two nodes are killed, each with a unit in hand."""
    with started() as cluster:

        def kill_two():
            for node in ("node1", "node2"):
                wait_for(lambda node=node: node in {at["node"] for at in claims(out)}, 600)
                cluster.kill_node(node)

        killer = Thread(target=kill_two)
        killer.start()
        executor = Cluster(settings, out)
        run, recorder = tiny.run_found(out, data, found, executor=executor, edition=edition)
        killer.join()
    assert {entry for entry, _ in recorder.stages} == {"cluster"}
    return run


def timeless(columns):
    """Return the columns of a row without the times that a reason may tell."""
    told = {"flags": "", "reason": re.sub(r"[\d.]+ ms", "ms", columns["reason"] or "")}
    return columns | told


def untimed(inspection):
    """Return an inspection without the processor's time."""
    return inspection and replace(inspection, work=None)


def the_same(run, serial):
    """Compare bit for bit what was measured, but for times, and where it places the entries."""
    assert [timeless(row.columns) for row in of_run(run).rows] == [
        timeless(row.columns) for row in of_run(serial).rows
    ]
    for one, other in zip(run.entries, serial.entries, strict=True):
        assert drawn_apart(one.scores) == drawn_apart(other.scores)
        assert untimed(one.inspection) == untimed(other.inspection)
        assert one.flags.keys() - {"retried"} == other.flags.keys()
    # a node has two GPUs at most: what two nodes had in hand is done again, and nothing else
    assert 1 <= sum("retried" in entry.flags for entry in run.entries) <= 4


def test_sessions_too_end_as_in_the_serial_run_though_two_nodes_die(tmp_path):
    data, found = (
        tiny.write_data(tmp_path / "data"),
        discover([tiny.SUBMISSIONS / slug for slug in TIMED]),
    )
    serial, _ = tiny.run_found(tmp_path / "serial", data, found)
    run = on_the_cluster(tmp_path / "out", data, found, protocols.load(tiny.PROTOCOL), SETTINGS)
    the_same(run, serial)  # the fake device's clock is scripted: runtimes are the same as well
    assert {done.site.node for done in run.rounds} <= {"node3", "node4"}


def test_six_published_networks_and_forty_shipped_entries_end_as_in_the_serial_run(
    shared, tmp_path, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    data = tmp_path / "data"
    for name, height, width in (("a", 24, 28), ("b", 32, 24)):
        tiny.write_pair(data, name, height, width)
    # a forward without end would only wait for its time limit
    apart = ("hangs", "hostile", *DOUBTED)
    faults = sorted(one for one in tiny.SUBMISSIONS.iterdir() if one.name not in apart)
    paths = [ROOT / "submissions" / slug for slug in (*PUBLISHED, *SHIPPED)] + faults
    found = discover(paths, weights=[shared / "weights"])
    assert len(found) == 46
    edition = tiny.untimed()
    weights = {"flops": 0.5, "params": 0.5}
    edition = replace(edition, tracks=(replace(edition.tracks[0], weights=weights),))
    # before the cluster is there: a parent ends what is left of its passes, and of daemons alike
    serial, _ = tiny.run_found(tmp_path / "serial", data, found, edition=edition)
    run = on_the_cluster(tmp_path / "out", data, found, edition, SETTINGS)
    the_same(run, serial)
    statuses = {entry.slug: entry.status for entry in run.entries}
    assert {statuses[slug] for slug in PUBLISHED} == {"ok"}
    assert list(statuses.values()).count("skipped") == 9
