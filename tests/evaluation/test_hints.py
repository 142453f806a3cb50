"""What a check concludes from how a network behaves."""

import pytest

from harness.evaluation import hints
from harness.evaluation.specimens import Restored
from harness.records import ModelTable, Probe
from harness.worker.passes import _PROBED_SIZES


def model(**keys):
    return ModelTable("model.py", "Net", **keys)


def probe(refuses, low=0.0, high=1.0):
    sizes = {f"{height}x{width}": (height, width) for height, width in _PROBED_SIZES}
    refused = {size: "no" for size, sides in sizes.items() if refuses(*sides)}
    return Probe(tuple(sizes), refused, True, "float32", low, high)


@pytest.mark.parametrize("multiple", [2, 4, 8, 16, 32])
def test_sizes_that_fail_speak_for_the_multiple_that_they_lack(multiple):
    found = probe(lambda height, width: height % multiple or width % multiple)
    assert hints.multiple_of(found, model()) == multiple
    assert hints.multiple_of(found, model(multiple_of=multiple)) is None


def test_small_images_alone_speak_for_no_multiple():
    assert hints.multiple_of(probe(lambda height, width: height < 32), model()) is None
    assert hints.multiple_of(probe(lambda height, width: True), model()) is None
    assert hints.multiple_of(probe(lambda height, width: width > 50), model()) is None


def test_outputs_speak_for_a_data_range():
    def of(high, data_range):
        return hints.data_range(probe(lambda *_: False, 0.0, high), model(data_range=data_range))

    assert of(251.0, 1.0) == 255
    assert of(1.0, 255.0) == 1
    assert of(1.3, 1.0) is of(240.0, 255.0) is None


def test_red_and_blue_exchanged():
    assert hints.channels(Restored(26.0, 25.0, 26.1, 18.0)) == ""
    assert hints.channels(Restored(18.0, 25.0, 17.0, 26.0)) == (
        "its output has blue first: return red first, which gives 26.00 dB"
    )
    assert "exchange red and blue before and after" in hints.channels(
        Restored(25.0, 25.0, 26.0, 18.0)
    )
