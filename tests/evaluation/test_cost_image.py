"""Protocols that state costs for an output of one size: counted on it, timed on it."""

from dataclasses import replace

import pytest

from harness import protocols
from harness.ranking import leaderboard
from harness.ranking.frames import images
from harness.records import CostImage
from reports import units
from tests.support import tiny

# at x4 its LR image is 18x32 and, by ceil, 19x33
OUTPUT = CostImage(output=(75, 130))
EDITION = replace(protocols.load(tiny.PROTOCOL), complexity=OUTPUT)


def test_the_cost_image_is_named_with_its_rule() -> None:
    ceil = replace(EDITION, complexity=replace(OUTPUT, lr_rounding="ceil"))
    plain = protocols.load(tiny.PROTOCOL)
    assert units.cost_image(EDITION) == "one 3x18x32 input (130x75 output, LR by floor)"
    assert units.cost_image(ceil) == "one 3x19x33 input (130x75 output, LR by ceil)"
    assert units.cost_image(plain) == "one 3x64x64 input"


@pytest.mark.heavy
def test_a_run_counts_and_times_the_cost_image_whether_there_are_weights_or_not(tmp_path) -> None:
    names = ("good", "missing_weights")
    entries = [tiny.SUBMISSIONS / name for name in names]
    data = tiny.write_data(tmp_path / "data")
    run, recorder = tiny.run(tmp_path / "out", data, entries, edition=EDITION)
    rows = {row.entry.slug: row for row in leaderboard.of_run(run).rows}
    assert rows["missing_weights"].figures.metrics["flops"] == 18 * 32 * 48 * 3 * 9
    for name in names:
        columns = rows[name].columns
        # the fake clock takes 100 ms per megapixel; memory is the largest SR image, in float32
        assert columns["runtime_ms"] == pytest.approx(72 * 128 / 1e6 * 100)
        assert rows[name].figures.metrics["memory_mib"] == 72 * 128 * 3 * 4 / 2**20
    good, bare = run.entries
    assert (good.status, bare.status) == ("ok", "partial")
    assert "only its costs are measured" in bare.failure.reason
    assert {score.split for score in good.scores} == {"valid"}
    assert set(good.timing.samples_ms) == {"generated"}
    assert [split.name for split in run.splits] == ["valid", "generated"]
    assert [row["split"] for row in images(run, bare)] == ["generated"]
    again, recorder = tiny.run(tmp_path / "out", data, entries, edition=EDITION)
    assert recorder.stages == []
    assert again.entries == run.entries
