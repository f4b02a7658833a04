"""A child has nothing of its parent but what it is given."""

import os
import signal
from collections.abc import Callable

import pytest

from hedgerow.serve.workers.forking import CRASHED, fork


def code_of(body: Callable[[], int]) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(fork(body), 0)[1])


class TestChild:
    def test_ends_with_the_code_of_its_body(self) -> None:
        assert code_of(lambda: 7) == 7

    def test_that_fails_ends_with_a_code_of_its_own_and_says_why(
        self, capfd: pytest.CaptureFixture[str]
    ) -> None:
        def fails() -> int:
            raise ValueError("this and that")

        assert code_of(fails) == CRASHED
        assert "ValueError: this and that" in capfd.readouterr().err

    def test_does_not_run_what_its_parent_does_at_its_end(self) -> None:
        reading, writing = os.pipe()
        try:
            code_of(lambda: 0)
        finally:
            os.write(writing, b".")  # by a child that came out of fork(), too
        assert os.read(reading, 10) == b"."
        os.close(reading)
        os.close(writing)

    def test_has_no_handlers_of_its_parent(self) -> None:
        before = signal.signal(signal.SIGTERM, lambda number, frame: None)
        try:
            assert code_of(lambda: int(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)) == 1
        finally:
            signal.signal(signal.SIGTERM, before)

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP, signal.SIGTTIN])
    def test_leaves_to_its_parent_what_a_terminal_sends_to_all(self, number: int) -> None:
        def survives() -> int:
            os.kill(os.getpid(), number)
            return 7

        assert code_of(survives) == 7

    def test_can_be_reached_by_signals(self) -> None:
        def waits() -> int:
            signal.pause()
            return 0

        pid = fork(waits)
        os.kill(pid, signal.SIGTERM)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
