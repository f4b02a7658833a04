"""Rules that hold for the whole suite.

A unit test that needs a quarter of a second is waiting for something: a sleep, a
socket, a process.  Time is an argument here, so it need not; it fails.  Exempt are the
folders below, which cross rooms over real sockets or read every file, and property
tests, which are many tests in one.  Any other test that must start a process, say, says
so with ``unhurried``.
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import is_hypothesis_test, settings

QUICK_SECONDS: Final = 0.25
UNHURRIED_FOLDERS: Final = ("architecture", "behaviour", "end_to_end")

# Derandomized: a run is the same everywhere, and leaves no database behind.  To search
# for new counterexamples: pytest --hypothesis-profile=search
settings.register_profile("suite", deadline=None, derandomize=True, max_examples=60)
settings.register_profile("search", deadline=None, max_examples=5_000)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "unhurried(reason): may take longer than a unit test; the reason says why"
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call" and report.passed and not may_take_its_time(item):
        allowed = QUICK_SECONDS * slowness_of_the_machine()
        if report.duration > allowed:
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} took {report.duration:.2f}s: must be below {allowed:.2f}s. "
                "Pass time in, use a fake, or mark it unhurried(reason=...)."
            )
    return report


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
