"""Metric families as Prometheus' text, and what the system says of the processes.

The text is the Prometheus client's.  Must not know where the numbers come from, but that
they are asked for when somebody scrapes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from typing_extensions import override

from hedgerow.serve.admin.families import Family
from hedgerow.serve.durations import BOUNDS

#: The upper ends of buckets, as labels say them; the last has none.
_ENDS: Final = (*(f"{bound:g}" if bound % 1 else f"{bound:.1f}" for bound in BOUNDS), "+Inf")

Read = Callable[[], Iterable[Family]]
#: Pids by what a process is called.
Pids = Callable[[], Mapping[str, int]]


class Exposition:
    """All metrics of one gateway, and of the processes that it is."""

    def __init__(self, read: Read, pids: Pids | None = None) -> None:
        """Without ``pids`` the gateway is this process, and nobody need tell which."""
        self._registry = CollectorRegistry()
        self._registry.register(_FamilyCollector(read))
        PlatformCollector(registry=self._registry)
        if pids is not None:
            self._registry.register(_ProcessesCollector(pids))
            return
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def render(self, accept: str) -> tuple[bytes, str]:
        """Return the text in the form that the client takes, and its media type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry), content_type


class _FamilyCollector(Collector):
    def __init__(self, read: Read) -> None:
        self._read = read

    @override
    def collect(self) -> Iterator[Metric]:
        return map(_metric, self._read())

    def describe(self) -> Iterable[Metric]:
        """Nothing: else the registry would ask for everything before anybody does."""
        return ()


class _ProcessesCollector(Collector):
    """Processor time, memory and descriptors of each process, which is named in a label."""

    def __init__(self, pids: Pids) -> None:
        self._pids = pids

    @override
    def collect(self) -> Iterable[Metric]:
        found: dict[str, Metric] = {}
        for name, pid in self._pids().items():
            one = ProcessCollector(pid=partial(int, pid), registry=None)
            for metric in one.collect():
                known = found.setdefault(metric.name, _like(metric))
                for sample in metric.samples:
                    labels = {**sample.labels, "worker": name}
                    known.add_sample(sample.name, labels, sample.value)
        return found.values()

    def describe(self) -> Iterable[Metric]:
        """Nothing, as above."""
        return ()


def _like(metric: Metric) -> Metric:
    return Metric(metric.name, metric.documentation, metric.type)


def _metric(family: Family) -> Metric:
    match family.kind:
        case "histogram":
            made = HistogramMetricFamily(family.name, family.text, labels=family.labels)
            for series in family.series:
                buckets = list(zip(_ENDS, map(float, accumulate(series.counts)), strict=True))
                made.add_metric(series.labels, buckets, sum_value=series.value)
            return made
        case "counter" | "gauge":
            new = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
            simple = new(family.name, family.text, labels=family.labels)
            for series in family.series:
                simple.add_metric(series.labels, series.value)
            return simple
