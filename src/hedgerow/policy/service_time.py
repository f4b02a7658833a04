"""What a request usually takes: the median, followed from sample to sample.

Decides a number of seconds; must not know what is done with it.  O(1), no window, no
memory: a sample above the median raises it by a factor, one below lowers it by the same
(Robbins and Monro's stochastic approximation, 1951, on a logarithmic scale), so it stays
where as many come above as below.

Why the median and not the mean: with a heavy tail the mean is several times what most
requests take, and whoever drops work by it drops what would have been in time.  Why not
the window of a histogram: it would be the dearest thing on the way of a request.
"""

from typing import Final

#: The first samples move it far, so that it is found within about twenty; then 5 % each:
#: a service time that changes tenfold is followed within fifty samples.
_FIRST_STEP: Final = 0.5
_LAST_STEP: Final = 0.05


class MedianTracker:
    """``value`` is 0 until the first sample."""

    __slots__ = ("_step", "value")

    def __init__(self) -> None:
        self.value = 0.0
        self._step = _FIRST_STEP

    def add(self, sample: float) -> float:
        """Learn from a sample; returns the new value."""
        value, step = self.value, self._step
        if sample <= 0.0:
            return value
        if value == 0.0:
            moved = sample
        # Never beyond the sample: the first steps are wide.
        elif sample > value:
            moved = value * (1.0 + step)
            if moved > sample:
                moved = sample
        else:
            moved = value / (1.0 + step)
            if moved < sample:
                moved = sample
        if step > _LAST_STEP and value != 0.0:
            self._step = max(_LAST_STEP, step * 0.8)
        self.value = moved
        return moved
