"""What a worker publishes of its gateway, and how that of those gone is kept.

Must not know what is in it, nor who reads it.
"""

from hedgerow.serve.admin.report import encode, keep
from hedgerow.serve.gateway import Gateway
from hedgerow.serve.workers.board import REPORT_ROOM


def encoded(gateway: Gateway) -> bytes:
    """Return the report that operators' pages are made from; empty where nobody makes them."""
    return b"" if gateway.traces is None else encode(gateway, REPORT_ROOM)


def added(gone: bytes, report: bytes) -> bytes:
    """Add the report of one that has ended to what others have left behind."""
    return keep(gone, report, REPORT_ROOM) if report else gone
