"""What an inspection says on an entry's row."""

from dataclasses import replace

import pytest

from harness.records import Complexity, Count, Inspection, Manifest, ModelTable, Unused
from harness.statistics.flags import flags_of, is_note

MANIFEST = Manifest("an entry", ModelTable("model.py", "Network"))
COUNTED = Complexity({"hooks": Count(5_308_416, {}, {}), "torch": Count(5_308_000, {}, {})}, 0, 0)
INSPECTION = Inspection(params=1, params_loaded=1, complexity=COUNTED)


@pytest.mark.parametrize(
    ("change", "flag", "text"),
    [
        (
            {"complexity": replace(COUNTED, problems={"fvcore": "AssertionError: six"})},
            "counter-failed",
            "fvcore counts nothing: AssertionError: six; the others: hooks 0.005308 G, "
            "torch 0.005308 G",
        ),
        (
            {"complexity": Complexity({}, 0, 0, problems={"torch": "A", "hooks": "B"})},
            "counter-failed",
            "torch counts nothing: A; hooks counts nothing: B",
        ),
        (
            {"loaded_share": 0.8999},
            "partly-loaded",
            "90.0% of the network's elements came from its checkpoint, the rest did not",
        ),
        (
            {"stripped": ("model.", "_orig_mod."), "left_out": tuple("abcdefg")},
            "checkpoint-keys",
            "model., _orig_mod. taken off the checkpoint's keys; "
            "left out, as not the network's: a, b, c, d, e and 2 more",
        ),
        (
            {"params": 2_236_728, "unused": Unused(tuple("abcdefg"), 1_738_944)},
            "unused-params",
            "1738944 of its 2236728 parameters take no part in a forward (a, b, c, d, e and 2 "
            "more), as of branches that training alone needs; name the method that folds it as "
            "`deploy` under [model], or hand it in as it is deployed",
        ),
        (
            {"chosen": "'params_ema' is taken of params_ema, params; weights.key names another"},
            "checkpoint-entry",
            "'params_ema' is taken of params_ema, params; weights.key names another",
        ),
    ],
)
def test_what_is_out_of_the_ordinary_is_flagged(change, flag, text):
    assert flags_of(replace(INSPECTION, **change), MANIFEST, "torch") == {flag: text}


def test_an_ordinary_inspection_has_no_flag():
    assert flags_of(replace(INSPECTION, loaded_share=0.9), MANIFEST, "torch") == {}
    assert flags_of(replace(INSPECTION, unused=None), MANIFEST, "torch") == {}


@pytest.mark.parametrize(
    ("official", "flag"), [("fvcore", "counters-differ"), ("hooks", "flops-disagree")]
)
def test_counters_that_see_less_than_the_official_one_are_a_note(official, flag):
    counts = {"fvcore": Count(1020, {}, {}), "hooks": Count(1000, {}, {})}
    told = replace(INSPECTION, complexity=Complexity(counts, 0, 0), disagreement="by 2 %")
    flags = flags_of(told, MANIFEST, official)
    assert list(flags) == [flag]
    assert flags[flag].endswith("by 2 %")
    assert is_note(flag) == (flag == "counters-differ")


def test_biases_that_one_counter_alone_counts_are_no_difference():
    counts = {"torch": Count(1000, {}, {}), "ptflops": Count(1100, {}, {}, {"conv": 100})}
    told = replace(INSPECTION, complexity=Complexity(counts, 0, 0), disagreement="told")
    text = "no counter sees more than the edition's: told"
    assert flags_of(told, MANIFEST, "torch") == {"counters-differ": text}
