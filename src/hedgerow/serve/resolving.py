"""Names whose every address is a replica: they are resolved again and again.

Knows which addresses each name has, asks anew when it is time, and says in words when
that fails.  Must not know replicas, health or balancing: whoever asked is told that
something has changed, and looks.

A name that cannot be resolved, or has no address, keeps the ones it had: a resolver that
knows nobody is more likely broken than right.  It is asked again soon.

Of a name with addresses of both kinds only those of the first one's kind count (RFC 6724
puts first what this machine can reach).  A server with an IPv4 and an IPv6 address would else
be two replicas, and a copy of a slow request would go to the machine that is slow.

The loop never waits: asking is a task, one a name at most, which nothing cancels before
the end, because a resolver that hangs would go on in its thread and the next would queue up
behind it.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from hedgerow.wire.engine import Engine

#: Returns the addresses of a host for a port; raises OSError where it cannot.
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]

#: Seconds, at most, until a name is asked for again that could not be resolved.
_SOON: Final = 1.0
#: Seconds without an answer after which the operator is told.
_PATIENCE: Final = 5.0


async def ask_system(host: str, port: int) -> list[str]:
    """Ask the operating system; raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for kind, *_, address in found if kind == found[0][0]]


class _Name:
    """One name, and what is known of it."""

    __slots__ = ("addresses", "asked_at", "due_at", "host", "is_lost", "port", "task")

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.addresses: tuple[str, ...] = ()
        self.asked_at = 0.0
        self.due_at = 0.0
        self.is_lost = False  # the operator knows that it cannot be resolved
        self.task: asyncio.Task[None] | None = None


class Names:
    """The names of one upstream; ``changed`` is called with the time when addresses have."""

    def __init__(
        self,
        names: Sequence[tuple[str, int]],
        interval: float,
        engine: Engine,
        announce: Callable[[str], None],
        resolver: Resolver = ask_system,
    ) -> None:
        """Know nothing yet; ``interval`` is in seconds, names are hosts with ports."""
        self._names = {name: _Name(*name) for name in names}
        self._interval = interval
        self._engine = engine
        self._announce = announce
        self._resolver = resolver
        self._is_stopped = False
        self.changed: Callable[[float], None] = lambda now: None

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return what the name resolves to, as far as is known."""
        return self._names[host, port].addresses

    async def first(self, seconds: float) -> None:
        """Ask for all names, and wait for the answers, but no longer than so many seconds."""
        self.tick(time.monotonic())
        if tasks := [name.task for name in self._names.values() if name.task is not None]:
            await asyncio.wait(tasks, timeout=seconds)
        for name in self._names.values():
            if name.task is not None:
                self._lost(name, f"no answer within {seconds:g}s")

    def tick(self, now: float) -> None:
        """Ask for the names that are due; called every so often."""
        if self._is_stopped:
            return
        for name in self._names.values():
            if name.task is not None:
                if now - name.asked_at > _PATIENCE:
                    self._lost(name, f"no answer within {_PATIENCE:g}s")
            elif now >= name.due_at:
                name.asked_at = now
                name.due_at = now + min(self._interval, _SOON)
                name.task = self._engine.loop.create_task(self._ask(name))

    def stop(self) -> None:
        """Ask no more."""
        self._is_stopped = True
        for name in self._names.values():
            if name.task is not None:
                name.task.cancel()

    async def _ask(self, name: _Name) -> None:
        why = "it has no address"
        try:
            found = tuple(dict.fromkeys(await self._resolver(name.host, name.port)))
        except (OSError, UnicodeError) as error:  # UnicodeError: no DNS name can look like that
            found, why = (), getattr(error, "strerror", None) or str(error)
        finally:
            name.task = None
        if self._is_stopped:
            return
        if not found:
            self._lost(name, why)
            return
        name.due_at = name.asked_at + self._interval
        if name.is_lost:
            name.is_lost = False
            self._announce(f"the name {name.host} can be resolved again")
        if set(found) != set(name.addresses):
            name.addresses = found
            self.changed(time.monotonic())

    def _lost(self, name: _Name, why: str) -> None:
        """Tell the operator, once."""
        if name.is_lost:
            return
        name.is_lost = True
        kept = "the addresses that are known stay in use"
        what = kept if name.addresses else "it stands for no replica until it can be resolved"
        self._announce(f"the name {name.host}: {why}; {what}")
