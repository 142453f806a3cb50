"""Whatever is at the worker's end of the exchange: images come whole, or an error does, at once."""

import contextlib
import os
import socket
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import ForwardError, PassError
from harness.sandbox.exchange import EndedError, Exchange
from harness.worker import exchange as worker
from harness.worker.exchange import COUNTERS, Answer, Ask, Asked

LR = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
READY = Answer().packed()


class Nearest:
    """Enlarges by 2, and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def answer(self, asked, lr):
        self.asked.append(asked)
        if asked.what is Ask.COUNT and asked.calls == COUNTERS.index("fvcore"):
            return Answer(flops=2**40), lr.repeat(2, 0).repeat(2, 1)
        if asked.what not in (Ask.CALL, Ask.COUNT):
            return Answer(2.0, calls=asked.calls), None
        if asked.what is Ask.COUNT:
            return Answer(), None
        if lr.max() == 255:
            return Answer(refused="too bright"), None
        return Answer(1e-6, peak_bytes=7), lr.repeat(2, 0).repeat(2, 1)

    def rest(self): ...


class Watch:
    """Has enough after so many looks."""

    def __init__(self, looks):
        self.looks = looks

    def __call__(self):
        self.looks -= 1
        if self.looks < 0:
            raise PassError("too long")


@pytest.fixture
def exchange():
    """Return an exchange whose other end is another thread's, at work till the end of the test."""
    made = []

    def begun(play, looks=10**9):
        exchange = Exchange(2)
        # numbers of its own, as a process has: the harness closes those that it handed over
        handles = tuple(map(os.dup, exchange.handles))

        def played():
            with contextlib.suppress(SystemExit, OSError, struct.error):  # the harness has gone
                play(handles)

        thread = threading.Thread(target=played)
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        made.append((exchange, thread, handles, child))
        thread.start()
        exchange.begin(child.pid, Watch(looks))
        exchange.ready()
        exchange.child = child
        return exchange

    yield begun
    for exchange, thread, handles, child in made:
        exchange.close()
        thread.join()
        for handle in handles:
            os.close(handle)
        child.communicate(b"\n")


def serving(service):
    return lambda handles: worker.Exchange(handles).serve(service)


def saying(*answers, before=lambda handles: None):
    """Say one answer after each question, or several, or bytes, and then nothing."""

    def play(handles):
        os.write(handles[0], READY)
        for answer in answers:
            number = Asked.read(os.read(handles[0], 100)).number
            before(handles)
            for one in answer if isinstance(answer, list) else [answer]:
                said = one if isinstance(one, bytes) else one._replace(number=number).packed()
                os.write(handles[0], said)
        os.read(handles[0], 100)

    return play


def test_images_come_back_whole_with_what_is_told_of_them(exchange):
    ends = exchange(serving(Nearest()))
    for _ in range(2):
        called = ends.called(LR)
        assert np.array_equal(called.sr, LR.repeat(2, 0).repeat(2, 1))
        assert (called.ms, called.told.peak_bytes) == (1e-6, 7)
        assert called.told.reserved_bytes is called.told.whole_ms is None
        assert called.referee_ms > called.ms


def test_an_image_is_the_harness_s_own_whatever_happens_to_the_slot(exchange):
    ends = exchange(serving(Nearest()))
    sr = ends.called(LR).sr
    ends.called(np.zeros_like(LR))
    os.ftruncate(ends.handles[2], 0)
    assert np.array_equal(sr, LR.repeat(2, 0).repeat(2, 1))


def test_sizes_may_change_from_call_to_call(exchange):
    ends = exchange(serving(Nearest()))
    for height, width in ((1, 1), (40, 50), (3, 2), (41, 50)):
        lr = np.full((height, width, 3), height, np.uint8)
        assert (ends.called(lr).sr == height).all()


def test_a_refusal_is_the_network_s_and_the_next_image_comes(exchange):
    ends = exchange(serving(Nearest()))
    with pytest.raises(ForwardError, match="too bright"):
        ends.called(np.full_like(LR, 255))
    assert ends.called(LR).ms == 1e-6


