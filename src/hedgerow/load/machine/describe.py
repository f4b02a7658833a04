"""What kind of machine the load came from, for whoever reads the result elsewhere.

Must not know what was measured on it.
"""

import os
import platform
from pathlib import Path

import psutil

from hedgerow.load.machine.cgroup import PROC, Cgroup, read_text
from hedgerow.load.machine.health import allowed_cpus
from hedgerow.load.machine.kernel import parse_cpu_model
from hedgerow.report.document import Machine


def describe(*, proc: Path = PROC, cgroup: Cgroup | None = None) -> Machine:
    """Describe this machine, as far as we may use it.

    Cores are those that our affinity and our cgroup's quota allow, in whole ones.
    """
    groups = Cgroup() if cgroup is None else cgroup
    usable = len(allowed_cpus([os.getpid()])) or os.cpu_count() or 1
    quota = groups.cpu_quota()
    cpu = parse_cpu_model(read_text(proc / "cpuinfo")) or platform.machine()
    if quota is not None and quota < usable:
        cpu += f" (limited to {quota:g} cores)"
        usable = max(1, int(quota))
    memory, limit = int(psutil.virtual_memory().total), groups.memory_limit()
    return Machine(
        system=f"{platform.system()} {platform.release()}",
        python=f"{platform.python_implementation()} {platform.python_version()}",
        cpu=cpu,
        cores=usable,
        memory=memory if limit is None else min(memory, limit),
    )
