"""Memory that processes share: what one writes, another reads whole."""

import itertools
import os
import signal

import pytest

from hedgerow.serve.workers.board import Board, Cell
from hedgerow.serve.workers.forking import fork


def kept(gone: bytes, report: bytes) -> bytes:
    return gone + report


@pytest.fixture
def board() -> Board:
    return Board(3, report_room=1024)


class TestEntry:
    def test_is_free_until_somebody_signs(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        assert not entry.is_taken
        entry[Cell.PID] = 7
        assert entry.is_taken

    def test_holds_whole_numbers_and_others(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry[Cell.REQUESTS] = 2**63
        entry.write_number(Cell.UTILISATION, 0.25)
        assert entry[Cell.REQUESTS] == 2**63
        assert entry.number_at(Cell.UTILISATION) == 0.25

    def test_has_numbers_that_are_in_nobodys_way(self, board: Board) -> None:
        entries = board.reserve(3)
        for number, entry in enumerate(entries):
            for cell in (Cell.PID, Cell.CLIENTS, Cell.ACCEPTED, Cell.REQUESTS):
                entry[cell] = 100 * number + cell + 1
            entry.publish(b"report %d" % number)
        for number, entry in enumerate(entries):
            assert entry[Cell.CLIENTS] == 100 * number + Cell.CLIENTS + 1
            assert entry.report() == b"report %d" % number


class TestReport:
    def test_is_empty_at_first(self, board: Board) -> None:
        assert board.reserve(1)[0].report() == b""

    @pytest.mark.parametrize("count", [1, 2, 3, 4])
    def test_is_the_last_one(self, board: Board, count: int) -> None:
        (entry,) = board.reserve(1)
        for number in range(count):
            assert entry.publish(b"x" * number + b"%d" % number)
        assert entry.report() == b"x" * (count - 1) + b"%d" % (count - 1)

    def test_may_be_as_large_as_there_is_room(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        assert entry.publish(b"y" * 1024)
        assert entry.report() == b"y" * 1024

    def test_that_is_larger_leaves_the_old_one(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry.publish(b"old")
        assert not entry.publish(b"y" * 1025)
        assert entry.report() == b"old"

    def test_that_is_half_written_is_not_returned(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry.publish(b"whole")
        entry._buffers[1][:2] = b"??"
        assert entry.report() == b""

    def test_being_written_does_not_disturb_who_reads_the_last(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry.publish(b"whole")
        entry._buffers[0][:7] = b"written"
        assert entry.report() == b"whole"


class TestReserving:
    def test_gives_nothing_where_too_few_are_left(self, board: Board) -> None:
        assert len(board.reserve(2)) == 2
        assert board.reserve(2) == []
        assert len(board.reserve(1)) == 1

    def test_gives_out_again_what_was_released(self, board: Board) -> None:
        first = board.reserve(3)
        board.release(first[1], kept)
        assert board.reserve(1) == [first[1]]

    def test_gives_out_entries_that_are_empty(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry[Cell.PID] = entry[Cell.CLIENTS] = entry[Cell.IS_READY] = 1
        entry.write_number(Cell.HEARTBEAT, 5.0)
        entry.publish(b"of the one before")
        board.release(entry, kept)
        (again,) = board.reserve(1)
        assert (again.is_taken, again[Cell.CLIENTS], again[Cell.IS_READY]) == (False, 0, 0)
        assert (again.number_at(Cell.HEARTBEAT), again.report()) == (0.0, b"")


class TestThoseGone:
    def test_keep_what_they_counted(self, board: Board) -> None:
        for count in (5, 7):
            (entry,) = board.reserve(1)
            entry[Cell.PID], entry[Cell.ACCEPTED], entry[Cell.REQUESTS] = 1, count, 10 * count
            entry.publish(b"%d " % count)
            board.release(entry, kept)
        (gone,) = board.readings()
        assert (gone.pid, gone.accepted, gone.requests, gone.report) == (0, 12, 120, b"5 7 ")

    def test_and_those_alive_are_read_together(self, board: Board) -> None:
        entries = board.reserve(2)
        for entry in entries:
            entry[Cell.PID], entry[Cell.REQUESTS] = 40 + entry.number, 10
        board.release(entries[0], kept)
        assert sum(reading.requests for reading in board.readings()) == 20
        assert [reading.pid for reading in board.readings()] == [0, 40 + entries[1].number]


class TestReadiness:
    def test_is_of_anybody(self, board: Board) -> None:
        entries = board.reserve(2)
        assert not board.is_ready
        entries[1][Cell.IS_READY] = 1
        assert board.is_ready

    def test_ends_when_all_of_it_does(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry[Cell.IS_READY] = 1
        board.stop()
        assert (board.is_ready, board.is_stopping) == (False, True)


class TestSupervisor:
    def test_says_that_it_is_well_and_whom_it_lost(self, board: Board) -> None:
        board.supervised(12.5, 3)
        assert (board.supervisor_seen, board.crashes) == (12.5, 3)
        (entry,) = board.reserve(1)
        board.release(entry, kept)
        assert (board.supervisor_seen, board.crashes) == (12.5, 3)


class TestDraining:
    def test_is_told_and_forgotten(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry[Cell.PID] = entry[Cell.IS_DRAINING] = 1
        assert board.readings()[1].is_draining
        board.release(entry, kept)
        (entry,) = board.reserve(1)
        entry[Cell.PID] = 1
        assert not board.readings()[1].is_draining


class TestAnotherProcess:
    def test_sees_what_is_written(self, board: Board) -> None:
        (entry,) = board.reserve(1)

        def writes() -> int:
            entry[Cell.REQUESTS] = 99
            return int(entry.publish(b"from the child"))

        os.waitpid(fork(writes), 0)
        assert (entry[Cell.REQUESTS], entry.report()) == (99, b"from the child")

    def test_that_writes_all_the_time_is_read_whole(self, board: Board) -> None:
        (entry,) = board.reserve(1)
        entry.publish(b"0" * 1000)

        def writes() -> int:
            for letter in itertools.cycle(b"abcdefgh"):
                entry.publish(bytes([letter]) * (900 + letter % 8))
            return 0

        pid = fork(writes)
        try:
            reports = {entry.report() for _ in range(3000)}
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        assert all(len(set(report)) <= 1 for report in reports)
        assert len(reports) > 1
