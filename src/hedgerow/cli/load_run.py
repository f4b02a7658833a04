"""Carries a run out: starts the server, watches it, listens to signals, reports.

The first Ctrl-C (or SIGTERM) sends no more and waits for what is under way, the second cuts
that off; a result is written in any case.  Must not know flags, nor how load is sent.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import msgspec
from rich.console import Console

from hedgerow.cli.load_live import view
from hedgerow.cli.load_outputs import Outputs
from hedgerow.cli.process import announce, tell
from hedgerow.errors import ConfigError
from hedgerow.load.generator.request_maker import read_url
from hedgerow.load.launch import Address, Launched
from hedgerow.load.listeners import find_pids
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.load.plan import LoadPlan, RequestPlan
from hedgerow.report.document import Document
from hedgerow.report.text import rich_text

_COULD_NOT_RUN: Final = 1
_INVALID: Final = 98
_SLO_BROKEN: Final = 99
_PIPED_WIDTH: Final = 100


class Run(Protocol):
    """What carries an order out."""

    async def play(self) -> Document:
        """Send everything and return what came of it."""

    def stop(self, why: str) -> None:
        """Send no more, and wait for what is under way."""

    def cut_off(self) -> None:
        """Wait no more either."""


RunMaker = Callable[[Order, Callable[[Moment], None]], Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """An order, and all that concerns whoever sits in front of it."""

    order: Order
    outputs: Outputs
    server: Sequence[str] = ()  # a command line to start first
    watch: Sequence[str] = ()  # process ids, ports
    strict: bool = False
    quiet: bool = False
    plain: bool = False
    full_latency: bool = False


async def carry_out(job: Job, make_run: RunMaker) -> int:
    """Run, report, and return the exit code."""
    signals = Signals()
    try:
        document = await _play(job, make_run, signals)
    except asyncio.CancelledError:
        if signals.code is None:
            raise
        return signals.code  # before anything was sent
    finally:
        signals.forget()
    if signals.code is not None:
        document = _interrupted(document, signals)
    _report(job, document)
    failures = job.outputs.write(document)
    for failure in failures:
        announce(failure)
    code = exit_code(document, strict=job.strict, interrupted=signals.code)
    return code or (_COULD_NOT_RUN if failures else 0)


def exit_code(document: Document, *, strict: bool, interrupted: int | None) -> int:
    """The code that says most: a measurement that means nothing before what it measured."""
    if interrupted is not None:
        return interrupted
    if not document.requests.ok:
        return _COULD_NOT_RUN
    if strict and document.verdict.state != "VALID":
        return _INVALID
    return 0 if all(result.ok for result in document.slo) else _SLO_BROKEN


async def _play(job: Job, make_run: RunMaker, signals: "Signals") -> Document:
    async with _launched(job) as server:
        order = _watching(job, server)
        shown = view(Console(stderr=True), order, tell, quiet=job.quiet, plain=job.plain)
        with job.outputs as outputs, shown:

            def watch(moment: Moment) -> None:
                shown.show(moment)
                outputs.second(moment)

            run = make_run(order, watch)
            signals.concern(run)
            return await run.play()


# --- the server ---


@contextlib.asynccontextmanager
async def _launched(job: Job) -> AsyncIterator[Launched | None]:
    if not job.server:
        yield None
        return
    async with Launched(job.server, address_of(job.order.plan)) as server:
        if not job.quiet:
            announce(f"started {server.name}")
        yield server


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


def _watching(job: Job, server: Launched | None) -> Order:
    """Resolve who is watched, after the server was started: it may be the one on that port."""
    if job.watch:
        pids = dict.fromkeys(pid for text in job.watch for pid in find_pids(text))
        return replace(job.order, watch=tuple(pids), watch_name=", ".join(job.watch))
    if server is not None:
        return replace(job.order, watch=(server.pid,), watch_name=server.name)
    return job.order


# --- signals ---


class Signals:
    """SIGINT and SIGTERM, and what they do to a run."""

    def __init__(self) -> None:
        self.code: int | None = None  # the exit code of the first that came
        self._run: Run | None = None
        self._task = asyncio.current_task()
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.add_signal_handler(number, self.received, number)

    def concern(self, run: Run) -> None:
        """From now on they stop this run; before, they stop everything."""
        self._run = run

    def forget(self) -> None:
        """Let them do again what they do by default."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._loop.remove_signal_handler(number)

    def received(self, number: signal.Signals) -> None:
        """Stop at the first, cut off at the second; more change nothing."""
        is_first, run = self.code is None, self._run
        if is_first:
            self.code = 128 + number
        if run is None:
            if self._task is not None:
                self._task.cancel()
        elif is_first:
            announce("interrupted: waiting for the last answers; once more ends that too")
            run.stop(why(number))
        else:
            run.cut_off()


def why(number: signal.Signals) -> str:
    """Say in the result what ended the run."""
    return "interrupted by Ctrl-C" if number == signal.SIGINT else f"interrupted by {number.name}"


def _interrupted(document: Document, signals: Signals) -> Document:
    code = signals.code or 0
    reason = document.stopped_because or why(signal.Signals(code - 128))
    return msgspec.structs.replace(document, interrupted=True, stopped_because=reason)


# --- the end ---


def _report(job: Job, document: Document) -> None:
    """Print the text: on stdout, or on stderr where the result itself goes to stdout."""
    console = Console(file=sys.stderr if job.outputs.takes_stdout else sys.stdout)
    width = console.width if console.is_terminal else _PIPED_WIDTH
    text = rich_text(
        document,
        width=width,
        unicode=not console.options.ascii_only,
        full_latency=job.full_latency,
    )
    console.print(text, soft_wrap=True, end="")
