"""Carries a capacity search out: starts servers, listens to signals, shows and writes.

The first Ctrl-C (or SIGTERM) ends the search with what is known, the second everything.
Must not know flags, nor how the next load is chosen.
"""

import asyncio
import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

import hedgerow
from hedgerow.cli.find_flags import Vary
from hedgerow.cli.find_text import probe_line, report
from hedgerow.cli.load_run import address_of
from hedgerow.cli.process import StopSignals, announce, tell
from hedgerow.errors import StartError
from hedgerow.lab.find import Asked, Finder, RunMaker
from hedgerow.lab.find_result import (
    FindDocument,
    ProbeRecord,
    Scalability,
    Variant,
    encode_find,
    write_find,
)
from hedgerow.load.launch import Launched
from hedgerow.load.listeners import find_pids
from hedgerow.load.machine import describe
from hedgerow.measure.usl import fit_usl
from hedgerow.report.text_look import look

_COULD_NOT_RUN: Final = 1
_GENERATOR_LIMIT: Final = 98
_BROKEN: Final = 99
_INTERRUPTED: Final = 130
_TERMINATED: Final = 143
_WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FindJob:
    """A search, and all that concerns whoever sits in front of it."""

    asked: Asked
    server: Sequence[str] = ()  # a command line to start first
    vary: Vary | None = None
    watch: Sequence[str] = ()  # process ids, ports
    json: str | None = None
    quiet: bool = False

    def variants(self) -> list[tuple[str, list[str]]]:
        """Return each value that is varied with the command line for it."""
        if self.vary is None:
            return [("", list(self.server))]
        return [(value, self.vary.words(self.server, value)) for value in self.vary.values]


async def carry_out(job: FindJob, make_run: RunMaker) -> int:
    """Search, report, and return the exit code."""
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    interrupts = Interrupts()
    variants: list[Variant] = []
    try:
        for value, command in job.variants():
            if interrupts.code is None:
                variant = await _search(job, command, make_run, interrupts)
                variants.append(msgspec.structs.replace(variant, value=value))
    except asyncio.CancelledError:
        if interrupts.code is None:
            raise
    finally:
        interrupts.close()
    document = _document(job, variants, started, interrupted=interrupts.code is not None)
    _show(document, on_stderr=job.json == "-")
    failure = _write(document, job.json)
    return interrupts.code or exit_code(document) or failure


def exit_code(document: FindDocument) -> int:
    """The worst of all searches: a generator at its limit says nothing of the server."""
    kinds = {variant.capacity.kind for variant in document.variants}
    if "generator" in kinds:
        return _GENERATOR_LIMIT
    return _BROKEN if kinds & {"below", "unstable"} else 0


async def _search(
    job: FindJob, command: Sequence[str], make_run: RunMaker, interrupts: "Interrupts"
) -> Variant:
    if not command:
        return await _find(job, None, make_run, interrupts)
    async with Launched(command, address_of(job.asked.order.plan)) as server:
        announce(f"started {server.name}")
        variant = await _find(job, server, make_run, interrupts)
        if server.has_ended:  # what was measured after it is no capacity
            raise StartError(
                f"the server under test ({server.name})",
                got="ended during the search",
                must="running until it is stopped",
                fix=f"See what it wrote: {server.log}",
            )
        return variant


async def _find(
    job: FindJob, server: Launched | None, make_run: RunMaker, interrupts: "Interrupts"
) -> Variant:
    asked = _watching(job, server)

    def told(record: ProbeRecord) -> None:
        if not job.quiet:
            tell(probe_line(record, asked.by))
        if server is not None and server.has_ended:
            finder.stop("the server ended", interrupted=False)

    finder = Finder(asked, make_run, told)
    with interrupts.concern(finder):
        return await finder.find()


def _watching(job: FindJob, server: Launched | None) -> Asked:
    asked = job.asked
    if job.watch:
        pids = tuple(dict.fromkeys(pid for text in job.watch for pid in find_pids(text)))
        name = ", ".join(job.watch)
    elif server is not None:
        pids, name = (server.pid,), server.name
    else:
        return asked
    return replace(asked, order=replace(asked.order, watch=pids, watch_name=name))


class Interrupts:
    """SIGINT and SIGTERM, and what they do to a search."""

    def __init__(self) -> None:
        self.code: int | None = None  # the exit code, once one has come
        self._finder: Finder | None = None
        self._main = asyncio.current_task()
        self._waiting = asyncio.create_task(self._wait())

    def concern(self, finder: Finder) -> "Interrupts":
        """From now on, within the context, they end this search; before, everything."""
        self._finder = finder
        return self

    def __enter__(self) -> None:
        """Nothing to do: ``concern`` has done it."""

    def __exit__(self, *_: object) -> None:
        self._finder = None

    def close(self) -> None:
        """Listen no more."""
        self._waiting.cancel()

    async def _wait(self) -> None:
        self.code = await StopSignals().wait() or _TERMINATED
        if self._finder is not None:
            announce("interrupted: what is known so far follows; once more ends at once")
            self._finder.stop("interrupted")
            self._finder.cut_off()
        elif self._main is not None:
            self._main.cancel()


# --- the end ---


def _document(
    job: FindJob, variants: list[Variant], started: str, *, interrupted: bool
) -> FindDocument:
    asked = job.asked
    return FindDocument(
        tool=f"hedgerow {hedgerow.__version__}",
        target=asked.order.target,
        started=started,
        by=asked.by,
        promises=[slo.expr for slo in asked.order.slos],
        tolerance=asked.bounds.tolerance,
        varied="" if job.vary is None else job.vary.name,
        variants=variants,
        scalability=scalability_of(variants),
        interrupted=interrupted,
        config=asked.order.config,
        machine=describe(),
    )


def scalability_of(variants: Sequence[Variant]) -> Scalability | None:
    """Fit the law where numbers of workers were varied, and enough capacities are known."""
    points = [
        (float(variant.value), variant.capacity.load)
        for variant in variants
        if variant.value.isdecimal() and int(variant.value) > 0
        if variant.capacity.kind == "found" and variant.capacity.load is not None
    ]
    if len({workers for workers, _ in points}) < 3:
        return None
    fit = fit_usl(points)
    return Scalability(
        lam=fit.lam,
        sigma=fit.sigma,
        kappa=fit.kappa,
        r2=fit.r2,
        peak_n=fit.peak_n,
        peak_x=fit.peak_x,
    )


def _show(document: FindDocument, *, on_stderr: bool) -> None:
    console = Console(file=sys.stderr if on_stderr else sys.stdout)
    is_unicode = not console.options.ascii_only
    lines = report(document, look(width=_WIDTH, unicode=is_unicode), is_unicode=is_unicode)
    console.file.write("\n".join(lines) + "\n")


def _write(document: FindDocument, file: str | None) -> int:
    if file is None:
        return 0
    if file == "-":
        sys.stdout.write(encode_find(document).decode())
        return 0
    try:
        write_find(document, Path(file))
    except OSError as error:
        announce(f"--json {file} could not be written ({error.strerror})")
        return _COULD_NOT_RUN
    return 0
