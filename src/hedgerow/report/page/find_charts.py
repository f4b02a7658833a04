"""The curves of a capacity search: what came of each load, and how capacity grows.

Every probe is a mark, whose colour and shape say whether the promises were kept.  Must not
know where on the page a curve stands.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from msgspec.structs import replace

from hedgerow.errors import ConfigError
from hedgerow.measure.slo import Slo, parse_slo
from hedgerow.measure.usl import UslFit
from hedgerow.report.find_document import By, Came, FindDocument, ProbeRecord, Variant
from hedgerow.report.find_words import is_number, load_text
from hedgerow.report.page import figures
from hedgerow.report.page.chart import Chart, Column, Kind, Series, Unit, Zone, compact

#: How a probe came out, its colour and its mark.
_MARKS: Final[tuple[tuple[Came, str, Kind], ...]] = (
    ("kept", "good", "dots"),
    ("broken", "bad", "crosses"),
    ("invalid", "warn", "rings"),
)
_TIMES: Final[dict[str, Callable[[ProbeRecord], float | None]]] = {
    "p99": lambda probe: probe.p99_us,
    "p95": lambda probe: probe.p95_us or None,
    "p50": lambda probe: probe.p50_us,
}
_AXES: Final[dict[By, tuple[str, Unit]]] = {"rate": ("asked", "rate"), "users": ("users", "count")}
_CURVE_POINTS: Final = 80
_WIDE_RANGE: Final = 5.0  # from which on loads are better shown by their powers
_HEADROOM: Final = 1.3  # how far above all else the straight line is drawn
_BEYOND: Final = 1.5  # how far past what was measured the fitted curve goes


@dataclass(frozen=True, slots=True)
class _Pick:
    """A time that can be chosen to be shown, and the promises about it."""

    name: str
    value: Callable[[ProbeRecord], float | None]
    limits: Sequence[Slo]


@dataclass(frozen=True, slots=True)
class _Curve:
    """A variant's probes, in the order of their loads."""

    document: FindDocument
    variant: Variant
    number: int

    @property
    def probes(self) -> list[ProbeRecord]:
        return sorted(self.variant.probes, key=lambda probe: probe.load)

    @property
    def is_wide(self) -> bool:
        loads = [probe.load for probe in self.variant.probes]
        return max(loads, default=1.0) >= _WIDE_RANGE * min(loads, default=1.0)

    @property
    def zones(self) -> list[Zone]:
        """What lies beyond the capacity."""
        capacity = self.variant.capacity
        if capacity.kind not in ("found", "unfinished") or capacity.broken is None:
            return []
        last = max((probe.load for probe in self.variant.probes), default=capacity.broken)
        return [Zone(begins=capacity.broken, ends=last, label="beyond")]

    def marks(self, value: Callable[[ProbeRecord], float | None]) -> list[Column]:
        """A column for each way in which a probe can come out."""
        return [
            compact(value(probe) if probe.came == came else None for probe in self.probes)
            for came, *_ in self.present()
        ]

    def present(self) -> list[tuple[Came, str, Kind]]:
        came = {probe.came for probe in self.variant.probes}
        return [mark for mark in _MARKS if mark[0] in came]

    def series(self, pick: str = "") -> list[Series]:
        return [
            Series(label=came, colour=colour, kind=kind, pick=pick)
            for came, colour, kind in self.present()
        ]

    def over_load(self, chart: Chart) -> Chart:
        """Give a chart what all of this search have in common."""
        name, unit = _AXES[self.document.by]
        return replace(
            chart,
            key=f"{chart.key}-{self.number}" if self.number else chart.key,
            x_name=name,
            x_unit=unit,
            x_log=self.is_wide,
            zones=self.zones,
        )


def curves(document: FindDocument, variant: Variant, number: int = 0) -> list[Chart]:
    """The charts of one search; ``number`` tells those of several apart."""
    curve = _Curve(document, variant, number)
    return [_response_time(curve), _throughput(curve)]


def _response_time(curve: _Curve) -> Chart:
    probes = curve.probes
    lines: list[Series] = []
    columns: list[Column] = [compact(probe.load for probe in probes)]
    picks = _picks(curve.document)
    for pick in picks:
        lines += curve.series(pick.name)
        columns += curve.marks(pick.value)
        for slo in pick.limits:
            limit = Series(label=slo.expr, colour="soft", kind="curve", dashed=True)
            lines.append(replace(limit, pick=pick.name))
            columns.append([slo.limit * 1e6] * len(probes))
    return curve.over_load(
        Chart(
            key="response-time",
            title="Response time by load",
            about="A mark a probe, from when a request was due. Dashed: the promise.",
            axis="amount",
            unit="us",
            log=True,
            picks=[pick.name for pick in picks],
            series=lines,
            tables=[columns],
        )
    )


