"""Numbers about many things: distributions, recent history, averages.  Sans-IO.

Everybody's room: a p99 means one thing in the gateway, the load engine and the
report because it is worked out here.  It decides nothing and must not know what is
measured.  Histograms hold integers, usually **microseconds**; time comes in as
``now: float``, seconds of any epoch.

    layout      which bucket a value falls into (HdrHistogram's layout)
    histogram   counts by bucket: quantiles, mean, spectrum, summary
    hdr_codec   histograms as text that other HDR tools read
    window      counts and quantiles of the last N seconds
    empirical   what samples say of a law: weighted, censored, resampled
    tally       exact sums of milliseconds, as JMeter's summary needs them
    slo         promises such as p99<250ms: read from text, judged by figures
    slo_metric  what a promise can be about
    slo_window  promises that must hold in each window of a run
    usl         the Universal Scalability Law, fitted to measured capacities
"""

from hedgerow.measure.hdr_codec import decode_hdr, encode_hdr
from hedgerow.measure.histogram import DEFAULT_LAYOUT, Bucket, Histogram, Summary
from hedgerow.measure.layout import BucketLayout
from hedgerow.measure.slo import Slo, SloVerdict, parse_slo
from hedgerow.measure.slo_metric import Figures
from hedgerow.measure.slo_window import WindowJudge
from hedgerow.measure.tally import Tally
from hedgerow.measure.usl import UslFit, fit_usl
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
    "Tally",
    "Slo",
    "SloVerdict",
    "parse_slo",
    "Figures",
    "WindowJudge",
    "UslFit",
    "fit_usl",
]
