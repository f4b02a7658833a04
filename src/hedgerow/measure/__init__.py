"""Numbers about many things: distributions, recent history, averages.  Sans-IO.

Everybody's room: a p99 means one thing in the gateway, the load engine and the
report because it is worked out here.  It decides nothing and must not know what is
measured.  Histograms hold integers, usually **microseconds**; time comes in as
``now: float``, seconds of any epoch.

    layout      which bucket a value falls into (HdrHistogram's layout)
    histogram   counts by bucket: quantiles, mean, spectrum, summary
    hdr_codec   histograms as text that other HDR tools read
    window      counts and quantiles of the last N seconds
    ewma        averages in which the past fades
"""

from hedgerow.measure.ewma import Ewma, PeakEwma
from hedgerow.measure.hdr_codec import decode_hdr, encode_hdr
from hedgerow.measure.histogram import DEFAULT_LAYOUT, Bucket, Histogram, Summary
from hedgerow.measure.layout import BucketLayout
from hedgerow.measure.window import WindowedCount, WindowedHistogram

__all__ = [
    "Histogram",
    "Summary",
    "Bucket",
    "BucketLayout",
    "DEFAULT_LAYOUT",
    "encode_hdr",
    "decode_hdr",
    "WindowedCount",
    "WindowedHistogram",
    "Ewma",
    "PeakEwma",
]