def _throughput(curve: _Curve) -> Chart:
    probes = curve.probes
    loads = compact(probe.load for probe in probes)
    lines, columns = curve.series(), curve.marks(lambda probe: probe.completed)
    about = "Requests a second that were answered, well or not."
    if curve.document.by == "rate":
        lines.append(Series(label="as asked", colour="soft", kind="curve", dashed=True))
        columns.append(loads)
        about += " Below the dashed line the server did not keep up."
    most = max((probe.completed for probe in probes), default=0.0)
    return curve.over_load(
        Chart(
            key="throughput",
            title="Throughput by load",
            about=about,
            spoken=f"At most {figures.rate(most)}.",
            axis="amount",
            unit="rate",
            log=curve.is_wide,
            series=lines,
            tables=[[loads, *columns]],
        )
    )


def _picks(document: FindDocument) -> list[_Pick]:
    """What can be shown: first the times that were promised, then those that always are."""
    promised: list[_Pick] = []
    limits: dict[str, list[Slo]] = {}
    for number, slo in enumerate(map(_slo, document.promises)):
        if slo is None or slo.unit != "s":
            continue
        metric = slo.metric
        if metric.name in _TIMES and (metric.distribution, metric.label) == ("response", None):
            limits.setdefault(metric.name, []).append(slo)
        else:
            promised.append(_Pick(slo.expr, partial(_promised, number), [slo]))
    known = [_Pick(name, value, limits.get(name, [])) for name, value in _TIMES.items()]
    return sorted(promised + known, key=lambda pick: not pick.limits)


def _slo(expr: str) -> Slo | None:
    try:
        return parse_slo(expr)
    except ConfigError:
        return None  # of a later version


def _promised(number: int, probe: ProbeRecord) -> float | None:
    """The value of one promise, in microseconds."""
    value = probe.promises[number].value if number < len(probe.promises) else None
    return None if value is None else value * 1e6


# --- several variants ---


def scaling(document: FindDocument) -> Chart:
    """The capacity over what was varied, and the law that was fitted to it."""
    found = sorted(
        (float(variant.value), variant.capacity.load)
        for variant in document.variants
        if is_number(variant) and variant.capacity.load is not None
        if variant.capacity.kind in ("found", "above")
    )
    law = _law(document)
    grid = [] if law is None else _grid(law, [n for n, _ in found])
    xs = sorted({*grid, *(n for n, _ in found)})
    known = dict(found)
    lines = [Series(label="capacity", colour="1", kind="dots")]
    columns = [compact(xs), compact(known.get(x) for x in xs)]
    if law is not None:
        lines.append(Series(label="Universal Scalability Law", colour="3", kind="curve"))
        lines.append(Series(label="in proportion", colour="soft", kind="curve", dashed=True))
        curve = [law.throughput(x) for x in xs]
        top = _HEADROOM * max(*curve, *known.values())
        columns += [compact(curve), compact(_below(law.lam * x, top) for x in xs)]
    return Chart(
        key="scaling",
        title=f"Capacity by {document.varied}",
        about="The highest load that keeps the promises.",
        spoken="; ".join(f"{n:g}: {load_text(load, document.by)}" for n, load in found),
        axis="amount",
        unit=_AXES[document.by][1],
        x_name=document.varied,
        wide=True,
        series=lines,
        tables=[columns] if found else [],
    )


def _below(value: float, top: float) -> float | None:
    return value if value <= top else None


def _law(document: FindDocument) -> UslFit | None:
    fit = document.scalability
    if fit is None:
        return None
    return UslFit(fit.lam, fit.sigma, fit.kappa, fit.r2, fit.peak_n, fit.peak_x)


def _grid(law: UslFit, measured: Sequence[float]) -> list[float]:
    """Where the curve is drawn: past what was measured, and past a peak that is near."""
    most = max(measured, default=1.0)
    end = most * _BEYOND
    if law.peak_n is not None and law.peak_n < 3 * most:
        end = max(end, law.peak_n * 1.2)
    return [1 + (end - 1) * step / _CURVE_POINTS for step in range(_CURVE_POINTS + 1)]
