"""The fakes that the tests of the client's side lean on."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from typing_extensions import override

from hedgerow.errors import Failure
from tests.fakes.client_transport import FakeLine
from tests.fakes.upstream_calls import GET, RecordedCall, streamed
from tests.fakes.upstream_network import Network
from tests.fakes.upstream_script import answer, chunks


class TestScriptedAnswer:
    def test_has_the_framing_of_its_body(self) -> None:
        assert answer(503, "A: b", body=b"hi") == (
            b"HTTP/1.1 503 X\r\nContent-Length: 2\r\nA: b\r\n\r\nhi"
        )

    def test_may_come_in_chunks(self) -> None:
        raw = b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"
        assert answer(body=b"hi", chunked=True) == raw
        assert chunks(b"a", b"bc") == b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"


class TestRecordedCall:
    def test_writes_down_what_it_hears(self) -> None:
        call = RecordedCall()
        call.failed(Failure.RESET, "why")
        assert (call.heard, call.failure, call.detail) == (["failed"], Failure.RESET, "why")

    def test_has_no_status_before_it_is_answered(self) -> None:
        assert RecordedCall().outcome == ([], 0, b"", False, None)

    def test_that_is_streamed_says_how(self) -> None:
        assert b"Content-Length: 7\r\n" in streamed(size=7).head
        assert b"chunked" in streamed(in_chunks=True).head


class TestFakeLine:
    def test_keeps_what_is_written(self) -> None:
        assert FakeLine().carries(RecordedCall()).received == GET

    def test_delivers_nothing_once_it_is_closed(self) -> None:
        call = RecordedCall()
        FakeLine().carries(call).says(b"SSH-2.0\r\n", answer())
        assert call.heard == ["sent", "failed"]

    def test_tells_of_a_clean_end_before_the_loss(self) -> None:
        call = RecordedCall()
        line = FakeLine().carries(call).says(b"HTTP/1.1 200 X\r\n\r\n").closes()
        assert (call.ended, line.owner.told[-1]) == (True, "lost")


class Quiet(asyncio.Protocol):
    """Hears nothing."""


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network()
    yield made
    made.close()


class TestNetwork:
    def test_connects_after_a_round_trip(self, network: Network) -> None:
        before = network.time()
        network.run_until_complete(network.create_connection(Quiet, "192.0.2.1", 80))
        assert network.time() - before == pytest.approx(0.01)
        assert network.dialled == ["192.0.2.1"]

    def test_has_addresses_that_fail_or_say_nothing(self, network: Network) -> None:
        network.fates = {"192.0.2.1": ConnectionRefusedError(), "192.0.2.2": None}
        with pytest.raises(ConnectionRefusedError):
            network.run_until_complete(network.create_connection(Quiet, "192.0.2.1", 80))
        with pytest.raises(RuntimeError, match="nothing will bring about"):
            network.run_until_complete(network.create_connection(Quiet, "192.0.2.2", 80))
        for task in asyncio.all_tasks(network):
            task.cancel()
        network.settle()

    def test_knows_its_names_and_no_others(self, network: Network) -> None:
        network.names["a.example"] = ["192.0.2.1", "192.0.2.2"]
        found = network.run_until_complete(network.getaddrinfo("a.example", 80))
        assert [entry[4] for entry in found] == [("192.0.2.1", 80), ("192.0.2.2", 80)]
        with pytest.raises(socket.gaierror):
            network.run_until_complete(network.getaddrinfo("b.example", 80))
        assert network.lookups == 2

    def test_tells_once_that_a_connection_is_lost(self, network: Network) -> None:
        told: list[object] = []

        class Told(Quiet):
            @override
            def connection_lost(self, exc: Exception | None) -> None:
                told.append(exc)

        peer, _ = network.run_until_complete(network.create_connection(Told, "192.0.2.1", 80))
        network.does(peer.close)
        network.does(peer.abort)
        network.settle()
        assert told == [None]
