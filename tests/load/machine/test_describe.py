import os
import platform
from pathlib import Path

from hedgerow.load.machine.cgroup import Cgroup
from hedgerow.load.machine.describe import describe
from hedgerow.load.machine.health import allowed_cpus


def everything() -> int:
    """The cores of this machine that no cgroup counts."""
    return len(allowed_cpus([os.getpid()])) or os.cpu_count() or 1


def limited(folder: Path, *, cpu: str, memory: str) -> Cgroup:
    """A cgroup with these limits."""
    (folder / "self").mkdir()
    (folder / "self" / "cgroup").write_text("0::/\n")
    (folder / "cpu.max").write_text(cpu)
    (folder / "memory.max").write_text(memory)
    return Cgroup(proc=folder, mount=folder)


class TestDescription:
    def test_counts_the_cores_that_we_may_use(self, tmp_path: Path) -> None:
        machine = describe(cgroup=Cgroup(proc=tmp_path, mount=tmp_path))
        assert machine.cores == everything()

    def test_names_kernel_and_interpreter(self) -> None:
        machine = describe()
        assert platform.release() in machine.system
        assert machine.python == f"{platform.python_implementation()} {platform.python_version()}"

    def test_names_the_cpu(self, tmp_path: Path) -> None:
        (tmp_path / "cpuinfo").write_text("model name\t: Quick 3000\n")
        machine = describe(proc=tmp_path, cgroup=Cgroup(proc=tmp_path, mount=tmp_path))
        assert machine.cpu == "Quick 3000"

    def test_names_the_architecture_where_the_cpu_has_no_name(self, tmp_path: Path) -> None:
        machine = describe(proc=tmp_path, cgroup=Cgroup(proc=tmp_path, mount=tmp_path))
        assert machine.cpu == platform.machine()


class TestQuota:
    def test_leaves_whole_cores_and_is_told(self, tmp_path: Path) -> None:
        machine = describe(cgroup=limited(tmp_path, cpu="50000 100000\n", memory="max\n"))
        assert machine.cores == 1
        assert machine.cpu.endswith("(limited to 0.5 cores)")

    def test_that_is_larger_than_the_machine_changes_nothing(self, tmp_path: Path) -> None:
        machine = describe(cgroup=limited(tmp_path, cpu="99900000 100000\n", memory="max\n"))
        assert machine.cores == everything()

    def test_on_memory_is_what_there_is(self, tmp_path: Path) -> None:
        machine = describe(cgroup=limited(tmp_path, cpu="max 100000\n", memory="4096\n"))
        assert machine.memory == 4096
