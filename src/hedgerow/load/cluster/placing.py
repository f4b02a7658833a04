"""Which workers of a cluster get a shard, and whether they are fit for it.

Must not know how they are asked.
"""

from collections.abc import Mapping, Sequence

import msgspec

from hedgerow.errors import StartError
from hedgerow.load.cluster.address import Per
from hedgerow.report.document import Machine


class Facts(msgspec.Struct, frozen=True):
    """What a worker says of itself."""

    version: str  # of Hedgerow
    python: str  # "3.11"
    descriptors: int  # that a process may have at most
    machine: Machine


def chosen(hosts: Mapping[str, str], per: Per) -> list[str]:
    """Choose from workers' addresses, given with their hosts; always the same ones, in order."""
    if per == "workers":
        return sorted(hosts, key=lambda address: (hosts[address], address))
    first: dict[str, str] = {}
    for address in sorted(hosts):
        first.setdefault(hosts[address], address)
    return [first[host] for host in sorted(first)]


def check(facts: Mapping[str, Facts], ours: Facts) -> None:
    """Refuse workers that would not do what we would; raises StartError."""
    for address, one in facts.items():
        if one.version != ours.version:
            raise StartError(
                f"hedgerow on worker {address}",
                got=one.version,
                must=f"{ours.version}, as here",
                fix="Install the same version on all machines: shards of different ones do not"
                " send the same load.",
            )
        if one.python != ours.python:
            raise StartError(
                f"Python on worker {address}",
                got=one.python,
                must=f"{ours.python}, as here",
                fix="Use the same Python on all machines; dask asks for it, too.",
            )


def check_descriptors(facts: Mapping[str, Facts], connections: int) -> None:
    """Refuse workers whose processes may not open that many connections; raises StartError."""
    for address, one in facts.items():
        if one.descriptors < connections:
            raise StartError(
                f"file descriptors of worker {address}",
                got=str(one.descriptors),
                must=f"at least {connections}, one a connection of a generator process and some",
                fix="Raise the hard limit (ulimit -Hn) before dask worker is started, or use more"
                " generator processes (-w).",
            )


def together(machines: Sequence[Machine]) -> Machine:
    """Describe many machines as one: kinds with their numbers, cores and memory in sum."""

    def kinds(values: Sequence[str]) -> str:
        counts = {value: values.count(value) for value in values}
        if len(counts) == 1:
            return values[0]
        return ", ".join(f"{count} x {value}" for value, count in counts.items())

    return Machine(
        system=kinds([machine.system for machine in machines]),
        python=kinds([machine.python for machine in machines]),
        cpu=kinds([machine.cpu for machine in machines]),
        cores=sum(machine.cores for machine in machines),
        memory=sum(machine.memory for machine in machines),
    )
