"""Listening sockets of a supervisor: a socket a slot, and which of them get clients."""

import os
import socket
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from hedgerow.errors import StartError
from hedgerow.serve.workers.forking import fork
from hedgerow.serve.workers.listeners import Listeners, Wanted
from hedgerow.wire.opening import open_socket

ANY = "127.0.0.1:0"


@pytest.fixture
def dealt() -> Iterator[Listeners]:
    """Three slots, each with a socket of its own."""
    listeners = Listeners(shares_port=True)
    listeners.open([Wanted(ANY)])
    for slot in range(3):
        listeners.add_slot(slot)
    if len({one.fileno() for one in sockets(listeners, 3)}) == 1:
        pytest.skip("this system has no SO_REUSEPORT")
    yield listeners
    listeners.close()


def sockets(listeners: Listeners, slots: int, address: str = ANY) -> list[socket.socket]:
    return [listeners.of_slot(slot)[0][address] for slot in range(slots)]


def came(listeners: Listeners, slots: int, count: int = 60) -> Counter[int]:
    """Connect so often; return how many came to each slot."""
    host, _, port = listeners.bound_to(ANY).rpartition(":")
    clients = [socket.create_connection((host, int(port))) for _ in range(count)]
    counts: Counter[int] = Counter()
    for slot, sock in enumerate(sockets(listeners, slots)):
        while True:
            try:
                sock.accept()[0].close()
            except BlockingIOError:
                break
            counts[slot] += 1
    for client in clients:
        client.close()
    return counts


class TestSlots:
    def test_share_a_port_and_have_a_socket_each(self, dealt: Listeners) -> None:
        found = sockets(dealt, 3)
        assert len({one.fileno() for one in found}) == 3
        assert len({one.getsockname() for one in found}) == 1

    def test_get_all_clients_together(self, dealt: Listeners) -> None:
        counts = came(dealt, 3)
        assert sum(counts.values()) == 60
        assert len(counts) == 3

    def test_have_a_socket_for_each_thread(self) -> None:
        listeners = Listeners(shares_port=True, threads=2)
        listeners.open([Wanted(ANY)])
        listeners.add_slot(0)
        listeners.add_slot(1)
        numbers = {one[ANY].fileno() for slot in range(2) for one in listeners.of_slot(slot)}
        assert len(numbers) == 4
        listeners.close()

    def test_share_one_socket_where_that_is_wanted(self) -> None:
        listeners = Listeners(shares_port=False)
        listeners.open([Wanted(ANY)])
        listeners.add_slot(0)
        listeners.add_slot(1)
        assert len({one.fileno() for one in sockets(listeners, 2)}) == 1
        listeners.close()

    def test_share_one_socket_at_a_unix_path(self, tmp_path: Path) -> None:
        address = f"unix:{tmp_path}/a.sock"
        listeners = Listeners(shares_port=True)
        listeners.open([Wanted(address)])
        listeners.add_slot(1)
        assert len({one.fileno() for one in sockets(listeners, 2, address)}) == 1
        listeners.close()


class TestSteering:
    @pytest.mark.parametrize("wanted", [[0], [2], [0, 1], [0, 2]])
    def test_sends_clients_to_those_only(self, dealt: Listeners, wanted: list[int]) -> None:
        dealt.steer(wanted)
        counts = came(dealt, 3)
        assert sorted(counts) == wanted
        assert sum(counts.values()) == 60

    def test_to_all_is_the_kernels_own_way(self, dealt: Listeners) -> None:
        dealt.steer([0])
        dealt.steer([0, 1, 2])
        assert len(came(dealt, 3)) == 3

    def test_is_as_even_as_chance(self, dealt: Listeners) -> None:
        dealt.steer([0, 2])
        counts = came(dealt, 3, 400)
        assert 130 < counts[0] < 270

    def test_leaves_sockets_to_watch(self, dealt: Listeners) -> None:
        found = sockets(dealt, 3)
        assert list(dealt.without([0, 2])) == [(ANY, found[1])]

    def test_leaves_nothing_to_watch_where_all_share_one(self) -> None:
        listeners = Listeners(shares_port=False)
        listeners.open([Wanted(ANY)])
        listeners.add_slot(1)
        listeners.steer([0])
        assert list(listeners.without([0])) == []
        listeners.close()

    def test_holds_for_a_slot_that_is_added_again(self, dealt: Listeners) -> None:
        before = sockets(dealt, 3)
        dealt.steer([0, 1])
        dealt.add_slot(2)
        assert sockets(dealt, 3) == before


class TestOpening:
    def test_all_or_none(self) -> None:
        listeners = Listeners(shares_port=True)
        taken = open_socket(ANY)
        port = taken.getsockname()[1]
        free = open_socket(ANY)
        other = f"127.0.0.1:{free.getsockname()[1]}"
        free.close()
        with pytest.raises(StartError, match=str(port)):
            listeners.open([Wanted(other), Wanted(f"127.0.0.1:{port}")])
        open_socket(other).close()
        taken.close()

    def test_refuses_a_port_that_another_process_shares_by_mistake(self) -> None:
        first, second = Listeners(shares_port=True), Listeners(shares_port=True)
        first.open([Wanted(ANY)])
        where = first.bound_to(ANY)
        with pytest.raises(StartError, match="in use"):
            second.open([Wanted(where)])
        first.close()

    def test_keeps_what_is_open(self, dealt: Listeners) -> None:
        before = sockets(dealt, 3)
        dealt.open([Wanted(ANY)])
        assert sockets(dealt, 3) == before

    def test_brings_sockets_for_all_slots(self, dealt: Listeners, tmp_path: Path) -> None:
        dealt.open([Wanted(ANY), Wanted("localhost:0")])
        assert len({one.fileno() for one in sockets(dealt, 3, "localhost:0")}) == 3

    def test_gives_a_path_its_mode(self, tmp_path: Path) -> None:
        listeners = Listeners(shares_port=True)
        listeners.open([Wanted(f"unix:{tmp_path}/a.sock", 0o600)])
        assert (tmp_path / "a.sock").stat().st_mode & 0o777 == 0o600
        listeners.close()


class TestClosing:
    def test_what_is_not_wanted_any_more_frees_the_address(self, dealt: Listeners) -> None:
        where = dealt.bound_to(ANY)
        dealt.keep_only([])
        open_socket(where).close()

    def test_keeps_what_is_still_wanted(self, dealt: Listeners) -> None:
        dealt.keep_only([ANY])
        assert sum(came(dealt, 3).values()) == 60

    def test_removes_the_path(self, tmp_path: Path) -> None:
        listeners = Listeners(shares_port=True)
        listeners.open([Wanted(f"unix:{tmp_path}/a.sock")])
        listeners.close()
        assert list(tmp_path.iterdir()) == []

    def test_in_a_worker_leaves_its_own_sockets_and_no_path(
        self, dealt: Listeners, tmp_path: Path
    ) -> None:
        dealt.open([Wanted(ANY), Wanted(f"unix:{tmp_path}/a.sock")])
        before = sockets(dealt, 3)

        def in_a_worker() -> int:
            dealt.keep_slot(1)
            kept = [one.fileno() >= 0 for one in before]
            return 5 if kept == [False, True, False] else 6

        pid = fork(in_a_worker)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
        assert (tmp_path / "a.sock").exists()
