"""Clients that wait where nobody accepts are handed to others."""

import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from hedgerow.serve.workers.line import Line
from hedgerow.serve.workers.overflow import Overflow
from hedgerow.wire.opening import open_socket

ADDRESS = "127.0.0.1:0"


@dataclass
class Scene:
    """A socket at which nobody accepts, and workers that could take its clients."""

    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    listening: socket.socket = field(default_factory=lambda: open_socket(ADDRESS))
    pairs: list[tuple[Line, Line]] = field(default_factory=list)
    clients: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.overflow = Overflow(self.selector, lambda address: [ours for ours, _ in self.pairs])

    def come(self, count: int) -> None:
        self.clients += [
            socket.create_connection(self.listening.getsockname()) for _ in range(count)
        ]

    def turn(self) -> int:
        """Do what a supervisor's turn does; how many sockets were readable."""
        found = self.selector.select(0)
        for key, _ in found:
            key.data(key.fd)
        return len(found)

    def taken(self) -> list[int]:
        """How many clients each worker got, and at which address."""
        counts = []
        for _, theirs in self.pairs:
            got = list(theirs.hear())
            assert all(address == ADDRESS for address, _ in got)
            for _, client in got:
                client.close()
            counts.append(len(got))
        return counts

    def close(self) -> None:
        self.overflow.watch([])
        self.selector.close()
        self.listening.close()
        for client in self.clients:
            client.close()
        for ours, theirs in self.pairs:
            ours.close()
            theirs.close()


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    made.pairs = [Line.pair() for _ in range(2)]
    yield made
    made.close()


class TestClientsAtAWatchedSocket:
    def test_go_to_the_workers_in_turn(self, scene: Scene) -> None:
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.come(6)
        scene.turn()
        assert scene.taken() == [3, 3]

    def test_that_came_before_it_was_watched_go_there_too(self, scene: Scene) -> None:
        scene.come(2)
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.turn()
        assert scene.taken() == [1, 1]

    def test_go_to_another_worker_where_one_can_take_no_more(self, scene: Scene) -> None:
        scene.pairs[0][1].close()
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.come(4)
        scene.turn()
        taken = [client for _, client in scene.pairs[1][1].hear()]
        assert len(taken) == 4
        for client in taken:
            client.close()

    def test_are_all_taken_however_many_there_are(self, scene: Scene) -> None:
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.come(100)
        taken = 0
        while scene.turn():
            taken += sum(scene.taken())
        assert taken == 100

    def test_stay_in_the_queue_where_nobody_can_take_them(self, scene: Scene) -> None:
        lines, scene.pairs = scene.pairs, []
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.come(1)
        scene.turn()
        assert scene.turn() == 0  # and the supervisor is not woken for them again and again
        scene.pairs = lines
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.turn()
        assert sum(scene.taken()) == 1


class TestClientsAtASocketThatIsNotWatched:
    def test_are_left_alone(self, scene: Scene) -> None:
        scene.overflow.watch([(ADDRESS, scene.listening)])
        scene.overflow.watch([])
        scene.come(1)
        assert (scene.turn(), scene.taken()) == (0, [0, 0])
