"""One generator in one round: started, warmed up, looked at over a window, left to end.

Two accounts of the same run, so that neither can flatter:

    the window   requests as *nginx* counted them, CPU of the generator's living processes
                 (/proc): the price of a request once all is running
    the whole    requests as the generator told them, CPU from exec to exit as the kernel gives
                 it with wait4, children included: start-up, warm-up and the summary are in it
"""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.load.contenders import Generator, Order
from benchmarks.load.outputs import Told, UnreadableError
from benchmarks.load.started import Ended, OverdueError, Started, started
from benchmarks.load.targets import PATH, Cores, Nginx, busy

#: Runs are longer than warm-up and window by this, so that the window ends well within them.
_SLACK: Final = 1
#: A generator may have left out what was under way at the end, and a rounding.
_UNTOLD: Final = 0.001
#: The tick of /proc and of a generator's own accounting, twice.
_CPU_STEP: Final = 0.05


@dataclass(frozen=True)
class Shape:
    """What all trials of a run have in common."""

    connections: int
    warm_up: int  # seconds, from the first request on
    seconds: int  # of the window


@dataclass(frozen=True)
class Window:
    """The difference of two looks."""

    seconds: float
    requests: int  # as nginx counted
    cpu: float  # of the generator, all its processes
    server_cpu: float
    others_cpu: float  # that went to programs outside the trial


@dataclass(frozen=True)
class Trial:
    """What one round gave for one generator."""

    contender: str
    round: int
    window: Window
    whole_requests: int
    whole_cpu: float
    p50: float | None
    p99: float | None
    remark: str
    errors: list[str]

    @property
    def rate(self) -> float:
        """Requests a second, in the window."""
        return self.window.requests / self.window.seconds

    @property
    def whole_by_cpu(self) -> float:
        """Requests a CPU second, of the whole run."""
        return self.whole_requests / max(self.whole_cpu, 0.01)

    @property
    def window_by_cpu(self) -> float:
        """Requests a CPU second, in the window."""
        return self.window.requests / max(self.window.cpu, 0.01)


def trial(generator: Generator, number: int, *, shape: Shape, cores: Cores, target: Nginx) -> Trial:
    """Let it run once, and see what it took."""
    with tempfile.TemporaryDirectory(prefix=f"bench-load-{generator.name}-") as place:
        seconds = shape.warm_up + shape.seconds + _SLACK
        order = Order(target.root, PATH, shape.connections, seconds, Path(place))
        before = target.requests()
        command = generator.command(order)
        with started(
            generator.name, command, directory=order.directory, cpu=cores.generator
        ) as process:
            window, errors = _watch(process, before, shape=shape, cores=cores, target=target)
            ended, told, complaints = _read(process, generator, order)
        served = target.requests() - before
    return Trial(
        contender=generator.name,
        round=number,
        window=window,
        whole_requests=told.requests,
        whole_cpu=ended.cpu_seconds,
        p50=told.p50,
        p99=told.p99,
        remark=told.remark,
        errors=[*errors, *complaints, *_contradictions(told, ended, served, shape)],
    )


def rehearse(generator: Generator, *, cores: Cores, target: Nginx) -> None:
    """Run it for a second, uncounted: bytecode is compiled, its files are in memory."""
    with tempfile.TemporaryDirectory(prefix=f"bench-load-{generator.name}-") as place:
        order = Order(target.root, PATH, 1, 1, Path(place))
        command = generator.command(order)
        with started(
            generator.name, command, directory=order.directory, cpu=cores.generator
        ) as process:
            process.finish(order.seconds)


@dataclass(frozen=True)
class _Look:
    at: float
    requests: int
    cpu: float
    server_cpu: float
    everybody: float


def _watch(
    process: Started, before: int, *, shape: Shape, cores: Cores, target: Nginx
) -> tuple[Window, list[str]]:
    came = target.wait_for_requests(before, lambda: process.is_running)
    errors = [] if came else ["no request came"]
    time.sleep(shape.warm_up)
    first = _look(process, cores, target)
    time.sleep(shape.seconds)
    last = _look(process, cores, target)
    if not process.is_running:  # its CPU is then missing from the last look
        errors.append("it ended before the window did")
    cpu, server_cpu = last.cpu - first.cpu, last.server_cpu - first.server_cpu
    everybody = last.everybody - first.everybody
    window = Window(
        seconds=last.at - first.at,
        requests=last.requests - first.requests,
        cpu=cpu,
        server_cpu=server_cpu,
        others_cpu=max(0.0, everybody - cpu - server_cpu),
    )
    return window, errors


def _look(process: Started, cores: Cores, target: Nginx) -> _Look:
    return _Look(
        at=time.perf_counter(),
        requests=target.requests(),
        cpu=process.cpu_so_far(),
        server_cpu=target.process.cpu_seconds(),
        everybody=busy(cores),
    )


def _read(process: Started, generator: Generator, order: Order) -> tuple[Ended, Told, list[str]]:
    """Wait for its end, and read what it says; a program that fails is an error of the row."""
    try:
        ended = process.finish(order.seconds)
    except OverdueError as error:
        return Ended(-1, 0.0, ""), Told(requests=0), [str(error)]
    try:
        told = generator.read(ended.text, order.directory)
    except UnreadableError as error:
        return ended, Told(requests=0), [f"{error}: {ended.last_words}"]
    failed = [f"it ended with code {ended.code}"] if ended.code else []
    return ended, told, failed


def _contradictions(told: Told, ended: Ended, served: int, shape: Shape) -> list[str]:
    """Find what cannot be true of a run that counts."""
    found = [f"{count:,} x {kind}" for kind, count in told.errors.items()]
    fewest = (1 - _UNTOLD) * served - 2 * shape.connections
    if not fewest <= told.requests <= served:
        found.append(f"it told of {told.requests:,} requests, nginx counted {served:,}")
    if told.cpu_seconds is not None and told.cpu_seconds > ended.cpu_seconds + _CPU_STEP:
        found.append(
            f"its generator processes took {told.cpu_seconds:.2f} s of CPU by its own account, "
            f"the kernel knows of {ended.cpu_seconds:.2f} s: some were not counted"
        )
    return found
