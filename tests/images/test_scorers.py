"""Scoring threads: as many as the process has cores, not as the machine has."""

import os
import threading

import numpy as np
import pytest

from harness.images.scorers import Scorers


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system binds no process")
def test_a_process_bound_to_one_core_scores_in_one_thread():
    allowed = os.sched_getaffinity(0)
    threads = set()

    def score(index, sr):
        threads.add(threading.get_ident())
        return index

    os.sched_setaffinity(0, {min(allowed)})
    try:
        with Scorers(score) as scorers:
            for index in range(8):
                scorers.take(index, np.zeros((1, 1, 3), np.uint8))
            assert scorers.results() == list(range(8))
    finally:
        os.sched_setaffinity(0, allowed)
    assert len(threads) == 1
