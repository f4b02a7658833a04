"""Signals as something that a selector sees."""

import os
import select
import signal
from collections.abc import Iterator

import pytest

from hedgerow.serve.workers.forking import HANDLED
from hedgerow.serve.workers.signals import Signals, send


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Handlers are the whole process's: give them back."""
    kept = {number: signal.getsignal(number) for number in HANDLED}
    made = Signals()
    yield made
    made.close()
    for number, handler in kept.items():
        signal.signal(number, handler)


def is_readable(signals: Signals) -> bool:
    return bool(select.select([signals], [], [], 0)[0])


class TestSignals:
    def test_wake_a_selector(self, signals: Signals) -> None:
        assert not is_readable(signals)
        os.kill(os.getpid(), signal.SIGHUP)
        assert is_readable(signals)

    def test_are_taken_in_their_order_and_once(self, signals: Signals) -> None:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.take() == [signal.SIGHUP, signal.SIGTERM]
        assert signals.take() == []
        assert not is_readable(signals)

    def test_are_many_without_being_lost(self, signals: Signals) -> None:
        for _ in range(5000):
            os.kill(os.getpid(), signal.SIGTTIN)
        assert len(signals.take()) == 5000


class TestSend:
    def test_to_one_that_is_gone_does_nothing(self) -> None:
        pid = os.spawnlp(os.P_NOWAIT, "true", "true")
        os.waitpid(pid, 0)
        send(pid, signal.SIGTERM)