def test_images_come_back_counted_where_a_counter_counts(exchange):
    ends = exchange(serving(Nearest()))
    flops, sr = ends.counted(LR, "fvcore")
    assert flops == 2**40
    assert np.array_equal(sr, LR.repeat(2, 0).repeat(2, 1))
    assert ends.counted(LR, "torch") is None


def test_what_else_may_be_asked(exchange):
    service = Nearest()
    ends = exchange(serving(service))
    assert ends.in_a_row(LR, 3, 0.5) == (3, 2.0)
    assert ends.replayed(LR) == 2.0
    ends.release()
    ends.settle()
    ends.end()
    assert [asked._replace(number=0) for asked in service.asked] == [
        Asked(Ask.ROW, 2, 3, 3, 0.5),
        Asked(Ask.REPLAY, 2, 3),
        Asked(Ask.RELEASE),
        Asked(Ask.SETTLE),
    ]


GOOD = Answer(1e-6)
BAD = {
    "nothing of a message": b"x",
    "another question's answer": GOOD._replace(number=1).packed(),
    "a time of 0": Answer(0.0),
    "no time": Answer(),
    "a time that is negative": Answer(-1.0),
    "an infinite time": Answer(float("inf")),
    "a time longer than it took": Answer(1e9),
    "memory that is negative": Answer(1e-6, peak_bytes=-1),
    "fewer bytes than pixels": GOOD,  # nothing was put into the slot, which is short
}


@pytest.mark.parametrize("kind", BAD)
def test_an_answer_that_cannot_be_is_an_error(exchange, kind):
    ends = exchange(saying(BAD[kind], before=lambda handles: os.ftruncate(handles[2], 5)))
    with pytest.raises(PassError, match=r"worker|came back"):
        ends.called(LR)


def test_an_answer_given_twice_is_an_error(exchange):
    ends = exchange(saying([GOOD, GOOD], GOOD))
    ends.called(LR)
    with pytest.raises(PassError, match="what it was not asked"):
        ends.called(LR)


def test_a_flood_of_answers_is_an_error(exchange):
    def play(handles):
        channel = socket.socket(fileno=os.dup(handles[0]))
        channel.setblocking(False)
        with channel:
            try:
                while True:
                    channel.send(GOOD.packed())
            except BlockingIOError:
                pass

    ends = exchange(play)
    with pytest.raises(PassError, match="what it was not asked"):
        ends.called(LR)


def test_silence_ends_with_the_time_limit(exchange):
    ends = exchange(saying(GOOD), looks=3)
    ends.called(LR)
    with pytest.raises(PassError, match="too long"):
        ends.called(LR)


@pytest.mark.parametrize("when", ["before it is ready", "in a call", "between calls"])
def test_an_end_that_is_closed_is_an_end(exchange, when):
    def play(handles):
        channel = socket.socket(fileno=os.dup(handles[0]))
        with channel:
            if when != "before it is ready":
                channel.send(READY)
                number = Asked.read(channel.recv(100)).number
            if when == "between calls":
                channel.send(GOOD._replace(number=number).packed())
            channel.shutdown(socket.SHUT_RDWR)

    with pytest.raises(EndedError):
        ends = exchange(play)
        ends.called(LR)
        ends.called(LR)


def test_a_process_that_ended_is_an_end_though_its_own_children_hold_the_channel(exchange):
    ends = exchange(saying(GOOD))
    ends.called(LR)
    ends.child.kill()
    ends.child.wait()
    with pytest.raises(EndedError):
        ends.called(LR)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_message_is_an_answer_that_could_be_true_or_none(message):
    try:
        answer = Answer.read(message)
    except ValueError:
        return
    times = [ms for ms in answer[:4] if ms is not None]
    assert all(0 <= ms < float("inf") for ms in times)
    assert answer.peak_bytes >= 0
    assert answer.calls >= 0


def test_messages_are_read_as_they_were_written():
    answer = Answer(1.5, None, 2.5, 0.0, 2**40, None, 3, 2**62, "why \u00e9", 2**64 - 1)
    assert Answer.read(answer.packed()) == answer
    asked = Asked(Ask.ROW, 4, 5, 6, 0.5, 7)
    assert Asked.read(asked.packed()) == asked
    with pytest.raises(struct.error):
        Asked.read(b"")
