"""The public HdrHistogram port as the judge of ours, and random inputs for both.

One and two digits only: the judge walks all its buckets in Python, which takes it
seconds a property with more.  Tests of every precision use a fixed sample.
"""

from typing import Any

import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import strategies as st

from hedgerow.measure import BucketLayout, Histogram

many_examples = pytest.mark.unhurried(reason="many examples")

layouts = st.builds(
    lambda lowest, factor, digits: BucketLayout(lowest, lowest * factor, digits),
    st.integers(1, 1000),
    st.integers(2, 10**6),
    st.integers(1, 2),
)


@st.composite
def recordings(draw: st.DrawFn) -> tuple[BucketLayout, list[int]]:
    """A layout and values within its range."""
    layout = draw(layouts)
    return layout, draw(values_for(layout))


def values_for(layout: BucketLayout) -> st.SearchStrategy[list[int]]:
    small, any_size = st.integers(0, 3000), st.integers(0, layout.highest)
    value = st.one_of(small, any_size).map(lambda value: min(value, layout.highest))
    return st.lists(value, min_size=1, max_size=60)


def ours(layout: BucketLayout, values: list[int]) -> Histogram:
    histogram = Histogram(layout)
    for value in values:
        histogram.record(value)
    return histogram


def theirs(layout: BucketLayout, values: list[int]) -> Any:
    histogram = HdrHistogram(layout.lowest, layout.highest, layout.digits)
    for value in values:
        assert histogram.record_value(value)
    return histogram


def counts_of(histogram: Any) -> dict[int, int]:
    """The oracle's buckets in use."""
    return {index: count for index, count in enumerate(histogram.counts) if count}
