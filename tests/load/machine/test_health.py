import os
from pathlib import Path

import pytest

from hedgerow.load.machine.cgroup import Cgroup
from hedgerow.load.machine.health import (
    HealthProbe,
    ProcessMeter,
    Usage,
    allowed_cpus,
    open_descriptors,
)

START = 1_000_000.0
NOBODY = 2**22 + 1  # above Linux' highest process id


class FakeMachine:
    """A folder that looks like /proc, and processes that use what they are told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.usages: dict[int, Usage] = {1: Usage(5.0, 100), 2: Usage(7.0, 50)}
        self.write("stat", "cpu0 0 0 0 0 0 0 0 0\n")
        self.write("self/cgroup", "0::/\n")
        self.write("groups/cpu.stat", "throttled_usec 3000000\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def ran(self, *, busy: float, idle: float, steal: float) -> None:
        """Say what the only CPU did so far, in seconds."""
        ticks = [round(share * os.sysconf("SC_CLK_TCK")) for share in (busy, idle, steal)]
        self.write("stat", f"cpu0 {ticks[0]} 0 0 {ticks[1]} 0 0 0 {ticks[2]}\n")

    def probe(self) -> HealthProbe:
        return HealthProbe(
            [1, 2],
            START,
            proc=self.folder,
            cgroup=Cgroup(proc=self.folder, mount=self.folder / "groups"),
            meter=self.usages.get,
        )


@pytest.fixture
def machine(tmp_path: Path) -> FakeMachine:
    return FakeMachine(tmp_path)


class TestSample:
    def test_tells_cores_of_each_process_since_the_last(self, machine: FakeMachine) -> None:
        probe = machine.probe()
        machine.usages |= {1: Usage(6.0, 100), 2: Usage(7.5, 50)}
        assert probe.sample(START + 2).cpu == [0.5, 0.25]
        machine.usages[1] = Usage(6.9, 100)
        assert probe.sample(START + 3).cpu == pytest.approx([0.9, 0.0])

    def test_tells_what_the_machine_did_meanwhile(self, machine: FakeMachine) -> None:
        machine.ran(busy=5, idle=100, steal=1)
        probe = machine.probe()
        machine.ran(busy=5.5, idle=100.4, steal=1.1)
        health = probe.sample(START + 1)
        assert [health.idle, health.steal] == pytest.approx([0.4, 0.1])

    def test_tells_only_new_throttling(self, machine: FakeMachine) -> None:
        probe = machine.probe()
        machine.write("groups/cpu.stat", "throttled_usec 3250000\n")
        assert probe.sample(START + 1).throttled == pytest.approx(0.25)
        assert probe.sample(START + 2).throttled == 0

    def test_adds_up_the_memory(self, machine: FakeMachine) -> None:
        assert machine.probe().sample(START + 1).memory == 150

    def test_says_nothing_of_a_process_that_is_gone(self, machine: FakeMachine) -> None:
        probe = machine.probe()
        del machine.usages[2]
        health = probe.sample(START + 1)
        assert (health.cpu, health.memory) == ([0.0, 0.0], 100)

    def test_knows_less_where_the_kernel_tells_less(self, machine: FakeMachine) -> None:
        (machine.folder / "stat").unlink()
        health = machine.probe().sample(START + 1)
        assert (health.idle, health.steal) == (None, 0.0)

    def test_of_no_time_is_no_failure(self, machine: FakeMachine) -> None:
        assert machine.probe().sample(START).cpu == [0.0, 0.0]


class TestProcessMeter:
    def test_reads_this_process(self) -> None:
        usage = ProcessMeter()(os.getpid())
        assert usage is not None
        assert usage.cpu > 0
        assert usage.memory > 1 << 20

    def test_knows_nothing_of_a_process_that_is_not_there(self) -> None:
        assert ProcessMeter()(NOBODY) is None


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux tells, others do not")
class TestThisMachine:
    def test_allows_us_a_cpu(self) -> None:
        assert allowed_cpus([os.getpid(), NOBODY]) == os.sched_getaffinity(0)

    def test_tells_of_a_descriptor_that_is_opened(self, tmp_path: Path) -> None:
        before = open_descriptors(os.getpid())
        with (tmp_path / "file").open("w"):
            assert open_descriptors(os.getpid()) == before + 1

    def test_tells_of_no_descriptors_of_a_process_that_is_not_there(self) -> None:
        assert open_descriptors(NOBODY) == 0
