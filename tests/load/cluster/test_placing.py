import sys

import msgspec
import pytest

from hedgerow.errors import StartError
from hedgerow.load.cluster.placing import Facts, check, check_descriptors, chosen, together
from hedgerow.report.document import Machine

MACHINE = Machine(system="Linux 6", python="CPython 3.11.7", cpu="Fast", cores=4, memory=100)
FACTS = Facts(version="1.0", python="3.11", descriptors=1024, machine=MACHINE)
WORKERS = {
    "tcp://10.0.0.2:3": "10.0.0.2",
    "tcp://10.0.0.1:9": "10.0.0.1",
    "tcp://10.0.0.1:5": "10.0.0.1",
}


class TestChosenWorkers:
    def test_are_one_of_each_host(self) -> None:
        assert chosen(WORKERS, "hosts") == ["tcp://10.0.0.1:5", "tcp://10.0.0.2:3"]

    def test_are_all_where_each_is_to_be_a_shard(self) -> None:
        assert chosen(WORKERS, "workers") == [
            "tcp://10.0.0.1:5",
            "tcp://10.0.0.1:9",
            "tcp://10.0.0.2:3",
        ]

    def test_do_not_depend_on_the_order_in_which_they_came(self) -> None:
        turned = dict(reversed(WORKERS.items()))
        assert chosen(turned, "hosts") == chosen(WORKERS, "hosts")


class TestWorker:
    def test_with_another_version_is_refused(self) -> None:
        other = msgspec.structs.replace(FACTS, version="0.9")
        with pytest.raises(StartError, match=r"on worker b = 0\.9: must be 1\.0"):
            check({"a": FACTS, "b": other}, FACTS)

    def test_with_another_python_is_refused(self) -> None:
        with pytest.raises(StartError, match=r"= 3\.13: must be 3\.11"):
            check({"a": msgspec.structs.replace(FACTS, python="3.13")}, FACTS)

    def test_that_is_the_same_is_taken(self) -> None:
        check({"a": FACTS, "b": FACTS}, FACTS)

    def test_with_too_few_descriptors_is_refused(self) -> None:
        with pytest.raises(StartError, match="1024: must be at least 1025"):
            check_descriptors({"a": FACTS}, 1025)

    def test_with_enough_descriptors_is_taken(self) -> None:
        check_descriptors({"a": FACTS}, 1024)
        check_descriptors({"a": msgspec.structs.replace(FACTS, descriptors=sys.maxsize)}, 10**6)


class TestMachinesTogether:
    def test_have_all_cores_and_all_memory(self) -> None:
        whole = together([MACHINE, MACHINE])
        assert (whole.cpu, whole.cores, whole.memory) == ("Fast", 8, 200)

    def test_of_several_kinds_are_counted(self) -> None:
        slow = msgspec.structs.replace(MACHINE, cpu="Slow")
        assert together([MACHINE, slow, MACHINE]).cpu == "2 x Fast, 1 x Slow"
