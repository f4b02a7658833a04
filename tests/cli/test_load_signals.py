import asyncio
import signal
from dataclasses import dataclass, field

import pytest

from hedgerow.cli.load_signals import Signals


@dataclass
class Running:
    """Remembers what it was told."""

    told: list[str] = field(default_factory=list)

    def stop(self, why: str) -> None:
        self.told.append(why)

    def cut_off(self) -> None:
        self.told.append("cut off")


async def received(signals: Signals, *numbers: signal.Signals) -> None:
    """Raise them, and give the loop a chance to hear of them."""
    for number in numbers:
        signal.raise_signal(number)
        for _ in range(3):
            await asyncio.sleep(0)
    signals.forget()


class TestSignal:
    def test_stops_what_it_concerns_and_the_next_one_cuts_it_off(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        running = Running()

        async def main() -> int | None:
            signals = Signals("wait")
            signals.concern(running)
            await received(signals, signal.SIGTERM, signal.SIGINT)
            return signals.code

        assert asyncio.run(main()) == 143
        assert running.told == ["interrupted by SIGTERM", "cut off"]
        assert capsys.readouterr().err == "hedgerow: interrupted: wait\n"

    def test_ends_everything_where_it_concerns_nothing_any_more(self) -> None:
        running = Running()

        async def main() -> int | None:
            signals = Signals("wait")
            signals.concern(running)
            signals.concern(None)
            with pytest.raises(asyncio.CancelledError):
                await received(signals, signal.SIGINT)
            signals.forget()
            return signals.code

        assert asyncio.run(main()) == 130
        assert running.told == []
