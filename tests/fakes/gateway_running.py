"""A gateway inside the test's own process, on a free port and the loop of production.

``play`` runs a test's coroutine and fails it for every exception that a callback let
escape: such a one breaks a connection, and is seen by nobody else.
"""

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import uvloop

from hedgerow.policy import Policy
from hedgerow.serve.assembly import assemble
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.proxy import ProxiedRequest
from hedgerow.serve.resolving import Resolver, ask_system
from hedgerow.serve.settings.reader import settings_from_text
from hedgerow.wire import Engine, Listening
from hedgerow.wire.descriptors import Descriptors

T = TypeVar("T")


def play(main: Coroutine[Any, Any, T], *, seconds: float = 30.0) -> T:
    """Run a test's coroutine; it may take ``seconds``."""
    complaints: list[dict[str, Any]] = []

    async def watched() -> T:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: complaints.append(context))
        async with asyncio.timeout(seconds):
            return await main

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        result = runner.run(watched())
    assert not complaints, (len(complaints), complaints[0])
    return result


@dataclass
class Running:
    """A gateway that serves, and what there is to look at."""

    gateway: Gateway
    engine: Engine
    port: int
    stories: list[str] = field(default_factory=list)
    ports: list[int] = field(default_factory=list)

    @property
    def clients(self) -> int:
        return len(self.gateway._listener.connections)

    @property
    def busy(self) -> int:
        """Connections to upstreams that carry a call."""
        return sum(pool.open_connections - pool.idle_connections for pool in self.gateway.pools)

    @property
    def timers(self) -> int:
        return sum(map(len, self.engine.wheel._buckets.values()))

    @property
    def policy(self) -> Policy:
        """The policy of the first route."""
        return self.gateway.proxy_routes[0].terms.policy

    def requests_alive(self) -> int:
        gc.collect()
        return sum(isinstance(thing, ProxiedRequest) for thing in gc.get_objects())


async def eventually(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Wait until it holds: for what only the other end of a socket can see."""
    for _ in range(round(seconds / 0.005)):
        if condition():
            return
        await asyncio.sleep(0.005)
    raise AssertionError(f"not within {seconds:g}s")


@contextlib.asynccontextmanager
async def gateway(
    settings: str,
    *,
    descriptors: int = 4096,
    resolver: Resolver = ask_system,
    address: str | Sequence[str] = "127.0.0.1:0",
) -> AsyncIterator[Running]:
    """Serve these settings while the context lasts; ``resolver`` knows what names mean.

    It listens at ``address``, or several, whatever the settings say.
    """
    loop = asyncio.get_running_loop()
    engine = Engine(loop, Descriptors(descriptors))
    stories: list[str] = []
    serving = assemble(settings_from_text(settings), engine, stories.append, resolver)
    addresses = [address] if isinstance(address, str) else address
    listening = [Listening(one) for one in addresses]
    await serving.listen(listening)
    ports = [
        0 if one.address.startswith("unix:") else int(one.bound_to.rpartition(":")[2])
        for one in listening
    ]
    try:
        yield Running(serving, engine, ports[0], stories, ports)
    finally:
        await serving.drain(0)
        engine.close()


def settings(
    urls: str | Sequence[str], route: str = "", *, server: str = "", pool: str = ""
) -> str:
    """One upstream with these replicas, and one route to it for everything."""
    replicas = [urls] if isinstance(urls, str) else list(urls)
    path = "" if "path" in route else 'path = "/"'
    return f"""
[server]
{server}
[upstream.work]
replicas = {replicas}
{pool}
[[route]]
{path}
{route}
"""
