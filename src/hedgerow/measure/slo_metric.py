"""What a promise is about: the left side of ``p95{label=login}<300ms``.

Turns its words into a :class:`Metric` and reads its value from :class:`Figures`, whatever
holds them.  Must not know limits, windows, nor how figures are collected.

::

    p99  p99.9  p(99)  mean avg  med  min  max    response times, from when a request was due
    service. ttfb. connect. lag. lateness. backlog. ok. failed. iterations.   + one of those
    errors     share of the requests that failed      failures   their number
    rps        requests ended a second                ok_rps     good ones a second
    count      requests ended
    cpu(server) rss(server) pss(server) fds(server) threads(server) processes(server)
    {label=login} after any but the server's          {class=timeout} after errors and failures

CPU is the mean, everything else of a server the highest that was seen: one second's CPU says
little, one moment's memory is what the machine must have.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

Unit = Literal["s", "share", "/s", "B", "cores", ""]


class Figures(Protocol):
    """What is known of a run, or of a part of it.  None: there is nothing to tell it from."""

    @property
    def seconds(self) -> float:
        """How long the part was that the counts belong to."""

    @property
    def labels(self) -> Sequence[str]:
        """The labels that were seen."""

    def quantile(self, distribution: str, label: str | None, q: float) -> float | None:
        """Return the seconds that this share (0 to 1) did not exceed."""

    def mean(self, distribution: str, label: str | None) -> float | None:
        """Return the mean in seconds."""

    def samples(self, distribution: str, label: str | None) -> int:
        """Return how many times the distribution holds."""

    def count(self, label: str | None) -> int:
        """Return how many requests ended, well or not."""

    def failed(self, label: str | None, kind: str | None) -> int:
        """Return how many of them failed, in all or in one class."""

    def rate(self, label: str | None, *, only_ok: bool) -> float | None:
        """Return how many ended a second, while requests were sent."""

    def server(self, name: str) -> float | None:
        """Return what a watched server used."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a run; ``name`` is p99, mean, errors, ..."""

    name: str
    unit: Unit
    distribution: str = ""  # of times; empty for everything else
    quantile: float | None = None  # None: the mean
    label: str | None = None
    kind: str | None = None  # a class of errors

    @property
    def is_total(self) -> bool:
        """True for what only grows while a run goes on."""
        return self.name in ("count", "failures")

    @property
    def is_a_pace(self) -> bool:
        """True for what falls when no new requests are sent."""
        return self.unit == "/s"

    @property
    def is_of_a_server(self) -> bool:
        """True for what a watched server used."""
        return self.name in SERVER_UNITS

    def value(self, figures: Figures) -> float | None:
        """Read the value, in ``unit``; None where there are no samples."""
        if self.distribution:
            if self.quantile is None:
                return figures.mean(self.distribution, self.label)
            return figures.quantile(self.distribution, self.label, self.quantile)
        if self.is_of_a_server:
            return figures.server(self.name)
        return _COUNTED[self.name].read(self, figures)


@dataclass(frozen=True, slots=True)
class _Counted:
    unit: Unit
    read: Callable[[Metric, Figures], float | None]


def _errors(metric: Metric, figures: Figures) -> float | None:
    count = figures.count(metric.label)
    return figures.failed(metric.label, metric.kind) / count if count else None


def _failures(metric: Metric, figures: Figures) -> float | None:
    return figures.failed(metric.label, metric.kind) if figures.count(metric.label) else None


def _rps(metric: Metric, figures: Figures) -> float | None:
    return figures.rate(metric.label, only_ok=False)


def _ok_rps(metric: Metric, figures: Figures) -> float | None:
    return figures.rate(metric.label, only_ok=True)


def _count(metric: Metric, figures: Figures) -> float | None:
    return figures.count(metric.label)


