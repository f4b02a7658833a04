"""A run in progress as a picture on a terminal, drawn anew each second, gone at the end.

Fits into 60 columns and 24 lines, and uses what there is more.  Draws in the process that
shows, never in one that sends.  Must not know how a run is carried out.
"""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hedgerow.cli.load_lines import Lines
from hedgerow.cli.load_standing import (
    QUANTILE_NAMES,
    Standing,
    model_in_words,
    most_frequent,
    per_second,
    sparkline,
    times,
)
from hedgerow.load.moment import Moment
from hedgerow.load.order import Order
from hedgerow.report.document import SloResult
from hedgerow.units import format_duration, format_share, format_size

_WIDEST: Final = 100
_NAMES_WIDTH: Final = 12
_SPARKLINE_REST: Final = _NAMES_WIDTH + 12  # its name before it, its last value after it
#: Lines that the picture has without promises and errors.
_FIXED_LINES: Final = 17
_MOST_ERRORS: Final = 4
_PHASES: Final = {"warm-up": "warm-up", "measured": "", "drain": "waiting for the last answers"}


class View(Protocol):
    """Shows a run while it goes on."""

    def show(self, moment: Moment) -> None:
        """Take in one more moment."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def view(
    console: Console, order: Order, tell: Callable[[str], None], *, quiet: bool, plain: bool
) -> View:
    """Choose what suits the place where output goes."""
    if quiet:
        return Nothing()
    if plain or not console.is_terminal or console.is_dumb_terminal:
        return Lines(tell)
    return Picture(console, order)


class Nothing:
    """Shows nothing."""

    def show(self, moment: Moment) -> None:
        """Stay silent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave nothing behind."""


class Picture:
    """The figures of the last second and of the run so far."""

    def __init__(self, console: Console, order: Order) -> None:
        self._console = console
        self._standing = Standing(order)
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def show(self, moment: Moment) -> None:
        """Draw."""
        self._live.update(self.drawn(moment), refresh=True)

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

    @property
    def _width(self) -> int:
        return min(self._console.width, _WIDEST)

    def drawn(self, moment: Moment) -> Group:
        """Return the picture of a moment; they are to come in their order."""
        self._standing.take(moment)
        parts: list[RenderableType] = [
            *self._header(),
            self._counts(),
            Text(),
            self._times(),
            Text(),
            self._state(),
            *self._sparklines(),
            *self._machines(),
            *self._errors(),
            *self._promises(),
        ]
        return Group(*parts)

    # --- above ---

    def _header(self) -> Iterator[RenderableType]:
        standing, order = self._standing, self._standing.order
        yield _line(f"{order.name} " if order.name else "", order.target, style="bold")
        yield _line(model_in_words(order.config), style="dim")
        elapsed, progress = standing.moment.elapsed, standing.progress()
        words = _PHASES[standing.moment.phase]
        if progress is None:
            yield _line(f"{elapsed:.0f} s {words}")
        else:
            done, whole = progress
            limit = f" of {standing.moment.duration:.0f}" if standing.moment.duration else ""
            row = Table.grid(padding=(0, 1))
            room = self._width - len(f"{elapsed:.0f}{limit} s {words}") - 2
            bar = ProgressBar(total=whole, completed=done, width=max(10, min(40, room)))
            row.add_row(bar, _line(f"{elapsed:.0f}{limit} s {words}"))
            yield row
        yield Text()

    def _counts(self) -> Table:
        moment, last = self._standing.moment, self._standing.last
        table = _table("", "asked", "sent", "ok", "failed")
        asked = "-" if last.asked is None else f"{last.asked:,.0f}/s"
        counts = (last.sent, last.ok, last.failed)
        table.add_row(
            "last second", asked, *(f"{per_second(count, last):,.0f}/s" for count in counts)
        )
        total = moment.total
        whole = f"{self._standing.asked:,.0f}" if last.asked is not None else "-"
        table.add_row(
            "so far", whole, *(f"{n:,}" for n in (total.sent, total.ok)), _bad(total.failed)
        )
        return table

    def _times(self) -> Table:
        standing = self._standing
        table = _table("", *QUANTILE_NAMES)
        table.add_row("last second", *times(standing.second))
        table.add_row("response", *times(standing.run("response")), style="bold")
        table.add_row("service", *times(standing.run("service")))
        return table

    # --- below ---

    def _state(self) -> Text:
        last = self._standing.last
        facts = [("in flight", last.in_flight), ("connections", last.connections)]
        if last.users:
            facts.insert(0, ("users", last.users))
        if last.asked is not None:
            facts.append(("backlog", last.backlog))
        return _line(", ".join(f"{name} {number:,}" for name, number in facts))

    def _sparklines(self) -> Iterator[RenderableType]:
        points, width = self._standing.moment.points, self._width - _SPARKLINE_REST
        recent = points[-max(width, 1) :]
        rates = [per_second(point.ok + point.failed, point) for point in recent]
        tails = [float(point.p99_us) for point in recent]
        if not recent:
            return
        yield self._sparkline("answers", rates, f"{rates[-1]:,.0f}/s", "green")
        yield self._sparkline("p99", tails, format_duration(tails[-1] / 1e6), "yellow")

    def _sparkline(self, name: str, values: list[float], last: str, style: str) -> Text:
        ascii_only = self._console.options.ascii_only
        drawn = sparkline(values, self._width - _SPARKLINE_REST, ascii_only=ascii_only)
        line = _line(f"{name:<{_NAMES_WIDTH}}")
        return line.append(drawn, style=style).append(f" {last}")

    def _machines(self) -> Iterator[RenderableType]:
        last, server = self._standing.last, self._standing.moment.server
        lag = format_duration(last.lag_p99_us / 1e6)
        busy = f"{last.generator_cpu * 100:.0f}% of a core, send lag p99 {lag}"
        yield _line(f"{'generator':<{_NAMES_WIDTH}}{busy}")
        if last.missing_shards:
            yield _line(f"missing shards: {last.missing_shards}", style="red")
        if server:
            used = f"{server[-1].cpu:.2f} cores, RSS {format_size(server[-1].rss)}"
            yield _line(f"{'server':<{_NAMES_WIDTH}}{used}")

    def _errors(self) -> Iterator[RenderableType]:
        total = self._standing.moment.total
        if not total.errors:
            return
        share = format_share(total.failed / total.ended) if total.ended else ""
        found = most_frequent(total.errors.items(), _MOST_ERRORS)
        told = ", ".join(f"{kind} {count:,}" for kind, count in found)
        more = ", ..." if len(total.errors) > _MOST_ERRORS else ""
        yield _line(f"{'errors':<{_NAMES_WIDTH}}{share}: {told}{more}", style="red")

    def _promises(self) -> Iterator[RenderableType]:
        results = sorted(self._standing.promises(), key=lambda result: result.ok)
        room = max(1, self._console.height - _FIXED_LINES - 2)
        shown = results if len(results) <= room else results[: room - 1]
        yield from (_promise(result) for result in shown)
        if len(shown) < len(results):
            yield _line(f"{'':<{_NAMES_WIDTH}}and {len(results) - len(shown)} more", style="dim")


def _promise(result: SloResult) -> Text:
    word, style = ("kept", "green") if result.ok else ("broken", "bold red")
    line = Text(f"{word:<{_NAMES_WIDTH}}", style=style, no_wrap=True, overflow="ellipsis")
    return line.append(f"{result.expr}: {result.detail}", style="default")


def _bad(count: int) -> Text:
    return Text(f"{count:,}", style="red" if count else "")


def _line(*parts: str, style: str = "") -> Text:
    return Text("".join(parts), style=style, no_wrap=True, overflow="ellipsis")


def _table(first: str, *titles: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="dim")
    table.add_column(first, min_width=_NAMES_WIDTH - 1, no_wrap=True)
    for title in titles:
        table.add_column(title, justify="right", min_width=8, no_wrap=True)
    return table
