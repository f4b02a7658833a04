"""When names are asked for, and what is made of the answers."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any

import pytest
from typing_extensions import override

from hedgerow.serve.resolving import Names, ask_system
from hedgerow.wire.descriptors import Descriptors
from hedgerow.wire.engine import Engine
from tests.fakes.upstream_network import Network

API, WEB = ("api.test", 80), ("web.test", 443)
NOBODY = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


class Book:
    """What each host is; an error is raised, and None is silence."""

    def __init__(self) -> None:
        self.hosts: dict[str, list[str] | Exception | None] = {
            "api.test": ["192.0.2.1", "192.0.2.2"],
            "web.test": ["192.0.2.9"],
        }
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append(host)
        known = self.hosts[host]
        if known is None:
            await asyncio.Event().wait()
        if isinstance(known, Exception):
            raise known
        return list(known or ())


class Desk:
    """Two names that are asked for every ten seconds; time is what a test says."""

    def __init__(self) -> None:
        self.book = Book()
        self.said: list[str] = []
        self.changes = 0
        self.network = Network()
        self.engine = Engine(self.network, Descriptors(10))
        self.names = Names([API, WEB], 10.0, self.engine, self.said.append, self.book)
        self.names.changed = lambda now: self.change()

    def change(self) -> None:
        self.changes += 1

    def at(self, now: float) -> list[str]:
        """Let it look at this time; return who is asked for."""
        before = len(self.book.asked)
        self.network.does(self.names.tick, now)
        self.network.settle()
        return self.book.asked[before:]

    def waits(self, what: Coroutine[Any, Any, None]) -> None:
        self.network.run_until_complete(what)

    def close(self) -> None:
        self.network.does(self.names.stop)
        self.network.settle()
        self.engine.close()
        assert self.network.complaints == []
        self.network.close()


@pytest.fixture
def desk() -> Any:
    made = Desk()
    yield made
    made.close()


class TestNames:
    def test_are_asked_for_all_at_first(self, desk: Desk) -> None:
        assert desk.at(0.0) == ["api.test", "web.test"]
        assert desk.names.addresses(*API) == ("192.0.2.1", "192.0.2.2")
        assert desk.names.addresses(*WEB) == ("192.0.2.9",)

    def test_are_asked_for_again_when_it_is_time(self, desk: Desk) -> None:
        desk.at(0.0)
        assert desk.at(9.9) == []
        assert desk.at(10.0) == ["api.test", "web.test"]

    def test_are_told_of_only_when_they_change(self, desk: Desk) -> None:
        desk.at(0.0)
        desk.at(10.0)
        desk.book.hosts["api.test"] = ["192.0.2.2", "192.0.2.1"]
        desk.at(20.0)
        assert desk.changes == 2  # one for each name
        desk.book.hosts["api.test"] = ["192.0.2.2"]
        desk.at(30.0)
        assert desk.changes == 3

    def test_have_each_address_once(self, desk: Desk) -> None:
        desk.book.hosts["web.test"] = ["192.0.2.9", "192.0.2.8", "192.0.2.9"]
        desk.at(0.0)
        assert desk.names.addresses(*WEB) == ("192.0.2.9", "192.0.2.8")

    def test_are_known_once_the_first_answers_have_come(self, desk: Desk) -> None:
        desk.waits(desk.names.first(1.0))
        assert desk.names.addresses(*WEB) == ("192.0.2.9",)
        assert desk.said == []

    def test_are_asked_for_no_more_after_the_end(self, desk: Desk) -> None:
        desk.names.stop()
        assert desk.at(0.0) == []


class TestNameThatCannotBeResolved:
    @pytest.mark.parametrize(
        ("answer", "why"),
        [
            (NOBODY, "Name or service not known"),
            (OSError("the resolver is gone"), "the resolver is gone"),
            (UnicodeError("label too long"), "label too long"),
            ([], "it has no address"),
        ],
    )
    def test_keeps_its_addresses(self, desk: Desk, answer: list[str] | Exception, why: str) -> None:
        desk.at(0.0)
        desk.book.hosts["api.test"] = answer
        desk.at(10.0)
        assert desk.names.addresses(*API) == ("192.0.2.1", "192.0.2.2")
        assert desk.said == [f"the name api.test: {why}; the addresses that are known stay in use"]

    def test_is_told_of_once_and_when_it_is_over(self, desk: Desk) -> None:
        desk.book.hosts["api.test"] = NOBODY
        for second in range(5):
            desk.at(second)
        assert len(desk.said) == 1
        assert desk.said[0].endswith("it stands for no replica until it can be resolved")
        desk.book.hosts["api.test"] = ["192.0.2.1"]
        desk.at(6.0)
        assert desk.said[1:] == ["the name api.test can be resolved again"]

    def test_is_asked_for_again_soon(self, desk: Desk) -> None:
        desk.book.hosts["api.test"] = NOBODY
        desk.at(0.0)
        assert desk.at(0.9) == []
        assert desk.at(1.0) == ["api.test"]

    def test_is_no_reason_to_ask_too_often_where_the_resolver_is_broken(self, desk: Desk) -> None:
        desk.book.hosts["api.test"] = LookupError("a bug")
        desk.at(0.0)
        assert desk.at(0.5) == []
        assert desk.at(1.0) == ["api.test"]
        desk.network.complaints.clear()

    def test_does_not_keep_another_from_being_resolved(self, desk: Desk) -> None:
        desk.book.hosts["api.test"] = None
        desk.waits(desk.names.first(1.0))
        assert desk.names.addresses(*WEB) == ("192.0.2.9",)
        assert desk.said == [
            "the name api.test: no answer within 1s;"
            " it stands for no replica until it can be resolved"
        ]


class TestResolverThatHangs:
    def test_is_asked_no_second_time_meanwhile(self, desk: Desk) -> None:
        desk.book.hosts["api.test"] = None
        desk.at(0.0)
        assert desk.at(20.0) == ["web.test"]

    def test_is_waited_for_no_longer_at_the_end(self, desk: Desk) -> None:
        desk.book.hosts["api.test"] = None
        desk.at(0.0)
        assert len(asyncio.all_tasks(desk.network)) == 1
        desk.network.does(desk.names.stop)
        desk.network.settle()
        assert asyncio.all_tasks(desk.network) == set()

    def test_is_told_of_after_a_while(self, desk: Desk) -> None:
        desk.at(0.0)
        desk.book.hosts["api.test"] = None
        desk.at(10.0)
        desk.at(15.0)
        assert desk.said == []
        desk.at(15.1)
        desk.at(16.0)
        assert desk.said == [
            "the name api.test: no answer within 5s; the addresses that are known stay in use"
        ]


class TestSystem:
    class Mixed(Network):
        """Has addresses of both kinds."""

        order = (socket.AF_INET6, socket.AF_INET)

        @override
        async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
            where = {
                socket.AF_INET: ["192.0.2.1", "192.0.2.2"],
                socket.AF_INET6: ["2001:db8::1", "2001:db8::2"],
            }
            return [
                (kind, socket.SOCK_STREAM, 6, "", (address, port))
                for kind in self.order
                for address in where[kind]
            ]

    @pytest.mark.parametrize(
        ("first", "found"),
        [
            (socket.AF_INET, ["192.0.2.1", "192.0.2.2"]),
            (socket.AF_INET6, ["2001:db8::1", "2001:db8::2"]),
        ],
    )
    def test_is_asked_for_addresses_of_one_kind(
        self, first: socket.AddressFamily, found: list[str]
    ) -> None:
        loop = self.Mixed()
        loop.order = (first, socket.AF_INET6 if first is socket.AF_INET else socket.AF_INET)
        assert loop.run_until_complete(ask_system("api.test", 80)) == found
        loop.close()
