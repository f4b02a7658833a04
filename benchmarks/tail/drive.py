"""One open-loop load through one proxy, while things happen to its replicas.

Everything happens at times counted from the sender's own start, on the clock that all
processes share, so that a sample can be said to lie before or after an event.
"""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.apparatus.processes import pinned
from benchmarks.promise.sender import Sample

_ROOT: Final = Path(__file__).parents[2]

Step = tuple[float, Callable[[], None]]  # seconds from the sender's start, and what to do then


@dataclass(frozen=True)
class Driven:
    """What the clients saw, and when each step was really begun."""

    samples: list[Sample]
    times: list[float]


def drive(port: int, arrivals: Sequence[float], steps: Sequence[Step], cpu: int | None) -> Driven:
    """Send, take the steps at their times, wait until every request has ended."""
    with tempfile.TemporaryDirectory(prefix="bench-tail-") as place:
        samples = Path(place, "samples.json")
        with _sender(port, samples, arrivals, cpu) as sender:
            assert sender.stdout is not None
            start = float(sender.stdout.readline())
            times = []
            for at, act in steps:
                time.sleep(max(0.0, start + at - time.perf_counter()))
                times.append(time.perf_counter() - start)
                act()
            if sender.wait() != 0:
                raise RuntimeError(f"the sender ended with code {sender.returncode}")
        return Driven([tuple(sample) for sample in json.loads(samples.read_text())], times)


@contextlib.contextmanager
def _sender(
    port: int, samples: Path, arrivals: Sequence[float], cpu: int | None
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.tail.sender", str(port), str(samples)]
    with subprocess.Popen(
        pinned(command, cpu),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        start_new_session=True,  # a Ctrl-C is for us alone
    ) as process:
        assert process.stdin is not None
        try:
            json.dump(arrivals, process.stdin)
            process.stdin.close()
            yield process
        finally:
            process.kill()
