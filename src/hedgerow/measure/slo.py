"""Promises about a service (service level objectives): ``p99<250ms``, ``errors<0.1%``.

Reads one from a command line and judges it by figures.  Must not know where figures come
from, nor what is done about a broken promise.  ``slo_metric`` says what can be promised.

::

    METRIC OPERATOR LIMIT [for WINDOW]        operators: <  <=  >  >=  ==

A limit takes a unit (``250ms``, ``0.1%``, ``512MB``, ``1.2k``); a bare number of a time is
milliseconds, as in k6.  ``errors`` is a share and ``failures`` a number, so ``errors<5`` is
refused: one reader would take it for 5 %, the other for five.

**No samples break a promise**: nothing was shown.  The exceptions are numbers that are known
to be 0, ``count`` and ``rps``.

With a window the promise holds for each part of that length, not for the whole: ``p99<1s for
10s`` says that at no time was the p99 of the last 10 s at or above 1 s.  (Taurus reads such a
line as the condition of an alarm, "is so for 10 s"; ours says what is kept.)
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hedgerow.errors import ConfigError
from hedgerow.measure.slo_metric import Figures, Metric, Unit, parse_metric
from hedgerow.units import (
    format_duration,
    format_share,
    format_size,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)

_HOLDS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq,
}  # fmt: skip
_FORM: Final = re.compile(
    r"(?P<name>[\w.()]+)\s*(?:\{(?P<selector>.*)\})?\s*(?P<operator><=|>=|==|<|>)"
    r"\s*(?P<limit>.+?)(?:\s+for\s+(?P<window>.+))?"
)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_SHORTEST_WINDOW: Final = 1.0  # figures come once a second
_LONGEST_WINDOW: Final = 3600.0  # what is kept for it must end somewhere


@dataclass(frozen=True, slots=True)
class SloVerdict:
    """What came of a promise."""

    value: float | None  # in the unit of the limit; None: there were no samples
    ok: bool
    detail: str  # in words


@dataclass(frozen=True, slots=True)
class Slo:
    """One promise."""

    expr: str  # as it was written
    metric: Metric
    operator: str
    limit: float  # in the metric's unit: seconds, a share, bytes, ...
    window: float | None = None  # seconds; None: the whole run

    @property
    def unit(self) -> Unit:
        """The unit of values and of the limit."""
        return self.metric.unit

    @property
    def is_ceiling(self) -> bool:
        """True where lower is better."""
        return self.operator in ("<", "<=")

    def holds(self, value: float) -> bool:
        """Compare a value with the limit."""
        return _HOLDS[self.operator](value, self.limit)

    def is_worse(self, value: float, than: float) -> bool:
        """Compare two values by how far they are on the wrong side."""
        if self.operator == "==":
            return abs(value - self.limit) > abs(than - self.limit)
        return value > than if self.is_ceiling else value < than

    def judge(self, figures: Figures) -> SloVerdict:
        """Judge by these figures, taken as one whole; the window plays no part here."""
        value = self.metric.value(figures)
        if value is None:
            return SloVerdict(None, ok=False, detail=_nothing(self.metric, figures))
        detail = f"{self.metric.name} was {format_value(value, self.unit)}"
        return SloVerdict(value, self.holds(value), detail + _few(self.metric, figures))


def parse_slo(text: str) -> Slo:
    """Read a promise as it is written after ``--slo``."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise ConfigError(
            "--slo",
            got=text,
            must="METRIC OPERATOR LIMIT [for WINDOW]",
            fix="Write for example --slo 'p99<250ms' or --slo 'errors<0.1%'.",
        )
    try:
        metric = parse_metric(form["name"], form["selector"])
    except ValueError as error:
        raise ConfigError("--slo", got=text, must="about a known figure", fix=str(error)) from error
    try:
        limit = float(_LIMITS[metric.unit](form["limit"]))
    except ValueError as error:
        raise ConfigError(
            "--slo", got=text, must=f"compared with {error}", fix=_about_limit(metric)
        ) from error
    return Slo(text.strip(), metric, form["operator"], limit, _window(text, form["window"]))


def format_value(value: float, unit: Unit) -> str:
    """Write a value or a limit for people."""
    match unit:
        case "s":
            return format_duration(value)
        case "share":
            return format_share(value)
        case "/s":
            return f"{value:.1f}/s" if value < 100 else f"{value:.0f}/s"
        case "B":
            return format_size(value)
        case "cores":
            return f"{value:.2f} cores"
        case "":
            return f"{value:g}"


# --- limits ---


def _time_limit(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text) / 1000
    return parse_duration(text)


def _share_limit(text: str) -> float:
    if _NUMBER.fullmatch(text) and float(text) >= 1:
        raise ValueError("a share, such as 5% or 0.05")
    return parse_share(text)


def _count_limit(text: str) -> float:
    if "/" in text:
        raise ValueError("a number, such as 1000 or 1k")
    try:
        return parse_rate(text)
    except ValueError:
        raise ValueError("a number, such as 1000 or 1k") from None


def _cores_limit(text: str) -> float:
    number = text.removesuffix("%").strip()
    if not _NUMBER.fullmatch(number):
        raise ValueError("a number of cores, such as 1.5 or 150%")
    return float(number) / (100 if text.endswith("%") else 1)


_LIMITS: Final[dict[Unit, Callable[[str], float]]] = {
    "s": _time_limit,
    "share": _share_limit,
    "/s": parse_rate,
    "B": parse_size,
    "cores": _cores_limit,
    "": _count_limit,
}


def _about_limit(metric: Metric) -> str:
    if metric.unit == "share":
        return "To limit their number write failures<=5."
    return "A bare number is milliseconds." if metric.unit == "s" else "Correct what is compared."


def _window(text: str, window: str | None) -> float | None:
    if window is None:
        return None
    try:
        seconds = parse_duration(window)
    except ValueError as error:
        raise ConfigError(
            "--slo", got=text, must=f"given with {error} after for", fix="Write for 10s."
        ) from error
    if not _SHORTEST_WINDOW <= seconds <= _LONGEST_WINDOW:
        raise ConfigError(
            "--slo", got=text, must="given with a window from 1s to 1h", fix="Write for 10s."
        )
    return seconds


# --- in words ---


def _nothing(metric: Metric, figures: Figures) -> str:
    if metric.is_of_a_server:
        return f"no server was watched that tells its {metric.name}: add --watch"
    if metric.label is not None and metric.label not in figures.labels:
        seen = ", ".join(figures.labels) or "none"
        return f"no request was labelled {metric.label} (labels: {seen})"
    return "there were no samples"


def _few(metric: Metric, figures: Figures) -> str:
    """Say when a percentile rests on less than one sample beyond it (Rally's rule)."""
    if metric.quantile is None or not 0.5 < metric.quantile < 1:
        return ""
    samples = figures.samples(metric.distribution, metric.label)
    needed = 1 / (1 - metric.quantile)
    if samples >= needed * (1 - 1e-9):
        return ""
    return f", from {samples} samples only ({needed:.0f} make a {metric.name})"
