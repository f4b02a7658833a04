"""Carries a run out: starts the server, watches it, listens to signals, reports.

The first Ctrl-C (or SIGTERM) sends no more and waits for what is under way, the second cuts
that off; a result is written in any case.  Must not know flags, nor how load is sent.
"""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from rich.console import Console

from hedgerow.cli.load_live import view
from hedgerow.cli.load_outputs import Outputs
from hedgerow.cli.load_server import launched, watching
from hedgerow.cli.load_signals import Signals, Stoppable, why
from hedgerow.cli.process import announce, tell
from hedgerow.errors import StartError
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.report.document import Document
from hedgerow.report.text import rich_text

_COULD_NOT_RUN: Final = 1
_INVALID: Final = 98
_SLO_BROKEN: Final = 99
_PIPED_WIDTH: Final = 100


class Run(Stoppable, Protocol):
    """What carries an order out."""

    async def play(self) -> Document:
        """Send everything and return what came of it."""


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
    signals = Signals("waiting for the last answers; once more ends that too")
    try:
        return await _carried_out(job, make_run, signals)
    finally:
        signals.forget()  # not before the result is written: a late one must not cost it


async def _carried_out(job: Job, make_run: RunMaker, signals: Signals) -> int:
    try:
        document = await _play(job, make_run, signals)
    except (asyncio.CancelledError, StartError):  # Ctrl-C ends generators that start, too
        if signals.code is None:
            raise
        return signals.code  # before anything was sent
    if signals.code is not None:
        document = _interrupted(document, signals)
    _report(job, document)
    failures = job.outputs.write(document)
    for failure in failures:
        announce(failure)
    code = exit_code(document, strict=job.strict, interrupted=signals.code)
    if code == _COULD_NOT_RUN:
        announce("not one good answer came")
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


async def _play(job: Job, make_run: RunMaker, signals: Signals) -> Document:
    async with launched(job.server, job.order.plan, quiet=job.quiet) as server:
        order = watching(job.order, job.watch, server)
        shown = view(Console(stderr=True), order, tell, quiet=job.quiet, plain=job.plain)
        with job.outputs as outputs, shown:

            def watch(moment: Moment) -> None:
                shown.show(moment)
                outputs.second(moment)

            run = make_run(order, watch)
            signals.concern(run)
            return await run.play()


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
    with contextlib.suppress(SystemExit):  # how rich says that nobody reads it any more
        console.print(text, soft_wrap=True, end="")
