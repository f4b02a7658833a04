"""What a demo shows while it runs: a live picture, or a line now and then.

The picture is for a terminal; pipes, files and dumb terminals get lines.  Must not
know how the figures come about.
"""

from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hedgerow.cli.demo_counts import Results
from hedgerow.cli.demo_plan import DemoPlan
from hedgerow.cli.demo_run import Moment, Standing
from hedgerow.units import format_share

_LINE_EVERY: Final = 5.0
_BAR: Final = 20
_NAMES: Final = ("directly", "through Hedgerow")
_STYLES: Final = ("yellow", "green")


class Progress(Protocol):
    """Shows how a run stands."""

    def show(self, moment: Moment) -> None:
        """Show it, or not: called several times a second."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave nothing half drawn."""


def progress(console: Console, plan: DemoPlan) -> Progress:
    """Return what fits the place where output goes."""
    if console.is_terminal and not console.is_dumb_terminal:
        return Picture(console, plan)
    return Lines(console, plan)


class Lines:
    """A line every few seconds."""

    def __init__(self, console: Console, plan: DemoPlan) -> None:
        self._console = console
        self._plan = plan
        self._next = _LINE_EVERY

    def show(self, moment: Moment) -> None:
        if moment.elapsed < self._next:
            return
        self._next += _LINE_EVERY
        sides = (moment.direct, moment.hedged)
        told = (
            f"{name} {format_share(side.share_in_time)} in time, p99 {_p99(side)}"
            for name, side in zip(_NAMES, sides, strict=True)
        )
        self._console.print(f"{self._time(moment)}: {'; '.join(told)}", soft_wrap=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Lines are whole already."""

    def _time(self, moment: Moment) -> str:
        if moment.is_sending:
            return f"{moment.elapsed:.0f} of {self._plan.seconds:g} s"
        return "last answers"


class Picture:
    """A progress bar, and the figures so far beside each other; gone at the end."""

    def __init__(self, console: Console, plan: DemoPlan) -> None:
        self._plan = plan
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def show(self, moment: Moment) -> None:
        self._live.update(self._drawn(moment), refresh=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.stop()

    def _drawn(self, moment: Moment) -> Group:
        sides = (moment.direct, moment.hedged)
        table = Table(box=None, padding=(0, 2))
        table.add_column("so far", style="dim")
        for name, style in zip(_NAMES, _STYLES, strict=True):
            table.add_column(name, min_width=_BAR, style=style)
        table.add_row("requests ended", *(f"{side.results.ended:,}" for side in sides))
        table.add_row("answered in time", *(format_share(side.share_in_time) for side in sides))
        bars = (_bar(side, style) for side, style in zip(sides, _STYLES, strict=True))
        table.add_row("", *bars)
        table.add_row("p50", *map(_p50, sides))
        table.add_row("p99", *map(_p99, sides))
        return Group(self._clock(moment), Text(), table)

    def _clock(self, moment: Moment) -> Table:
        seconds = self._plan.seconds
        elapsed = min(max(moment.elapsed, 0.0), seconds)
        left = f"{seconds - elapsed:.0f} s left" if moment.is_sending else "the last answers"
        row = Table.grid(padding=(0, 2))
        row.add_row("", ProgressBar(total=seconds, completed=elapsed, width=2 * _BAR), left)
        return row


def _bar(side: Standing, style: str) -> ProgressBar:
    """Draw the share in time."""
    share = side.share_in_time
    return ProgressBar(
        total=1.0, completed=share, width=_BAR, complete_style=style, finished_style=style
    )


def _p50(side: Standing) -> str:
    return _quantile(side.results, 0.5)


def _p99(side: Standing) -> str:
    return _quantile(side.results, 0.99)


def _quantile(results: Results, quantile: float) -> str:
    if not results.ended:
        return "-"
    return f"{results.latencies.quantile(quantile) / 1000:,.0f} ms"
