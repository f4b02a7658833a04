"""What every model of load is told: start, measure, stop, cut off, look for timeouts.

A driver puts requests on connections as its model says; the process around it owns the
clock's ticks and the end of the run.
"""

from typing import Protocol

from hedgerow.load.generator.recorder import Standing


class Driver(Protocol):
    """One model of load at work."""

    @property
    def is_over(self) -> bool:
        """Nothing is left to send or to wait for."""

    def start(self, began_ns: int) -> None:
        """Begin; the plan's 0 is ``began_ns``."""

    def begin_measuring(self, now_ns: int) -> None:
        """The warm-up is over: what begins from now on counts."""

    def end(self) -> None:
        """The plan is at its end: what was due before is still sent, and waited for."""

    def stop(self) -> None:
        """Begin nothing new; what is under way is still waited for."""

    def cut_off(self) -> None:
        """Wait for nothing any more: what is under way ends here, unfinished."""

    def sweep(self, now_ns: int) -> None:
        """Time out what has waited too long."""

    def standing(self) -> Standing:
        """How many there are of what."""
