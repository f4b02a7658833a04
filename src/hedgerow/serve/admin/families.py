"""Metric families as plain records, and how those of several gateways become one.

Names, labels and numbers only, so that a report of them can go to another process and be
added up there.  Must not know who counts, nor what Prometheus' text looks like.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

Kind = Literal["counter", "gauge", "histogram"]
#: What a gauge of several gateways is: all of it together, the worst, or the usual.
Rule = Literal["sum", "max", "mean"]

#: Before the name of every family.
_PREFIX: Final = "hedgerow_"


class Series(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One set of labels' values, and what was counted for it."""

    labels: tuple[str, ...]
    value: float  # of a histogram: the sum of all that was observed
    counts: tuple[int, ...] = ()  # of a histogram: in each bucket, not added up


class Family(msgspec.Struct, array_like=True):
    """One metric, for every set of labels' values that there is."""

    name: str  # without the _total of counters
    text: str
    kind: Kind
    labels: tuple[str, ...]
    rule: Rule = "sum"
    series: list[Series] = []

    def add(self, labels: Sequence[str], value: float, counts: Sequence[int] = ()) -> None:
        """Add what was counted for these labels' values."""
        self.series.append(Series(tuple(labels), float(value), tuple(counts)))


def counter(name: str, text: str, *labels: str) -> Family:
    """Make a family of totals since the start."""
    return Family(_PREFIX + name, text, "counter", labels)


def gauge(name: str, text: str, *labels: str, rule: Rule) -> Family:
    """Make a family of what is now; ``rule`` says what it is for several gateways."""
    return Family(_PREFIX + name, text, "gauge", labels, rule)


def histogram(name: str, text: str, *labels: str) -> Family:
    """Make a family of counts by bucket."""
    return Family(_PREFIX + name, text, "histogram", labels)


def together(parts: Iterable[Iterable[Family]]) -> list[Family]:
    """Return what several gateways are as one: totals are added, gauges follow their rule.

    Labels' values that only some have are as they are there.  No part is changed.
    """
    found: dict[str, list[Family]] = {}
    for part in parts:
        for family in part:
            found.setdefault(family.name, []).append(family)
    return [_one(families) for families in found.values()]


def totals(families: Iterable[Family]) -> list[Family]:
    """Return what stays true of a gateway that is gone: what it has counted."""
    return [family for family in families if family.kind != "gauge"]


def _one(families: Sequence[Family]) -> Family:
    first = families[0]
    rows: dict[tuple[str, ...], list[Series]] = {}
    for family in families:
        for series in family.series:
            rows.setdefault(series.labels, []).append(series)
    joined = [_joined(labels, series, first.rule) for labels, series in rows.items()]
    return Family(first.name, first.text, first.kind, first.labels, first.rule, joined)


def _joined(labels: tuple[str, ...], series: Sequence[Series], rule: Rule) -> Series:
    values = [one.value for one in series]
    if rule == "max":
        return Series(labels, max(values))
    total = math.fsum(values)
    if rule == "mean":
        return Series(labels, total / len(values))
    counts = tuple(map(sum, zip(*(one.counts for one in series), strict=True)))
    return Series(labels, total, counts)
