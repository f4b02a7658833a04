"""Rules that hold for the whole suite.

A unit test that waits for a quarter of a second waits for something: a sleep, a
socket, a process.  Time is an argument here, so it need not; it is named at the end of the
run.  Exempt are the folders below, which cross rooms over real sockets or read every file,
and property tests, which are many tests in one.  Any other test that must start a process,
say, says so with ``unhurried``.

No test fails because a machine is slow; ``pytest --hurry`` makes those that are named fail,
for whoever looks for them on a machine of his own.
"""

import contextlib
import os
import resource
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from hypothesis import is_hypothesis_test, settings

#: Work and waiting apart: on a busy machine work takes longer, but it does not become waiting.
LONGEST_WAIT: Final = 0.25
LONGEST_WORK: Final = 1.0
UNHURRIED_FOLDERS: Final = ("architecture", "behaviour", "end_to_end")

# Derandomized: a run is the same everywhere, and leaves no database behind.  To search
# for new counterexamples: pytest --hypothesis-profile=search
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=5_000)
settings.load_profile("suite")


#: What was said of tests that took their time, in the order in which they ran.
_UNHURRIED: Final[list[str]] = []
_MARK: Final = "took its time"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hurry", action="store_true", help="fail unit tests that take their time")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "unhurried(reason): may take longer than a unit test; the reason says why"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    before = Spent.now()
    yield
    if may_take_its_time(item):
        return
    worked, waited = before.until(Spent.now())
    slowness = slowness_of_the_machine()
    if waited > LONGEST_WAIT * slowness or worked > LONGEST_WORK * slowness:
        said = (
            f"worked {worked:.2f}s and waited {waited:.2f}s: should be below {LONGEST_WORK:g}s and "
            f"{LONGEST_WAIT:g}s. Pass time in, use a fake, or mark it unhurried(reason=...)."
        )
        if item.config.getoption("--hurry"):
            pytest.fail(said, pytrace=False)
        item.user_properties.append((_MARK, said))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    # By way of the report, which reaches the process that prints also from others.
    if report.when == "call":
        said = (
            f"{report.nodeid}: {text}" for mark, text in report.user_properties if mark == _MARK
        )
        _UNHURRIED.extend(said)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _UNHURRIED:
        terminalreporter.section("unit tests that took their time")
        terminalreporter.write("".join(f"{line}\n" for line in _UNHURRIED))


@dataclass(frozen=True)
class Spent:
    """What this process has spent so far, in seconds, and how often it went to sleep."""

    wall: float
    cpu: float
    queued: float  # ready to run, while others ran
    sleeps: int

    @classmethod
    def now(cls) -> "Spent":
        queued = 0.0
        with contextlib.suppress(OSError):  # Linux tells, others do not
            queued = int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
        sleeps = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
        return cls(time.perf_counter(), time.process_time(), queued, sleeps)

    def until(self, later: "Spent") -> tuple[float, float]:
        """How long it worked and how long it waited: being pushed aside is neither."""
        worked = later.cpu - self.cpu
        if later.sleeps == self.sleeps:
            return worked, 0.0
        return worked, later.wall - self.wall - worked - (later.queued - self.queued)


def may_take_its_time(item: pytest.Item) -> bool:
    folders = Path(item.path).relative_to(Path(__file__).parent).parts[:-1]
    return (
        item.get_closest_marker("unhurried") is not None
        or any(folder in UNHURRIED_FOLDERS for folder in folders)
        or is_hypothesis_test(getattr(item, "function", None))
    )


def slowness_of_the_machine() -> float:
    """How many runnable processes share a core: a busy machine is not the test's fault."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
