"""How a run is stopped: the first Ctrl-C asks, the second one interrupts."""

from __future__ import annotations

import signal

import pytest

from rn_core.training.processes import catch_interrupt


@pytest.mark.usefixtures("heeds_interrupts")
def test_the_first_ctrl_c_asks_and_the_second_interrupts():
    asked = []
    usual = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), catch_interrupt(lambda: asked.append(True)):
        signal.raise_signal(signal.SIGINT)
        assert asked == [True]
        signal.raise_signal(signal.SIGINT)
    assert asked == [True]
    assert signal.getsignal(signal.SIGINT) is usual


@pytest.mark.usefixtures("heeds_interrupts")
def test_it_ends_with_the_block():
    asked = []
    usual = signal.getsignal(signal.SIGINT)
    with catch_interrupt(lambda: asked.append(True)):
        assert signal.getsignal(signal.SIGINT) is not usual
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    assert asked == []


def test_a_job_in_the_background_stays_deaf():
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with catch_interrupt(lambda: pytest.fail("it was asked to stop")):
            signal.raise_signal(signal.SIGINT)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, usual)
