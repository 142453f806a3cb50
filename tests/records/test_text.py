"""A stranger's text, made fit for terminals, pages and tables."""

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Failure
from harness.records.text import cell, of_cell, one_line, plain

ANY_TEXT = st.text(st.characters() | st.sampled_from("\x1b\r\n\t\x07\x9b\u202e\u2066\ud800'=+-@"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SPAN+ (×4)", "SPAN+ (×4)"),
        ("\x1b[2J\x1b[Hgone", "[2J[Hgone"),
        ("a\x9b1mb\x07", "a1mb"),
        ("evil\u202egnp.exe\u2066", "evilgnp.exe"),
        ("שלום 超解像 🚀", "שלום 超解像 🚀"),
        ("a\ud800b", "ab"),
        ("one\r\ntwo\rthree\u2028four", "one\ntwo\nthree\nfour"),
    ],
)
def test_what_moves_a_cursor_or_turns_a_text_round_goes(text, shown):
    assert plain(text) == shown


@given(ANY_TEXT)
def test_plain_text_can_be_written_and_holds_no_control_character(text):
    shown = plain(text)
    shown.encode()
    left = {unicodedata.category(one) for one in shown if one not in "\n\t"}
    assert not left & {"Cc", "Cs"}
    assert plain(shown) == shown
    assert not set(one_line(text)) & set("\n\t\r\x1b")


def test_the_reason_of_a_failure_is_one_line():
    assert Failure("load", "Net(\n\x1b[1A) raised").reason == "Net( [1A) raised"


@pytest.mark.parametrize("number", ["-1.5", "+3", "-inf", "1e-9", "", "SPAN", "0x1"])
def test_numbers_and_names_stay_as_they_are_in_a_csv_cell(number):
    assert cell(number) == number


@pytest.mark.parametrize("formula", ['=HYPERLINK("x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)"])
def test_no_cell_is_a_formula(formula):
    assert cell(formula) == f"'{formula}"


@given(ANY_TEXT.filter(lambda text: not text.startswith("'")))
def test_a_cell_is_read_as_it_was_given(text):
    stream = io.StringIO()
    csv.writer(stream).writerow([cell(text)])
    assert not stream.getvalue().lstrip('"').startswith(("=", "@"))
    assert of_cell(cell(text)) == text
