"""Results in, pages and files out.

Knows what a result looks like and how to show it; must not know how it was measured, nor
sockets, clocks and processes.

    document        the result file and its schema
    find_document   the same for a capacity search
    find_words      ... and its answer in words
    summary         JMeter's Summary Report: one row a label
    jtl             JTL files, written and read; a summary of one
    csv_files       the CSV files that Locust users know
    percentiles     HdrHistogram's percentile text
    hdr_log         HdrHistogram's log, a histogram an interval
    text            a result for a terminal ...
    text_latency    ... its times
    text_tables     ... its counts, labels and machines
    text_look       ... its signs and columns
    page            one or several results as one HTML file

``hedgerow.report.text`` and ``hedgerow.report.page`` are imported by their own names: they
bring a terminal library and a page's scripts along, which a generator process, that only
needs the document, should not wait for.
"""

from hedgerow.report.csv_files import write_csv
from hedgerow.report.document import Document, read_document, read_documents, write_document
from hedgerow.report.hdr_log import HdrLogWriter
from hedgerow.report.jtl import JtlRow, JtlWriter, non_http, read_jtl, summarise
from hedgerow.report.percentiles import histogram_of, percentile_text
from hedgerow.report.summary import summary_row

__all__ = [
    "Document",
    "read_document",
    "read_documents",
    "write_document",
    "summary_row",
    "JtlRow",
    "JtlWriter",
    "non_http",
    "read_jtl",
    "summarise",
    "HdrLogWriter",
    "histogram_of",
    "percentile_text",
    "write_csv",
]
