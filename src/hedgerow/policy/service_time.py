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

    def add(self, sample: float) -> None:
        value, step = self.value, self._step
        if sample <= 0.0:
            return
        if value == 0.0:
            self.value = sample
            return
        # Never beyond the sample: the first steps are wide.
        if sample > value:
            moved = value * (1.0 + step)
            self.value = moved if moved < sample else sample
        else:
            moved = value / (1.0 + step)
            self.value = moved if moved > sample else sample
        if step > _LAST_STEP:
            self._step = max(_LAST_STEP, step * 0.8)
