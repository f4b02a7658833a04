"""Workers as processes: what comes of one that cannot be started, and of those that end."""

import os
import selectors
import signal
from collections.abc import Iterator

import pytest

from hedgerow.errors import StartError
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.serve.workers.board import Board
from hedgerow.serve.workers.forking import fork
from hedgerow.serve.workers.listeners import Listeners
from hedgerow.serve.workers.processes import Processes
from hedgerow.serve.workers.slot import Ending
from hedgerow.serve.workers.worker import Surroundings

SETTINGS = settings_from_text('[upstream.a]\nreplicas = ["http://127.0.0.1:9"]\n')


def nothing() -> None:
    """Nothing is to be settled."""


@pytest.fixture
def selector() -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as made:
        yield made


def processes(board: Board, selector: selectors.BaseSelector) -> Processes:
    around = Surroundings(lambda text: None, nothing)
    return Processes(board, Listeners(shares_port=False), selector, around)


class TestStart:
    def test_is_refused_where_the_board_is_full(self, selector: selectors.BaseSelector) -> None:
        made = processes(Board(0, 64), selector)
        with pytest.raises(StartError, match="most of them draining"):
            made.start(0, 0, SETTINGS)
        assert list(made) == []

    def test_that_the_system_refuses_leaves_nothing(
        self, selector: selectors.BaseSelector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse() -> int:
            raise BlockingIOError(11, "Resource temporarily unavailable")

        board = Board(1, 64)
        made = processes(board, selector)
        monkeypatch.setattr(os, "fork", refuse)
        for _ in range(3):  # the entry is given back each time
            with pytest.raises(StartError, match="temporarily unavailable"):
                made.start(0, 0, SETTINGS)
        assert (list(made), len(selector.get_map())) == ([], 0)
        assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


class TestCollect:
    def test_tells_how_each_process_ended(self, selector: selectors.BaseSelector) -> None:
        made = processes(Board(1, 64), selector)
        fine, stuck = fork(lambda: 7), fork(wait)
        os.kill(stuck, signal.SIGKILL)
        found: dict[int, Ending] = {}
        while len(found) < 2:
            found |= dict(made.collect())
        assert found == {fine: Ending(7), stuck: Ending(None, signal.SIGKILL)}

    def test_does_not_wait_for_those_that_run(self, selector: selectors.BaseSelector) -> None:
        made = processes(Board(1, 64), selector)
        pid = fork(wait)
        assert pid not in dict(made.collect())
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def wait() -> int:
    signal.pause()
    return 0
