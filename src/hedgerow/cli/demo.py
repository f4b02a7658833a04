"""``hedgerow demo``: the same users call the same unreliable upstream, with and without us."""

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter
from rich.console import Console
from typing_extensions import override

from hedgerow.cli.demo_plan import DemoPlan
from hedgerow.cli.demo_progress import progress
from hedgerow.cli.demo_result import DemoResult, Side
from hedgerow.cli.demo_run import Lane, Moment, play, upstream_counts
from hedgerow.cli.demo_servers import Server, Servers
from hedgerow.cli.demo_show import show_promise, show_result, show_what_stays
from hedgerow.cli.demo_story import choose, read_stories
from hedgerow.cli.process import StopSignals, run, settle
from hedgerow.errors import ConfigError
from hedgerow.wire.descriptors import raise_limit

_FINE: Final = 0
_TERMINATED: Final = 143


def demo(
    *,
    rate: Annotated[str, Parameter(help="users a second, on each side")] = "100",
    seconds: Annotated[str, Parameter(help="how long they come")] = "20",
    seed: Annotated[str, Parameter(help="where chance begins: when they come, what fails")] = "1",
    deadline: Annotated[str, Parameter(help="what the gateway promises")] = "1s",
    stay: Annotated[bool, Parameter(negative="", help="leave both servers running")] = False,
    json: Annotated[Path | None, Parameter(help="write the results to this file")] = None,
) -> int:
    """One minute: the same users call the same unreliable upstream, with and without us.

    Starts hedgerow flaky and hedgerow serve on free ports, sends the same
    requests at the same moments to both, and shows what the users met.
    Ctrl-C shows what there is so far.

    For example:
        hedgerow demo
        hedgerow demo --rate 200 --seconds 30 --deadline 800ms --seed 7
        hedgerow demo --seconds 5 --stay
    """
    plan = DemoPlan.read(rate, seconds, seed, deadline)
    if json is not None:
        _check_writable(json)
    with tempfile.TemporaryDirectory(prefix="hedgerow-demo-") as folder, Servers() as servers:
        return run(Demo(plan, servers, Path(folder)).run(json, stay=stay))


class _Output(Console):
    """A console that leaves it to the verbs' one place for errors what a closed pipe means."""

    @override
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Demo:
    """One showing, from starting the servers to the last word."""

    def __init__(self, plan: DemoPlan, servers: Servers, folder: Path) -> None:
        self._plan = plan
        self._servers = servers
        self._folder = folder
        self._console = _Output(highlight=False)

    async def run(self, json: Path | None, *, stay: bool) -> int:
        """Show it; returns the exit code."""
        loop = asyncio.get_running_loop()
        # A terminal that is closed must not leave the servers behind.
        loop.add_signal_handler(signal.SIGHUP, os.kill, os.getpid(), signal.SIGTERM)
        stopped = asyncio.create_task(_stopped())
        show_promise(self._console, self._plan)
        settings = self._folder / "demo.toml"
        upstream = self._servers.start(self._plan.upstream_words(), self._folder / "flaky.log")
        if (upstream_url := await _url(upstream, stopped)) is None:
            return stopped.result()
        settings.write_text(self._plan.gateway_settings(upstream_url), encoding="utf-8")
        gateway = self._servers.start(["serve", "-c", str(settings)], self._folder / "gateway.log")
        if (gateway_url := await _url(gateway, stopped)) is None:
            return stopped.result()
        result = await self._played(upstream_url, gateway_url, gateway, stopped)
        show_result(self._console, result)
        if json is not None:
            _write(json, result)
        if result.interrupted:
            return stopped.result()
        if stay:
            show_what_stays(self._console, upstream_url, gateway_url, gateway.log)
            await stopped
        return _FINE

    async def _played(
        self, upstream_url: str, gateway_url: str, gateway: Server, stopped: asyncio.Task[int]
    ) -> DemoResult:
        plan = self._plan
        loop = asyncio.get_running_loop()
        raise_limit()  # users do not queue for each other's connections
        lanes = (Lane(plan, loop, upstream_url), Lane(plan, loop, gateway_url))
        settle()
        with progress(self._console, plan) as shown:

            def watch(moment: Moment) -> None:
                self._servers.check()
                shown.show(moment)

            is_whole = await play(plan, lanes, stopped, watch)
        received, cancelled = upstream_counts(upstream_url)
        for lane in lanes:
            lane.close()
        direct, hedged = (lane.results() for lane in lanes)
        stories = read_stories(gateway.said().splitlines())
        return DemoResult(
            plan=plan,
            direct=Side(direct, direct.sent, plan.expectation(hedged=False)),
            hedged=Side(hedged, max(0, received - direct.sent), plan.expectation(hedged=True)),
            cancelled=cancelled,
            stories=tuple(choose(stories)),
            interrupted=not is_whole,
        )


async def _stopped() -> int:
    """Wait until somebody has had enough; return the exit code that goes with it."""
    return await StopSignals().wait() or _TERMINATED


async def _url(server: Server, stopped: asyncio.Task[int]) -> str | None:
    """Wait until a server listens and return where; None when stopped before that."""
    url = asyncio.create_task(server.url())
    await asyncio.wait({url, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if url.done():
        return url.result()
    url.cancel()
    return None


def _write(path: Path, result: DemoResult) -> None:
    document = msgspec.json.format(msgspec.json.encode(result.as_dict()))
    path.write_bytes(document + b"\n")


def _check_writable(path: Path) -> None:
    """Find out before the run and not after it."""
    try:
        path.open("ab").close()
    except OSError as error:
        raise ConfigError(
            "--json", got=str(path), must="a file that can be written", fix=f"({error.strerror})"
        ) from error
