import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.generator import dialling as dialling_module
from hedgerow.load.generator.dialling import Dialler
from hedgerow.load.generator.request_maker import Endpoint
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import Connecting
from hedgerow.wire.heads import ResponseHeadParser
from hedgerow.wire.lean import LeanConnection
from hedgerow.wire.memo import HeadMemo
from tests.fakes.answer_reader import RecordingReader
from tests.fakes.transport import FakeTransport
from tests.fakes.virtual_loop import START, run

SHOP = Endpoint(tls=False, host="shop", port=80)


class Network:
    """Stands in for the loop's network; ``script`` says what comes of an address."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
        self.addresses = addresses
        self.script: Callable[[str], Exception | None] = lambda _: None
        self.seconds = 0.0
        self.dialled: list[tuple[str, int]] = []
        self.lookups = 0
        self.under_way = self.most_under_way = 0
        self.transports: list[FakeTransport] = []
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "getaddrinfo", self.getaddrinfo)
        monkeypatch.setattr(loop, "create_connection", self.create_connection)
        monkeypatch.setattr(loop, "create_unix_connection", self.create_unix_connection)

    async def getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        self.lookups += 1
        if not self.addresses:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [(0, 0, 0, "", (address, port)) for address in self.addresses]

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], host: str, port: int, **_: object
    ) -> None:
        self.dialled.append((host, port))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.under_way -= 1
        error = self.script(host)
        if error is not None:
            raise error
        self.transports.append(FakeTransport())
        factory().connection_made(self.transports[-1])

    async def create_unix_connection(
        self, factory: Callable[[], asyncio.Protocol], path: str, **_: object
    ) -> None:
        await self.create_connection(factory, path, 0)


class Wish:
    """Somebody who wants a connection."""

    def __init__(self) -> None:
        self.reader = RecordingReader()
        self.connection = LeanConnection(self.reader, ResponseHeadParser(), HeadMemo())
        self.failure: tuple[Outcome, str] | None = None
        self.failed_at = 0.0
        self.dialled = False

    @property
    def outcome(self) -> Outcome | None:
        return None if self.failure is None else self.failure[0]

    def dialling(self, now_ns: int) -> None:
        self.dialled = True

    def not_opened(self, connection: LeanConnection, outcome: Outcome, detail: str) -> None:
        assert connection is self.connection
        self.failure = (outcome, detail)
        self.failed_at = asyncio.get_running_loop().time() - START


def dial(
    monkeypatch: pytest.MonkeyPatch,
    *addresses: str,
    arrange: Callable[[Network], None] = lambda _: None,
    connecting: Connecting | None = None,
    wishes: int = 1,
    seconds: float = 60.0,
) -> tuple[Network, list[Wish], Dialler]:
    """Dial for so many at once, and wait."""

    async def main() -> tuple[Network, list[Wish], Dialler]:
        network = Network(monkeypatch, list(addresses))
        arrange(network)
        dialler = Dialler(asyncio.get_running_loop(), connecting or Connecting())
        asked = [Wish() for _ in range(wishes)]
        for wish in asked:
            dialler.dial(SHOP, wish.connection, wish)
        await asyncio.sleep(seconds)
        dialler.close()
        await asyncio.sleep(0)
        return network, asked, dialler

    return run(main())


def fails_with(error: Exception) -> Callable[[Network], None]:
    def arrange(network: Network) -> None:
        network.script = lambda _: error

    return arrange


def takes(seconds: float) -> Callable[[Network], None]:
    def arrange(network: Network) -> None:
        network.seconds = seconds

    return arrange


class TestConnection:
    def test_is_told_to_its_reader(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _, (wish,), dialler = dial(monkeypatch, "192.0.2.1")
        assert (wish.reader.heard, wish.failure, dialler.opened) == (["opened"], None, 1)

    def test_goes_to_the_addresses_in_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network, _, _ = dial(monkeypatch, "192.0.2.1", "192.0.2.2", wishes=4)
        assert [host for host, _ in network.dialled] == ["192.0.2.1", "192.0.2.2"] * 2

    def test_goes_to_the_next_address_where_one_refuses(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # As with localhost, where a server listens on 127.0.0.1 only.
        def arrange(network: Network) -> None:
            network.script = lambda host: (
                ConnectionRefusedError(errno.ECONNREFUSED, "") if (host == "::1") else None
            )

        _, wishes, dialler = dial(monkeypatch, "::1", "127.0.0.1", arrange=arrange, wishes=4)
        assert [wish.outcome for wish in wishes] == [None] * 4
        assert dialler.opened == 4

    def test_goes_where_connect_to_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        rules = (("other:80", "192.0.2.8:1"), ("shop:80", "192.0.2.9:8080"))
        connecting = Connecting(connect_to=rules)
        network, _, _ = dial(monkeypatch, "192.0.2.9", connecting=connecting)
        assert network.dialled == [("192.0.2.9", 8080)]

    def test_goes_to_a_unix_socket(self, monkeypatch: pytest.MonkeyPatch) -> None:
        network, (wish,), _ = dial(monkeypatch, connecting=Connecting(unix="/run/shop"))
        assert (network.dialled, network.lookups) == ([("/run/shop", 0)], 0)
        assert wish.reader.heard == ["opened"]


class TestFailure:
    @pytest.mark.parametrize(
        ("error", "outcome"),
        [
            (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Outcome.CONNECT_REFUSED),
            (OSError(errno.EMFILE, "x"), Outcome.NO_CAPACITY),
            (OSError(errno.EADDRNOTAVAIL, "x"), Outcome.NO_CAPACITY),
            (OSError(errno.EHOSTUNREACH, "x"), Outcome.CONNECT_FAILED),
            (TimeoutError(errno.ETIMEDOUT, "x"), Outcome.CONNECT_TIMEOUT),
            (ssl.SSLCertVerificationError(1, "x"), Outcome.TLS),
            (ValueError("x"), Outcome.CONNECT_FAILED),
        ],
    )
    def test_is_of_a_class(
        self, monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: Outcome
    ) -> None:
        _, (wish,), dialler = dial(monkeypatch, "192.0.2.1", arrange=fails_with(error))
        assert (wish.outcome, dialler.opened, dialler.under_way) == (outcome, 0, 0)

    def test_of_a_name_is_dns(self, monkeypatch: pytest.MonkeyPatch) -> None:
        _, (wish,), _ = dial(monkeypatch)
        assert wish.outcome == Outcome.DNS

    def test_for_want_of_descriptors_or_ports_is_remembered(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number, told in ((errno.EMFILE, (True, False)), (errno.EADDRNOTAVAIL, (False, True))):
            error = OSError(number, "")
            _, _, dialler = dial(monkeypatch, "192.0.2.1", arrange=fails_with(error))
            assert (dialler.descriptors_short, dialler.ports_short) == told

    def test_in_time_is_a_timeout(self, monkeypatch: pytest.MonkeyPatch) -> None:
        connecting = Connecting(connect_timeout=2.0)
        _, (wish,), _ = dial(monkeypatch, "192.0.2.1", arrange=takes(9), connecting=connecting)
        assert (wish.outcome, wish.failed_at) == (Outcome.CONNECT_TIMEOUT, 2.0)

    def test_of_our_own_is_not_kept_quiet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(AssertionError, match=r"Exception in callback.*KeyError"):
            dial(monkeypatch, "192.0.2.1", arrange=fails_with(KeyError("ours")))


class TestMany:
    def test_are_opened_a_number_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dialling_module, "_MAX_OPENING", 3)
        network, wishes, dialler = dial(monkeypatch, "192.0.2.1", arrange=takes(0.1), wishes=10)
        assert (network.most_under_way, dialler.opened) == (3, 10)
        assert all(wish.reader.heard == ["opened"] for wish in wishes)

    def test_do_not_wait_longer_for_their_turn_than_for_a_connection(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dialling_module, "_MAX_OPENING", 3)
        _, wishes, _ = dial(monkeypatch, "192.0.2.1", arrange=takes(999), wishes=30)
        assert {wish.outcome for wish in wishes} == {Outcome.CONNECT_TIMEOUT}
        assert max(wish.failed_at for wish in wishes) == pytest.approx(5.0, abs=0.01)

    def test_share_an_answer_about_a_name_for_a_while(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def main() -> list[int]:
            network = Network(monkeypatch, ["192.0.2.1"])
            dialler = Dialler(asyncio.get_running_loop(), Connecting())
            seen = []
            for _ in range(4):
                wish = Wish()
                dialler.dial(SHOP, wish.connection, wish)
                await asyncio.sleep(4)
                seen.append(network.lookups)
            return seen

        assert run(main()) == [1, 1, 1, 2]


class TestClose:
    def test_gives_up_whatever_is_being_opened(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(dialling_module, "_MAX_OPENING", 1)
        _, wishes, dialler = dial(monkeypatch, "192.0.2.1", arrange=takes(3), wishes=2, seconds=1.0)
        assert dialler.under_way == 0
        assert [wish.outcome for wish in wishes] == [None, None]


class TestEveryWish:
    @given(st.lists(st.sampled_from(["open", "refuse"]), min_size=1, max_size=12))
    def test_has_one_answer(self, ends: list[str]) -> None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(dialling_module, "_MAX_OPENING", 2)
            left = iter(ends)

            def arrange(network: Network) -> None:
                network.script = lambda _: (
                    ConnectionRefusedError(errno.ECONNREFUSED, "")
                    if next(left) == "refuse"
                    else None
                )

            _, wishes, _ = dial(monkeypatch, "192.0.2.1", arrange=arrange, wishes=len(ends))
            answers = [len(wish.reader.heard) + (wish.failure is not None) for wish in wishes]
            assert answers == [1] * len(ends)
