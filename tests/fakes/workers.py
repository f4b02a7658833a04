"""``hedgerow serve`` with several workers, as processes; who they are; and clients that count.

The gateway answers by itself, so that nothing but the workers is under test.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psutil

from tests.fakes.gateway_client import connected
from tests.fakes.processes import Process, hedgerow

_SERVES: Final = re.compile(r"^hedgerow: serving on http://\S+:(\d+)$", re.MULTILINE)
_ADMIN: Final = re.compile(r"^hedgerow: health and metrics on http://\S+:(\d+)$", re.MULTILINE)
ROUTE: Final = '[[route]]\npath = "/"\nrespond = {status = 200, text = "hello"}\n'


class Crew:
    """A supervisor and its workers."""

    def __init__(self, process: Process, settings: Path) -> None:
        self.process = process
        self.settings = settings

    @property
    def port(self) -> int:
        """Where clients connect, by what was said last."""
        return int(_SERVES.findall(self.told)[-1])

    @property
    def told(self) -> str:
        return self.process.told

    @property
    def pids(self) -> list[int]:
        """The workers that have said that they are ready, and still run; by their place."""
        found: dict[int, int] = {}
        for place, pid in re.findall(r"worker (\d+) \(pid (\d+)\) is ready", self.told):
            if runs(int(pid)):
                found[int(place)] = int(pid)
        return [found[place] for place in sorted(found)]

    @property
    def children(self) -> list[int]:
        """All processes that it has started and that run."""
        return [one.pid for one in psutil.Process(self.process.pid).children() if runs(one.pid)]

    def send(self, number: signal.Signals) -> None:
        self.process.send(number)

    def reload(self) -> None:
        """Wait until all workers are replaced."""
        before = self.told.count("serving on ")
        self.send(signal.SIGHUP)
        self.until(lambda: self.told.count("serving on ") > before)

    def writes(self, server: str, route: str = ROUTE) -> None:
        self.settings.write_text(settings(server, route))

    def until(self, condition: Callable[[], bool], seconds: float = 20.0) -> None:
        self.process.until(condition, seconds)

    def until_said(self, text: str) -> None:
        self.until(lambda: text in self.told)

    def until_there_are(self, count: int) -> None:
        """Wait until so many processes run."""
        self.until(lambda: len(self.children) == count)

    def ask(self, path: str = "/") -> str:
        """Ask once, on a connection of its own."""
        return get(self.port, path)

    def admin(self, path: str) -> str:
        return get(int(_ADMIN.findall(self.told)[-1]), path)

    def loops(self) -> list[dict[str, Any]]:
        """What each loop says of itself."""
        told: list[dict[str, Any]] = json.loads(self.admin("/workers"))
        return [one for one in told if "pid" in one]

    def counted(self, what: str) -> int:
        """A number of all workers that there have been."""
        return sum(one[what] for one in json.loads(self.admin("/workers")))


def get(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return f"{error.code}"


def settings(server: str, route: str = ROUTE) -> str:
    address = "" if "listen" in server else 'listen = "127.0.0.1:0"\n'
    return f"[server]\n{address}{server}\n{route}"


@contextlib.contextmanager
def crew(folder: Path, server: str, *words: str, route: str = ROUTE) -> Iterator[Crew]:
    """Serve with these lines of [server] while the context lasts."""
    file = folder / "hedgerow.toml"
    file.write_text(settings(server, route))
    with hedgerow("serve", "-c", str(file), *words, waits=False) as process:
        made = Crew(process, file)
        try:
            made.until(lambda: _SERVES.search(made.told) is not None or not process.is_running)
            yield made
        finally:
            if process.is_running:
                with contextlib.suppress(ProcessLookupError, AssertionError):
                    process.send(signal.SIGCONT)
                    process.send(signal.SIGQUIT)
                    process.ended()
            for pid in re.findall(r"\(pid (\d+)\)", made.told):
                end(int(pid))


def runs(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def end(pid: int) -> None:
    """Kill a worker that was left behind; only one of ours."""
    with contextlib.suppress(psutil.Error, ProcessLookupError):
        if "hedgerow" in " ".join(psutil.Process(pid).cmdline()):
            os.kill(pid, signal.SIGKILL)


def gone(pid: int, seconds: float = 10.0) -> bool:
    """Wait for the end of a process that is not ours to wait for."""
    until = time.monotonic() + seconds
    while runs(pid):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


@contextlib.contextmanager
def pressing(port: int, clients: int = 2) -> Iterator[None]:
    """Ask for more than one worker can do: many requests in a piece, from threads."""
    stopped = threading.Event()
    threads = [
        threading.Thread(target=_press, args=(port, stopped), daemon=True) for _ in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _press(port: int, stopped: threading.Event) -> None:
    requests = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 100
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        while not stopped.is_set():
            sock.sendall(requests)
            answers, rest = 0, b""
            while answers < 100:
                data = sock.recv(1 << 18)
                assert data, "a connection was closed"
                answers += (rest + data).count(b"hello")
                rest = data[-4:]


@dataclass
class Traffic:
    """Clients that ask again and again, and count what they meet."""

    port: int
    ended: Counter[str] = field(default_factory=Counter)
    _stopped: bool = False

    async def _client(self) -> None:
        while not self._stopped:
            try:
                async with asyncio.timeout(10), connected(self.port) as client:
                    keeps = True
                    while keeps and not self._stopped:
                        client.ask("/")
                        answer = await client.answer()
                        good = answer.end == "whole" and answer.status == 200
                        self.ended["good" if good else answer.end] += 1
                        keeps = good and answer.field("connection") != "close"
                        await asyncio.sleep(0)
            except ConnectionRefusedError:
                self.ended["refused"] += 1
            except OSError as error:  # a timeout is one too
                self.ended[type(error).__name__] += 1

    @property
    def bad(self) -> Counter[str]:
        """Everything that should not be."""
        return Counter({what: count for what, count in self.ended.items() if what != "good"})

    @contextlib.asynccontextmanager
    async def flowing(self, clients: int = 16) -> AsyncIterator[None]:
        """Ask while the context lasts; all that was asked is answered at its end."""
        tasks = [asyncio.create_task(self._client()) for _ in range(clients)]
        try:
            await self.grown(10 * clients)
            yield
        finally:
            self._stopped = True
            await asyncio.gather(*tasks)

    async def grown(self, by: int) -> None:
        """Wait for so many more good answers."""
        wanted = self.ended["good"] + by
        async with asyncio.timeout(20):
            while self.ended["good"] < wanted:  # noqa: ASYNC110  # a Counter wakes nobody
                await asyncio.sleep(0.01)
