"""The server under test: started where its command line was given, and watched.

Must not know what is sent to it.
"""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from hedgerow.cli.process import announce
from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import read_url
from hedgerow.load.order import Order
from hedgerow.load.plan import LoadPlan, RequestPlan
from hedgerow.load.server.launch import Address, Launched
from hedgerow.load.server.listeners import find_pids


@contextlib.asynccontextmanager
async def launched(
    words: Sequence[str], plan: LoadPlan, *, quiet: bool
) -> AsyncIterator[Launched | None]:
    """Start the server if there is one to start; leaving the context ends it."""
    if not words:
        yield None
        return
    async with Launched(words, address_of(plan)) as server:
        if not quiet:
            announce(f"started {server.name}")
        yield server


def watching(order: Order, watch: Sequence[str], server: Launched | None) -> Order:
    """Resolve who is watched, after the server was started: it may be the one on that port."""
    if watch:
        pids = dict.fromkeys(pid for text in watch for pid in find_pids(text))
        return replace(order, watch=tuple(pids), watch_name=", ".join(watch))
    if server is not None:
        return replace(order, watch=(server.pid,), watch_name=server.name)
    return order


def address_of(plan: LoadPlan) -> Address:
    """Where the server under test will listen; raises ConfigError where nothing says it."""
    if plan.connecting.unix is not None:
        return plan.connecting.unix
    url = plan.work.url if isinstance(plan.work, RequestPlan) else plan.base_url
    if not url:
        raise ConfigError(
            "--base-url",
            got="nothing",
            must="given when a server is started for a scenario",
            fix="Add --base-url http://127.0.0.1:8000.",
        )
    endpoint = read_url(url).endpoint
    for given, other in plan.connecting.connect_to:
        if given in ("", f"{endpoint.host}:{endpoint.port}"):
            host, _, port = other.rpartition(":")
            return host.strip("[]"), int(port)
    return endpoint.host, endpoint.port
