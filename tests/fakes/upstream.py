"""An upstream on a real socket that does what a list says, request by request.

It runs in a thread of its own, so it serves tests of any kind: on an event loop, without
one, or of a gateway in another process.  It shares no code with ``wire``, and writes down
what it received byte for byte and how each connection ended.

The first request to arrive gets the first behaviour of the script; when that is used up,
each further one gets ``after``::

    with Upstream([[answer(503)], [0.2, answer(body=b"late")], [Act.RESET]]) as upstream:
        ...  # upstream.port, upstream.requests, upstream.connections
"""

import asyncio
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, Self

from tests.fakes.upstream_connection import Connection, Received
from tests.fakes.upstream_script import Behaviour, answer

ANSWER: Final[Behaviour] = (answer(),)


class Upstream:
    """Listens from ``with`` to its end; its lists only grow, so any thread may read them."""

    def __init__(
        self,
        script: Sequence[Behaviour] = (),
        *,
        after: Behaviour = ANSWER,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        greeting: bytes = b"",
    ) -> None:
        self._script = iter(script)
        self._after = after
        self._greeting = greeting  # sent before anybody asked
        self.host, self.port, self._tls = host, port, tls
        self.requests: list[Received] = []
        self.connections: list[Connection] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="upstream")

    def __enter__(self) -> Self:
        starting = self._loop.create_server(
            lambda: Connection(self.connections, self._begin, self._greeting),
            self.host,
            self.port,
            ssl=self._tls,
        )
        self._server = self._loop.run_until_complete(starting)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _begin(self, request: Received) -> Behaviour:
        self.requests.append(request)
        return next(self._script, self._after)

    async def _stop(self) -> None:
        self._server.close()
        for connection in self.connections:
            connection.drop()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(0.01)  # what was aborted and cancelled says goodbye

    def wait_until(self, is_so: Callable[["Upstream"], object], within: float = 5.0) -> None:
        """Wait, outside any loop, until it is so."""
        until = time.monotonic() + within
        while not is_so(self):
            assert time.monotonic() < until, f"not within {within:g}s"
            time.sleep(0.005)
