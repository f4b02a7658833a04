"""The line between a supervisor and a worker."""

import socket
import time

from hedgerow.serve.workers.line import DRAIN, READY, Line


def heard(line: Line) -> list[tuple[str, socket.socket]]:
    return list(line.hear())


class TestLine:
    def test_carries_words_both_ways(self) -> None:
        ours, theirs = Line.pair()
        theirs.say_ready()
        ours.say(DRAIN)
        assert (heard(ours), heard(theirs)) == ([], [])
        assert (ours.said, theirs.said) == (READY, DRAIN)
        ours.close()
        theirs.close()

    def test_does_not_wait_where_nothing_is_said(self) -> None:
        ours, theirs = Line.pair()
        assert heard(ours) == []
        assert (ours.said, ours.is_broken) == (b"", False)
        ours.close()
        theirs.close()

    def test_breaks_when_the_other_end_is_gone(self) -> None:
        ours, theirs = Line.pair()
        theirs.close()
        heard(ours)
        assert ours.is_broken
        assert not ours.say(DRAIN)
        ours.close()

    def test_keeps_what_was_said_before_it_broke(self) -> None:
        ours, theirs = Line.pair()
        theirs.say_ready()
        theirs.close()
        heard(ours)
        assert (ours.said, ours.is_broken) == (READY, True)
        ours.close()

    def test_hands_clients_over_with_the_address_they_came_to(self) -> None:
        ours, theirs = Line.pair()
        pairs = [socket.socketpair() for _ in range(2)]
        for (given, _), address in zip(pairs, ("127.0.0.1:80", "[::1]:443"), strict=True):
            assert ours.hand_over(address, given)
            given.close()
        ours.say(DRAIN)
        clients = heard(theirs)
        assert [address for address, _ in clients] == ["127.0.0.1:80", "[::1]:443"]
        for (_, client), (_, other) in zip(clients, pairs, strict=True):
            client.sendall(b"hello")
            assert other.recv(5) == b"hello"
            client.close()
            other.close()
        assert theirs.said == DRAIN
        ours.close()
        theirs.close()

    def test_that_is_full_takes_no_client_and_does_not_wait(self) -> None:
        ours, theirs = Line.pair()
        given, other = socket.socketpair()
        began = time.monotonic()
        while ours.hand_over("127.0.0.1:80", given):
            assert time.monotonic() < began + 30
        for _, client in heard(theirs):
            client.close()
        assert ours.hand_over("127.0.0.1:80", given)
        for one in (given, other, ours, theirs):
            one.close()
