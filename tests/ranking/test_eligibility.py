"""Eligibility: thresholds at the decimals of printed tables, absent splits, status."""

import math
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from harness import protocols
from harness.ranking.eligibility import judge, reaches
from harness.records import Figures, Threshold

NTIRE2026 = protocols.load("ntire2026")


@given(st.floats(26.88, 26.92), st.integers(0, 6))
@example(26.895, 2)  # the float lies below 26.895
@example(26.125, 2)  # an exact half goes to even, below
@example(26.375, 2)  # an exact half goes to even, above
def test_thresholds_compare_as_exact_decimals_do(psnr_db: float, decimals: int) -> None:
    step = Decimal(1).scaleb(-decimals)
    printed = Decimal(psnr_db).quantize(step, ROUND_HALF_EVEN)
    for needed in (printed - step, printed, printed + step):
        assert reaches(psnr_db, Threshold(float(needed), "", decimals)) == (printed >= needed)
    assert f"{psnr_db:.{decimals}f}" == str(printed)


@pytest.mark.parametrize(
    ("psnr_db", "reached"),
    [(26.895, False), (26.8951, True), (math.nextafter(26.905, 27), True), (math.inf, True)],
)
def test_a_threshold_at_two_decimals(psnr_db: float, reached: bool) -> None:
    assert reaches(psnr_db, Threshold(26.90, "", 2)) is reached


def verdict(**psnr_db: float) -> tuple[str, str, list[str]]:
    """Return eligibility, reason and flags of an entry with these PSNR, under ntire2026."""
    standing = judge(Figures("A", psnr_db=psnr_db), NTIRE2026)
    return standing.eligible, standing.reason, list(standing.flags)


def test_both_thresholds_must_be_reached() -> None:
    assert verdict(valid=26.90, test=26.99) == ("yes", "", [])
    assert verdict(valid=27.5, test=26.0) == ("no", "PSNR on test is 26.00 dB, below 26.99 dB", [])
    assert verdict(valid=26.8, test=26.0)[1] == (
        "PSNR on valid is 26.80 dB, below 26.90 dB; PSNR on test is 26.00 dB, below 26.99 dB"
    )


def test_not_a_number_reaches_nothing() -> None:
    assert verdict(valid=math.nan, test=27.1)[:2] == (
        "no",
        "PSNR on valid is nan dB, below 26.90 dB",
    )


def test_rounding_is_flagged_where_it_decides() -> None:
    standing = judge(Figures("A", psnr_db={"valid": 26.8964, "test": 26.9856}), NTIRE2026)
    assert standing.eligible == "yes"
    assert standing.flags == {
        "decided by rounding": (
            "PSNR on valid is 0.0036 dB short of 26.90 dB and reaches it at 2 decimals; "
            "PSNR on test is 0.0044 dB short of 26.99 dB and reaches it at 2 decimals"
        )
    }
    # it decides nothing for an entry that misses the other threshold
    assert verdict(valid=26.8964, test=26.0)[0::2] == ("no", [])


def test_an_absent_split_makes_the_verdict_provisional() -> None:
    assert verdict(valid=26.95) == ("provisional", "no PSNR on test", [])
    assert verdict(test=26.9856) == ("provisional", "no PSNR on valid", ["decided by rounding"])
    assert verdict() == ("provisional", "no PSNR on valid, test", [])


def test_a_missed_threshold_is_final_though_a_split_is_absent() -> None:
    assert verdict(test=26.0) == ("no", "PSNR on test is 26.00 dB, below 26.99 dB", [])


def test_a_split_without_threshold_must_be_there_for_a_final_word() -> None:
    edition = protocols.load("ntire2023")
    assert judge(Figures("A", psnr_db={"valid": 29.0, "test": 1.0}), edition).eligible == "yes"
    assert judge(Figures("A", psnr_db={"valid": 29.0}), edition).eligible == "provisional"


def test_nobody_is_provisional_where_nothing_is_ranked() -> None:
    classic = protocols.load("classic")
    assert judge(Figures("A", psnr_db={"Set5": 32.0}), classic).eligible == "yes"
    assert judge(Figures("A", status="failed"), classic).eligible == "no"


def test_an_unranked_id_is_left_out() -> None:
    edition = replace(NTIRE2026, unranked=(7,))
    figures = Figures("A", id=7, psnr_db={"valid": 27.0, "test": 27.1})
    standing = judge(figures, edition)
    assert (standing.eligible, standing.reason) == ("no", "not ranked: ntire2026 leaves out id 7")
    assert judge(replace(figures, id=8), edition).eligible == "yes"
    assert judge(replace(figures, id=None), edition).eligible == "yes"


@pytest.mark.parametrize(
    ("status", "reason", "shown"),
    [
        ("failed", "load: no weights", "load: no weights"),
        ("partial", "", "status partial"),
        ("skipped", "scale 2", "scale 2"),
    ],
)
def test_an_entry_that_is_not_ok_says_why(status: str, reason: str, shown: str) -> None:
    figures = Figures("A", status=status, reason=reason, psnr_db={"valid": 27.0, "test": 27.1})
    standing = judge(figures, NTIRE2026)
    assert (standing.eligible, standing.reason) == ("no", shown)


# ---------------------------------------------------------------- what a person has to look into

HIGHEST = 26.94038757172958 + 3  # above the baseline's published PSNR, which is above the threshold


@given(st.floats(HIGHEST - 0.01, HIGHEST + 0.01))
@example(HIGHEST)
def test_three_db_above_all_that_is_published_is_for_a_person(psnr_db: float) -> None:
    figures = Figures("A", psnr_db={"valid": psnr_db, "test": 27.1})
    standing = judge(figures, NTIRE2026)
    beyond = psnr_db > HIGHEST
    assert (standing.eligible, "impossible-psnr" in standing.flags) == (
        "no" if beyond else "yes",
        beyond,
    )
    accepted = judge(replace(figures, accepted=True), NTIRE2026)
    assert (accepted.eligible, "accepted" in accepted.flags) == ("yes", beyond)


def test_an_infinite_psnr_is_for_a_person_whatever_is_published() -> None:
    classic = protocols.load("classic")
    standing = judge(Figures("A", psnr_db={"Set5": math.inf, "Set14": 90.0}), classic)
    assert standing.eligible == "no"
    assert standing.reason == (
        "impossible-psnr: PSNR on Set5 is inf dB; "
        "--accept ranks it once a person has looked into that"
    )


def test_flags_that_bar_an_entry_do_so_until_it_is_accepted() -> None:
    psnr_db = {"valid": 27.0, "test": 27.1}
    figures = Figures("A", psnr_db=psnr_db, doubted={"hidden-work": "told"})
    assert judge(figures, NTIRE2026).reason.startswith("hidden-work: told; --accept ranks it")
    accepted = judge(replace(figures, accepted=True), NTIRE2026)
    assert accepted.eligible == "yes"
    assert accepted.flags == {"accepted": "ranked as a person says, despite hidden-work"}
    # a threshold that is missed is missed, whoever says what
    missed = replace(figures, accepted=True, psnr_db={"valid": 1.0, "test": 27.1})
    assert judge(missed, NTIRE2026).eligible == "no"
