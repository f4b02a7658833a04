"""From settings to what a supervisor needs: how many, how they listen, how patient it is.

Must not start anything.
"""

import os
import sys
from dataclasses import dataclass
from typing import Final

import msgspec

from hedgerow.errors import StartError
from hedgerow.serve.settings import Listen, Settings
from hedgerow.serve.settings.addresses import SYSTEMD
from hedgerow.serve.workers.crew import CrewRule
from hedgerow.serve.workers.listeners import Wanted
from hedgerow.serve.workers.notify import handed_down

#: By hand there can be so many workers at least, whatever was set at first.
_FEWEST_MOST: Final = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """One reading of the settings, for processes."""

    least: int
    most: int
    threads: int
    shares_port: bool
    wanted: tuple[Wanted, ...]
    rule: CrewRule

    @classmethod
    def of(cls, settings: Settings) -> "Plan":
        """Work it out."""
        server = settings.server
        least, most, _ = server.workers
        if server.workers.is_auto:
            least = most = processors()
        return cls(
            least,
            most,
            server.threads,
            server.accept == "reuseport" and sys.platform.startswith("linux"),
            tuple(Wanted(listen.address, listen.mode) for listen in server.listen),
            CrewRule(server.drain_timeout, server.stuck_after),
        )

    @property
    def varies(self) -> bool:
        """Whether the number follows the load."""
        return self.least != self.most

    def nearest(self, count: int) -> int:
        """Return the allowed number that is nearest to what there is now."""
        return min(max(count, self.least), self.most)

    @property
    def room(self) -> int:
        """How many workers there can be, whatever is set later."""
        return max(self.most, _FEWEST_MOST)

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(one.address for one in self.wanted)

    @property
    def entries(self) -> int:
        """How many event loops there can be; while a generation replaces another, twice as many."""
        return 2 * self.room * self.threads

    def check_against(self, running: "Plan") -> None:
        """Raise StartError for what only a restart can change."""
        names = {True: "reuseport", False: "shared"}
        _must_stay("threads", str(running.threads), str(self.threads))
        _must_stay("accept", names[running.shares_port], names[self.shares_port])
        if self.most > running.room:
            fix = "Restart it for more."
            raise StartError("workers", got=f"{self.most}", must=f"at most {running.room}", fix=fix)


def _must_stay(name: str, before: str, now: str) -> None:
    if before != now:
        fix = "Restart it, or write what it was."
        raise StartError(name, got=now, must=f"{before} until a restart", fix=fix)


def with_handed_down(settings: Settings) -> Settings:
    """Put the sockets that systemd has opened in the place of its name."""
    if all(listen.address != SYSTEMD for listen in settings.server.listen):
        return settings
    listens: list[Listen] = []
    for listen in settings.server.listen:
        addresses = handed_down() if listen.address == SYSTEMD else [listen.address]
        if not addresses:
            raise StartError(
                "listen",
                got=SYSTEMD,
                must="started by systemd with sockets (LISTEN_FDS)",
                fix="Write an address, such as 127.0.0.1:8080, to start it by hand.",
            )
        listens += [msgspec.structs.replace(listen, address=address) for address in addresses]
    server = msgspec.structs.replace(settings.server, listen=tuple(listens))
    return msgspec.structs.replace(settings, server=server)


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