_COUNTED: Final = {
    "errors": _Counted("share", _errors),
    "failures": _Counted("", _failures),
    "rps": _Counted("/s", _rps),
    "ok_rps": _Counted("/s", _ok_rps),
    "count": _Counted("", _count),
}
SERVER_UNITS: Final[dict[str, Unit]] = {
    "cpu": "cores", "rss": "B", "pss": "B", "fds": "", "threads": "", "processes": "",
}  # fmt: skip
_DISTRIBUTIONS: Final = {
    "response": "response", "service": "service", "ttfb": "ttfb", "connect": "connect",
    "lag": "send_lag", "send_lag": "send_lag", "lateness": "lateness", "backlog": "backlog",
    "ok": "ok", "failed": "failed", "iterations": "iterations",
}  # fmt: skip
_AGGREGATES: Final[dict[str, float | None]] = {
    "mean": None,
    "avg": None,
    "med": 0.5,
    "median": 0.5,
    "min": 0.0,
    "max": 1.0,
}
_ALIASES: Final = {"error": "errors", "failure": "failures"}

#: Words that other tools use for several things, and what to write instead.
_OTHERWISE: Final = {
    "rate": "Write rps for requests a second, errors for the share that failed.",
    "http_req_duration": "Write p99<250ms.",
    "http_req_failed": "Write errors<1%.",
    "http_reqs": "Write rps>100 or count>=1000.",
    "latency": "Say which: p99, mean or max.",
    "response": "Say which: p99, mean or max.",
    "rt": "Say which: p99, mean or max.",
}

_PERCENTILE: Final = re.compile(r"p(\d+(?:\.\d+)?)|p\((\d+(?:\.\d+)?)\)")
_SERVER: Final = re.compile(r"(\w+)\(server\)")


def parse_metric(name: str, selector: str | None) -> Metric:
    """Read a metric and what stands in its braces; ValueError says what is right, as a sentence."""
    label, kind = _selected(selector)
    if server := _SERVER.fullmatch(name):
        return _server_metric(server[1], selector)
    counted = _COUNTED.get(_ALIASES.get(name, name))
    if counted is not None:
        name = _ALIASES.get(name, name)
        if kind is not None and name not in ("errors", "failures"):
            raise ValueError("{class=...} belongs to errors or failures.")
        return Metric(name, counted.unit, label=label, kind=kind)
    if kind is not None:
        raise ValueError("{class=...} belongs to errors or failures.")
    return _time_metric(name, label)


def _time_metric(name: str, label: str | None) -> Metric:
    prefix, dot, aggregate = name.partition(".")
    if not dot or prefix not in _DISTRIBUTIONS:
        prefix, aggregate = "response", name
    distribution = _DISTRIBUTIONS[prefix]
    if distribution == "iterations" and label is not None:
        raise ValueError("Iterations have no label.")
    if aggregate in _AGGREGATES:
        return Metric(name, "s", distribution, _AGGREGATES[aggregate], label)
    found = _PERCENTILE.fullmatch(aggregate)
    if found is None:
        raise ValueError(_nearest(name))
    percent = float(found[1] or found[2])
    if not 0 < percent < 100:
        raise ValueError("A percentile lies between 0 and 100 (p99.9). The highest time is max.")
    return Metric(name, "s", distribution, round(percent / 100, 12), label)


def _server_metric(name: str, selector: str | None) -> Metric:
    if name not in SERVER_UNITS:
        known = ", ".join(f"{word}(server)" for word in SERVER_UNITS)
        raise ValueError(f"Of a watched server there are {known}.")
    if selector is not None:
        raise ValueError("A server's figures have no {...}.")
    return Metric(name, SERVER_UNITS[name])


def _selected(selector: str | None) -> tuple[str | None, str | None]:
    """Return the label and the class of errors that stand in the braces; one of them."""
    if selector is None:
        return None, None
    key, _, value = selector.partition("=")
    value = value.strip().strip("\"'")
    if key.strip() not in ("label", "class") or not value:
        raise ValueError("In the braces stands one {label=NAME} or {class=timeout}.")
    return (value, None) if key.strip() == "label" else (None, value)


def _nearest(name: str) -> str:
    if name in _OTHERWISE:
        return _OTHERWISE[name]
    used = name.partition("(")[0]
    if used in SERVER_UNITS:
        return f"Write {used}(server)."
    known = [
        "p99", "p99.9", "p95", "p50", *_AGGREGATES, *_COUNTED,
        *(f"{prefix}.p99" for prefix in _DISTRIBUTIONS),
        *(f"{word}(server)" for word in SERVER_UNITS),
    ]  # fmt: skip
    close = difflib.get_close_matches(name, known, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return "Known are p50 to p99.99, mean, med, min, max, errors, failures, rps, ok_rps, count."
