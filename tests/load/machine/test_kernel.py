"""Texts are real ones, shortened; each comes from the kind of machine its name says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hedgerow.load.machine.kernel import (
    CpuTimes,
    parse_cfs_quota,
    parse_cgroup_paths,
    parse_cpu_max,
    parse_cpu_model,
    parse_cpu_times,
    parse_memory_limit,
    parse_throttled,
    shares_between,
)

STAT = """\
cpu  5660 0 2512 141128 1312 0 106 60 0 0
cpu0 2127 3 1089 71466 603 1 22 29 7 0
cpu3 3533 0 1422 69661 708 0 84 31 0 0
intr 188569 0 0 0 0
ctxt 990249
"""


def cpu(total: float, idle: float, steal: float = 0.0) -> CpuTimes:
    return CpuTimes(total=total, idle=idle, steal=steal)


class TestCpuTimes:
    def test_are_found_by_an_id_that_need_not_follow_on_the_last(self) -> None:
        assert list(parse_cpu_times(STAT, 100)) == [0, 3]

    def test_are_in_seconds_whatever_a_tick_is(self) -> None:
        assert parse_cpu_times(STAT, 100)[3].steal == pytest.approx(0.31)
        assert parse_cpu_times(STAT, 250)[3].steal == pytest.approx(0.124)

    def test_count_waiting_for_a_disk_as_idle(self) -> None:
        assert parse_cpu_times(STAT, 100)[0].idle == pytest.approx((71466 + 603) / 100)

    def test_do_not_count_guests_a_second_time(self) -> None:
        counted = 2127 + 3 + 1089 + 71466 + 603 + 1 + 22 + 29
        assert parse_cpu_times(STAT, 100)[0].total == pytest.approx(counted / 100)

    def test_have_no_steal_where_the_kernel_is_too_old_to_tell(self) -> None:
        assert parse_cpu_times("cpu0 1 2 3 4\n", 1) == {0: cpu(total=10, idle=4)}

    def test_of_a_machine_without_the_file_are_none(self) -> None:
        assert parse_cpu_times("", 100) == {}

    @given(st.text())
    def test_never_fail_whatever_is_read(self, text: str) -> None:
        parse_cpu_times(text, 100)
        parse_cpu_times("cpu0 " + text, 100)


class TestShares:
    def test_are_of_the_cpus_that_we_may_use(self) -> None:
        before = {0: cpu(0, 0), 1: cpu(0, 0)}
        after = {0: cpu(10, 2, 1), 1: cpu(10, 10)}
        shares = shares_between(before, after, [0])
        assert shares is not None
        assert (shares.idle, shares.steal) == (0.2, 0.1)

    def test_are_of_all_where_a_container_numbers_them_anew(self) -> None:
        shares = shares_between({0: cpu(0, 0)}, {0: cpu(10, 5)}, [6, 7])
        assert shares is not None
        assert shares.idle == 0.5

    def test_leave_out_a_cpu_that_was_switched_off_in_between(self) -> None:
        shares = shares_between({0: cpu(0, 0), 1: cpu(99, 9)}, {0: cpu(10, 5)}, [0, 1])
        assert shares is not None
        assert shares.idle == 0.5

    def test_are_not_below_nothing_when_the_kernel_takes_waiting_back(self) -> None:
        shares = shares_between({0: cpu(100, 60)}, {0: cpu(110, 59)}, [0])
        assert shares is not None
        assert shares.idle == 0

    def test_of_no_time_are_unknown(self) -> None:
        assert shares_between({0: cpu(5, 5)}, {0: cpu(5, 5)}, [0]) is None
        assert shares_between({}, {}, [0]) is None


class TestThrottled:
    def test_is_read_from_version_2(self) -> None:
        text = "usage_usec 98\nnr_periods 20\nnr_throttled 3\nthrottled_usec 1250000\n"
        assert parse_throttled(text) == pytest.approx(1.25)

    def test_is_read_from_version_1_which_counts_nanoseconds(self) -> None:
        text = "nr_periods 20\nnr_throttled 3\nthrottled_time 1250000000\n"
        assert parse_throttled(text) == pytest.approx(1.25)

    def test_is_unknown_in_the_root_cgroup_which_has_no_quota(self) -> None:
        assert parse_throttled("usage_usec 98\nuser_usec 60\n") is None


class TestLimit:
    @pytest.mark.parametrize(
        ("text", "cores"),
        [("150000 100000\n", 1.5), ("max 100000\n", None), ("", None), ("1 0", None)],
    )
    def test_on_cpu_is_read_from_version_2(self, text: str, cores: float | None) -> None:
        assert parse_cpu_max(text) == cores

    @pytest.mark.parametrize(("quota", "cores"), [("50000\n", 0.5), ("-1\n", None), ("", None)])
    def test_on_cpu_is_read_from_version_1(self, quota: str, cores: float | None) -> None:
        assert parse_cfs_quota(quota, "100000\n") == cores

    @pytest.mark.parametrize(
        ("text", "size"),
        [("536870912\n", 536870912), ("max\n", None), ("9223372036854771712\n", None), ("", None)],
    )
    def test_on_memory_is_read_from_either(self, text: str, size: int | None) -> None:
        assert parse_memory_limit(text) == size


class TestCgroupPaths:
    def test_are_by_controller_in_version_1_and_one_in_version_2(self) -> None:
        paths = parse_cgroup_paths("4:memory:/a\n2:cpu,cpuacct:/b:c\n0::/d\n")
        assert paths == {"memory": "/a", "cpu": "/b:c", "cpuacct": "/b:c", "": "/d"}

    def test_are_none_without_the_file(self) -> None:
        assert parse_cgroup_paths("") == {}


class TestCpuModel:
    def test_is_the_first_with_single_spaces(self) -> None:
        text = "processor\t: 0\nmodel\t\t: 85\nmodel name\t: Intel(R)  Xeon(R) @ 2.5GHz\n"
        assert parse_cpu_model(text) == "Intel(R) Xeon(R) @ 2.5GHz"

    def test_is_unknown_where_it_is_not_told(self) -> None:
        assert parse_cpu_model("processor\t: 0\nBogoMIPS\t: 50.00\n") is None
