"""A server on a real socket, in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from hedgerow.wire.limits import Limits
from hedgerow.wire.listener import Listener
from hedgerow.wire.listening import Listening
from hedgerow.wire.outbox import TurnOutbox
from hedgerow.wire.request import Request
from hedgerow.wire.server import ServerConnection
from hedgerow.wire.timers import Sweeper

Result = TypeVar("Result")


class LiveServer:
    """Serves while it is entered; afterwards nothing of it is left."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        handle: Callable[[Request], None],
        limits: Limits | None = None,
        address: str = "127.0.0.1:0",
    ) -> None:
        self.loop = loop
        #: What is spoken before HTTP; None: nothing.
        self.entrance: Callable[[], asyncio.Protocol] | None = None
        self.sweeper = Sweeper(loop)
        self.listener = Listener(handle, limits or Limits(), self.sweeper, TurnOutbox(loop))
        self._listening = Listening(address)
        self._thread = threading.Thread(target=loop.run_forever)

    def __enter__(self) -> "LiveServer":
        self.loop.run_until_complete(
            self._listening.start(self.entrance or (lambda: ServerConnection(self.listener)))
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self._stop)
        self._thread.join()
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.close()

    def connects(self, timeout: float = 10.0) -> socket.socket:
        """Return a client's socket."""
        bound_to = self._listening.bound_to
        if bound_to.startswith("unix:"):
            client = socket.socket(socket.AF_UNIX)
            client.settimeout(timeout)
            client.connect(bound_to.removeprefix("unix:"))
            return client
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    @property
    def port(self) -> int:
        return int(self._listening.bound_to.rpartition(":")[2])

    def asks(self, question: Callable[[], Result]) -> Result:
        """Return what ``question`` finds out in the server's thread."""

        async def ask() -> Result:
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self.loop).result()

    def _stop(self) -> None:
        self._listening.close()
        self.sweeper.close()
        # One that was accepted just now may be handed to us in the next turns.
        self.loop.call_later(0.02, self._stop_when_quiet, 100)

    def _stop_when_quiet(self, looks: int) -> None:
        """Let connections report their end first; on a busy machine that takes a while."""
        self.listener.close()
        if self.listener.connections and looks:
            self.loop.call_later(0.02, self._stop_when_quiet, looks - 1)
        else:
            self.loop.call_later(0.02, self.loop.stop)
