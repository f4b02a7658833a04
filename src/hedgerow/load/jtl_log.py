"""Writes every measured request of a run to a JTL file, while it goes on.

Translates samples into JMeter's words; must not know CSV, which is the report room's.
JMeter's *Latency* is the time to the first byte and *elapsed* the whole, both with the
time to connect in them, as here.
"""

import contextlib
import http
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from hedgerow.load.batch import Sample
from hedgerow.load.outcome import Outcome
from hedgerow.load.plan import LoadPlan, RequestPlan
from hedgerow.report.jtl import JtlRow, JtlWriter, non_http

_PHRASES: Final = {str(status.value): status.phrase for status in http.HTTPStatus}
_OK: Final = Outcome.OK.value
_MILLI: Final = 1_000_000  # nanoseconds


class JtlLog:
    """A JTL file, or nothing where no path is given."""

    def __init__(self, path: Path | None, plan: LoadPlan) -> None:
        self.users = 0  # now; JMeter has it in every row
        self._url = plan.work.url if isinstance(plan.work, RequestPlan) else plan.base_url
        self._began_ms = 0  # the plan's beginning, since 1970
        self._file = contextlib.ExitStack()
        self._writer = None if path is None else self._file.enter_context(JtlWriter(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def begins_at(self, epoch: float) -> None:
        """Say when the plan begins, in seconds since 1970."""
        self._began_ms = round(epoch * 1000)

    def heard(self, sample: Sample) -> None:
        """Write one sample."""
        if self._writer is None:
            return
        is_ok = sample.outcome == _OK
        code = str(sample.status)
        message = _PHRASES.get(code, "")
        if not sample.status:
            code, message = non_http(sample.outcome, sample.detail)
        sent_after = sample.response - sample.service if sample.service >= 0 else 0
        self._writer.write(
            JtlRow(
                timestamp=self._began_ms + sample.began // _MILLI,
                elapsed=sample.response // _MILLI,
                label=sample.label,
                success=is_ok,
                response_code=code,
                response_message=message,
                thread=f"hedgerow 1-{sample.user + 1}",
                failure_message="" if is_ok else sample.detail,
                bytes_in=sample.bytes_in,
                bytes_out=sample.bytes_out,
                group_threads=self.users,
                all_threads=self.users,
                url=self._url,
                latency=(sent_after + sample.ttfb) // _MILLI if sample.ttfb >= 0 else 0,
                connect=max(0, sample.connect) // _MILLI,
            )
        )
