"""The process that answers operators is started, and started again."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hedgerow.errors import StartError
from hedgerow.serve.workers.attendant import Attendant
from hedgerow.serve.workers.board import Board
from hedgerow.serve.workers.line import Line
from hedgerow.serve.workers.slot import Ending
from hedgerow.wire.opening import open_socket

CRASHED = Ending(None, 9)


class Desk:
    """An attendant that starts nothing."""

    def __init__(self) -> None:
        self.bodies: list[Callable[[], int]] = []
        self.said: list[str] = []
        self.attendant = Attendant(Board(1, 64), self.fork, self.said.append, self.body)
        self.answered: list[tuple[str, socket.socket]] = []

    def fork(self, body: Callable[[], int]) -> int:
        self.bodies.append(body)
        return 100 + len(self.bodies)

    def body(self, board: Board, address: str, sock: socket.socket, line: Line) -> int:
        self.answered.append((address, sock))
        return 0


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.attendant.close()


class TestAttendant:
    def test_starts_nothing_where_no_address_is_set(self, desk: Desk) -> None:
        desk.attendant.open(None)
        desk.attendant.renew(0.0)
        desk.attendant.tick(100.0)
        assert desk.bodies == []

    def test_opens_its_address_at_once_and_starts_when_asked_to(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        assert desk.said[0].startswith("health and metrics on http://127.0.0.1:")
        assert desk.bodies == []
        desk.attendant.renew(5.0)
        assert desk.attendant.pid == 101
        desk.bodies[0]()
        assert desk.answered[0][0] == "127.0.0.1:0"

    def test_warns_of_an_address_that_others_can_reach(self, desk: Desk, tmp_path: Path) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.open(f"unix:{tmp_path / 'admin'}")
        assert not any("whoever can connect" in line for line in desk.said)
        desk.attendant.open("0.0.0.0:0")
        assert "whoever can connect" in desk.said[-1]

    def test_says_when_the_address_cannot_be_had(self, desk: Desk) -> None:
        taken = open_socket("127.0.0.1:0")
        with pytest.raises(StartError, match="in use"):
            desk.attendant.open(f"127.0.0.1:{taken.getsockname()[1]}")
        taken.close()

    def test_starts_one_that_died_again_later_and_later(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.renew(0.0)
        now = 0.0
        for wait in (1, 2, 4, 8, 16, 30, 30):
            desk.attendant.ended(now, desk.attendant.pid, CRASHED)
            desk.attendant.tick(now + wait - 0.1)
            assert desk.attendant.pid == 0
            now += wait
            desk.attendant.tick(now)
            assert desk.attendant.pid == 100 + len(desk.bodies)
        assert "was killed by SIGKILL: the next one in 30s" in desk.said[-1]

    def test_forgets_early_deaths_after_a_long_life(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.renew(0.0)
        desk.attendant.ended(0.0, 101, CRASHED)
        desk.attendant.tick(1.0)
        desk.attendant.ended(500.0, 102, CRASHED)
        desk.attendant.tick(501.0)
        assert desk.attendant.pid == 103

    def test_minds_no_other_process(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.renew(0.0)
        desk.attendant.ended(0.0, 7, CRASHED)
        assert desk.attendant.pid == 101

    def test_replaces_it_at_the_same_socket(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.renew(0.0)
        desk.attendant.renew(9.0)
        desk.attendant.ended(9.0, 101, Ending(0))
        assert desk.attendant.pid == 102
        for body in desk.bodies:
            body()
        assert desk.answered[0][1] is desk.answered[1][1]

    def test_keeps_its_socket_where_the_address_stays(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.open("127.0.0.1:0")
        assert len(desk.said) == 1

    def test_leaves_its_socket_to_others_in_a_worker(self, desk: Desk) -> None:
        desk.attendant.open("127.0.0.1:0")
        desk.attendant.renew(0.0)
        desk.bodies[0]()
        desk.attendant.leave()
        assert desk.answered[0][1].fileno() == -1

    def test_leaves_no_path_behind(self, desk: Desk, tmp_path: Path) -> None:
        desk.attendant.open(f"unix:{tmp_path}/admin.sock")
        desk.attendant.open(None)
        assert os.listdir(tmp_path) == []
