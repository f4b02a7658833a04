"""Names whose addresses change: each address is a replica, for as long as the name has it."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from tests.fakes.gateway_client import Answer, ask
from tests.fakes.gateway_house import RETRIES, TURNS, House
from tests.fakes.gateway_running import eventually, gateway, play, settings
from tests.fakes.gateway_upstream import Arrival, Script, Upstream, answers

NAME = "up.example"
OFTEN = 'resolve = "100ms"\nslow_start = "off"\n' + TURNS


class NameServer:
    """Knows what the name means now; an error is raised, and None is no answer."""

    def __init__(self, *addresses: str) -> None:
        self.knows: list[str] | OSError | None = list(addresses)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        assert host == NAME
        self.asked += 1
        if self.knows is None:
            await asyncio.Event().wait()
        if isinstance(self.knows, OSError):
            raise self.knows
        return list(self.knows or ())


NOBODY = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@contextlib.asynccontextmanager
async def town(names: NameServer, *scripts: Script, pool: str = OFTEN) -> AsyncIterator[House]:
    """A gateway to one name; the replicas are at 127.0.0.1, .2 and so on, at one port."""
    async with contextlib.AsyncExitStack() as stack:
        replicas: list[Upstream] = []
        for number, script in enumerate(scripts, 1):
            port = replicas[0].port if replicas else 0
            replicas.append(Upstream(script, host=f"127.0.0.{number}", port=port))
            await replicas[-1].start()
            stack.push_async_callback(replicas[-1].stop)
        text = settings(f"http://{NAME}:{replicas[0].port}", RETRIES, pool=pool)
        running = await stack.enter_async_context(gateway(text, resolver=names))
        yield House(running, replicas)


def announced(scene: House) -> list[str]:
    """What the operator was told about names."""
    return [story for story in scene.running.stories if ": the name " in story]


class TestName:
    def test_stands_for_all_its_addresses_from_the_first_request_on(self) -> None:
        async def main() -> tuple[list[int], list[str]]:
            names = NameServer("127.0.0.1", "127.0.0.2")
            async with town(names, answers, answers) as scene:
                port = scene.replicas[0].port
                called = [one.name.replace(str(port), "PORT") for one in scene.told().replicas]
                return await scene.shares(20), called

        assert play(main()) == (
            [10, 10],
            ["up.example:PORT (127.0.0.1)", "up.example:PORT (127.0.0.2)"],
        )

    def test_is_whose_certificate_each_address_must_show(self) -> None:
        async def main() -> list[tuple[str, str | None]]:
            names = NameServer("127.0.0.1", "127.0.0.2")
            async with town(names, answers, answers) as scene:
                origins = [pool._origin for pool in scene.running.gateway.pools]
                return [(origin.host, origin.server_name) for origin in origins]

        assert play(main()) == [("127.0.0.1", NAME), ("127.0.0.2", NAME)]

    def test_is_one_replica_where_it_is_not_resolved(self) -> None:
        async def main() -> tuple[int, int]:
            names = NameServer("127.0.0.1", "127.0.0.2")
            route = 'hedge = "off"'
            text = settings("http://localhost:1", route, pool='resolve = "off"')
            async with gateway(text, resolver=names) as running:
                return names.asked, len(running.gateway.upstreams["work"].statistics().replicas)

        assert play(main()) == (0, 1)


class TestAddress:
    def test_that_comes_gets_its_share(self) -> None:
        async def main() -> list[int]:
            names = NameServer("127.0.0.1")
            async with town(names, answers, answers) as scene:
                await scene.ask(2)
                names.knows = ["127.0.0.1", "127.0.0.2"]
                await eventually(lambda: len(scene.told().replicas) == 2)
                return await scene.shares(20)

        assert play(main()) == [10, 10]

    def test_that_comes_starts_slowly(self) -> None:
        async def main() -> list[int]:
            names = NameServer("127.0.0.1")
            pool = OFTEN.replace('"off"', '"60s"')
            async with town(names, answers, answers, pool=pool) as scene:
                names.knows = ["127.0.0.1", "127.0.0.2"]
                await eventually(lambda: len(scene.told().replicas) == 2)
                return await scene.shares(44)

        old, new = play(main())
        assert old + new == 44
        assert 1 <= new <= 8

    def test_that_is_gone_gets_nothing_more_and_loses_its_connections(self) -> None:
        async def main() -> tuple[list[int], int]:
            names = NameServer("127.0.0.1", "127.0.0.2")
            async with town(names, answers, answers) as scene:
                await scene.ask(4)
                names.knows = ["127.0.0.2"]
                await eventually(lambda: all(c.is_lost for c in scene.replicas[0].connections))
                return await scene.shares(10), len(scene.running.gateway.pools)

        assert play(main()) == ([0, 10], 1)

    def test_that_is_gone_finishes_what_it_has_begun(self) -> None:
        may_end = asyncio.Event()

        async def slow(arrival: Arrival) -> None:
            arrival.begin()
            arrival.chunk(b"a")
            await may_end.wait()
            arrival.chunk(b"b")
            arrival.send(b"0\r\n\r\n")

        async def main() -> tuple[Answer, int]:
            names = NameServer("127.0.0.1")
            async with town(names, slow, answers) as scene:
                asked = asyncio.ensure_future(ask(scene.running.port))
                await eventually(lambda: scene.came()[0] == 1)
                names.knows = ["127.0.0.2"]
                await eventually(lambda: scene.told().draining == 1)
                asked_before = names.asked
                await eventually(lambda: names.asked == asked_before + 2)
                may_end.set()
                answer = await asked
                await eventually(lambda: scene.told().draining == 0)
                return answer, len(scene.running.gateway.pools)

        answer, pools = play(main())
        assert (answer.status, answer.body, answer.end) == (200, b"ab", "whole")
        assert pools == 1


class TestResolverThatFails:
    @pytest.mark.parametrize("knows", [NOBODY, []], ids=["an error", "no address"])
    def test_changes_nothing_and_is_told_once(self, knows: OSError | list[str]) -> None:
        async def main() -> tuple[list[int], list[str]]:
            names = NameServer("127.0.0.1", "127.0.0.2")
            async with town(names, answers, answers) as scene:
                names.knows = knows
                asked = names.asked
                await eventually(lambda: names.asked >= asked + 3)
                return await scene.shares(20), announced(scene)

        shares, told = play(main())
        assert shares == [10, 10]
        (line,) = told
        assert line.startswith("hedgerow: upstream work: the name up.example: ")
        assert line.endswith("; the addresses that are known stay in use")

    def test_is_told_again_when_it_works_again(self) -> None:
        async def main() -> list[str]:
            names = NameServer("127.0.0.1")
            async with town(names, answers) as scene:
                names.knows = NOBODY
                await eventually(lambda: len(announced(scene)) == 1)
                names.knows = ["127.0.0.1"]
                await eventually(lambda: len(announced(scene)) == 2)
                return announced(scene)

        assert play(main())[1] == (
            "hedgerow: upstream work: the name up.example can be resolved again"
        )

    @pytest.mark.parametrize("knows", [NOBODY, None], ids=["an error", "silence"])
    def test_at_the_start_is_a_warning_and_503(self, knows: OSError | None) -> None:
        async def main() -> tuple[Answer, list[str]]:
            names = NameServer()
            names.knows = knows
            pool = OFTEN + 'connect_timeout = "100ms"'
            async with town(names, answers, pool=pool) as scene:
                return await ask(scene.running.port), announced(scene)

        answer, told = play(main())
        assert answer.status == 503
        assert answer.json["detail"] == "no address of the upstream is known"
        (line,) = told
        assert line.endswith("; it stands for no replica until it can be resolved")

    def test_at_the_start_is_made_up_for(self) -> None:
        async def main() -> int:
            names = NameServer()
            names.knows = NOBODY
            async with town(names, answers) as scene:
                names.knows = ["127.0.0.1"]
                await eventually(lambda: len(scene.told().replicas) == 1)
                return (await ask(scene.running.port)).status

        assert play(main()) == 200
