"""Carries a capacity search out: starts servers, listens to signals, shows and writes.

Ctrl-C (or SIGTERM) ends the search with what is known.
Must not know flags, nor how the next load is chosen.
"""

import asyncio
import contextlib
import datetime
import sys
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console

import hedgerow
from hedgerow.cli.find_flags import Vary
from hedgerow.cli.find_text import opening, probe_line, report
from hedgerow.cli.load_server import launched, watching
from hedgerow.cli.load_signals import Signals
from hedgerow.cli.process import announce, tell
from hedgerow.errors import StartError
from hedgerow.lab.find import Asked, Finder, RunMaker
from hedgerow.load.machine.describe import describe
from hedgerow.measure.usl import fit_usl
from hedgerow.report.find_document import (
    FindDocument,
    ProbeRecord,
    Scalability,
    Variant,
    encode_find,
    write_find,
)
from hedgerow.report.find_words import is_number
from hedgerow.report.page import find_page
from hedgerow.report.text_look import look

_COULD_NOT_RUN: Final = 1
_GENERATOR_LIMIT: Final = 98
_BROKEN: Final = 99
_PIPED_WIDTH: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FindJob:
    """A search, and all that concerns whoever sits in front of it."""

    asked: Asked
    server: Sequence[str] = ()  # a command line to start first
    vary: Vary | None = None
    watch: Sequence[str] = ()  # process ids, ports
    json: str | None = None
    html: str | None = None
    quiet: bool = False

    def variants(self) -> list[tuple[str, list[str]]]:
        """Return each value that is varied with the command line for it."""
        if self.vary is None:
            return [("", list(self.server))]
        return [(value, self.vary.words(self.server, value)) for value in self.vary.values]


async def carry_out(job: FindJob, make_run: RunMaker) -> int:
    """Search, report, and return the exit code."""
    started = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    signals = Signals("what is known so far follows")
    try:
        variants = await _search_all(job, make_run, signals)
        document = _document(job, variants, started, interrupted=signals.code is not None)
        _show(document, on_stderr=job.json == "-")
        failures = _write(document, job)
    finally:
        signals.forget()  # not before the result is written: a late one must not cost it
    for failure in failures:
        announce(failure)
    return signals.code or exit_code(document) or (_COULD_NOT_RUN if failures else 0)


async def _search_all(job: FindJob, make_run: RunMaker, signals: Signals) -> list[Variant]:
    """Search once for each variant, until interrupted."""
    variants: list[Variant] = []
    if not job.quiet:
        announce(opening(job.asked))
    try:
        for value, command in job.variants():
            if signals.code is None:
                variant = await _search(job, command, make_run, signals)
                variants.append(msgspec.structs.replace(variant, value=value))
    except (asyncio.CancelledError, StartError):  # the same of a server that starts
        if signals.code is None:
            raise
    return variants


def exit_code(document: FindDocument) -> int:
    """The worst of all searches: a generator at its limit says nothing of the server."""
    kinds = {variant.capacity.kind for variant in document.variants}
    if "generator" in kinds:
        return _GENERATOR_LIMIT
    return _BROKEN if kinds & {"below", "unstable"} else 0


async def _search(
    job: FindJob, command: Sequence[str], make_run: RunMaker, signals: Signals
) -> Variant:
    order = job.asked.order
    async with launched(command, order.plan, quiet=job.quiet) as server:
        asked = replace(job.asked, order=watching(order, job.watch, server))

        def told(record: ProbeRecord) -> None:
            if not job.quiet:
                tell(probe_line(record, asked.by))
            if server is not None and server.has_ended:
                finder.stop("the server ended")

        finder = Finder(asked, make_run, told)
        signals.concern(finder)
        try:
            variant = await finder.find()
        except StartError:  # Ctrl-C ends generators that start, too
            if signals.code is None:
                raise
            return finder.variant
        finally:
            signals.concern(None)
        if server is not None and server.has_ended:  # what was measured after it is no capacity
            raise StartError(
                f"the server under test ({server.name})",
                got="ended during the search",
                must="running until it is stopped",
                fix=f"See what it wrote: {server.log}",
            )
        return variant


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
        if is_number(variant)
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
    width = console.width if console.is_terminal else _PIPED_WIDTH
    lines = report(document, look(width=width, unicode=is_unicode), is_unicode=is_unicode)
    if console.is_terminal:
        lines = (line if len(line) <= width else textwrap.fill(line, width) for line in lines)
    with contextlib.suppress(BrokenPipeError):  # files are written though nobody reads this
        console.file.write("".join(f"{line}\n" for line in lines))
        console.file.flush()


def _write(document: FindDocument, job: FindJob) -> list[str]:
    """Write what was asked for; return what could not be written, in words."""
    failures = []
    for flag, name, write in (
        ("--json", job.json, _write_json),
        ("--html", job.html, _write_html),
    ):
        if name is not None:
            try:
                write(document, name)
            except OSError as error:
                failures.append(f"{flag} = {name}: could not be written ({error.strerror})")
    return failures


def _write_json(document: FindDocument, name: str) -> None:
    if name == "-":
        sys.stdout.write(encode_find(document).decode())
    else:
        write_find(document, Path(name))


def _write_html(document: FindDocument, name: str) -> None:
    Path(name).write_text(find_page(document), encoding="utf-8")
