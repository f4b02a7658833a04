"""A clock that moves when a test says so."""

from typing import Final

import pytest

#: Far from zero, so that a forgotten subtraction shows at once (trio's idea).
START: Final = 1_000_000.0


class FakeClock:
    """Stands in for the ``time`` module where only ``monotonic`` is used."""

    def __init__(self) -> None:
        self.now = START

    def monotonic(self) -> float:
        return self.now


def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """Give the wire room a clock of ours until the test ends."""
    clock = FakeClock()
    for module in ("link", "proxy_protocol", "server", "timers", "tls"):
        monkeypatch.setattr(f"hedgerow.wire.{module}.time", clock)
    return clock
