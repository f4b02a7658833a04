"""Whether a promise with a window was ever broken, and how badly.

``p99<1s for 10s`` is judged once a second by the figures of the last 10 s.  Keeps the worst
of them.  Must not know where figures come from, nor what is done about a broken promise.

Only whole windows count; a run that is shorter than one is judged as a whole.  A window
without samples says nothing (at one request in 20 s most are empty), but a run in which all
are empty has shown nothing, and that breaks the promise.  A server that hangs does not slip
through: its requests end by their timeout, and count in the window in which they do.
"""

from hedgerow.measure.slo import Slo, SloVerdict, format_value
from hedgerow.measure.slo_metric import Figures


class WindowJudge:
    """One windowed promise, followed through a run."""

    def __init__(self, slo: Slo) -> None:
        self.slo = slo
        self._worst: float | None = None
        self._worst_at = 0.0
        self._windows = 0  # that were judged
        self._broken = 0

    @property
    def is_broken(self) -> bool:
        """True once any window has broken it, whatever came later."""
        return self._broken > 0

    def look(self, at: float, figures: Figures) -> None:
        """Judge the window that ended ``at`` seconds into the run; call only for whole ones."""
        value = self.slo.judge(figures).value
        if value is None:
            return
        self._windows += 1
        self._broken += not self.slo.holds(value)
        if self._worst is None or self.slo.is_worse(value, self._worst):
            self._worst, self._worst_at = value, at

    def verdict(self, run: Figures) -> SloVerdict:
        """Say what came of it; ``run`` are the figures of the whole."""
        window = self.slo.window or 0.0
        if self._worst is None:
            whole = self.slo.judge(run)
            if whole.value is None:
                return whole
            return SloVerdict(
                whole.value,
                whole.ok,
                f"{whole.detail} over the whole run, which is shorter than {window:g} s",
            )
        shown = format_value(self._worst, self.slo.unit)
        detail = f"worst {window:g} s: {self.slo.metric.name} was {shown} at {self._worst_at:.0f} s"
        if self._broken:
            detail += f"; broken in {self._broken} of {self._windows} windows"
        return SloVerdict(self._worst, not self.is_broken, detail)
