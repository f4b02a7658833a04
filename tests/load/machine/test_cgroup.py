from pathlib import Path

import pytest

from hedgerow.load.machine.cgroup import Cgroup, read_text


def files(folder: Path, **texts: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name.replace("__", ".")).write_text(text)


def cgroup(tmp_path: Path, paths: str) -> Cgroup:
    files(tmp_path / "proc" / "self", cgroup=paths)
    return Cgroup(proc=tmp_path / "proc", mount=tmp_path / "mount")


class TestVersion2:
    def test_takes_the_smallest_limits_of_ours_and_those_above(self, tmp_path: Path) -> None:
        mount = tmp_path / "mount"
        files(mount / "pod", cpu__max="150000 100000\n", memory__max="max\n")
        files(mount / "pod" / "app", cpu__max="max 100000\n", memory__max="1000\n")
        group = cgroup(tmp_path, "0::/pod/app\n")
        assert (group.cpu_quota(), group.memory_limit()) == (1.5, 1000)

    def test_adds_up_who_was_throttled(self, tmp_path: Path) -> None:
        mount = tmp_path / "mount"
        files(mount / "pod", cpu__stat="throttled_usec 1000000\n")
        files(mount / "pod" / "app", cpu__stat="throttled_usec 500000\n")
        files(mount, cpu__stat="usage_usec 5\n")
        assert cgroup(tmp_path, "0::/pod/app\n").throttled() == pytest.approx(1.5)

    def test_of_others_is_not_asked(self, tmp_path: Path) -> None:
        files(tmp_path / "mount" / "other", cpu__max="1000 100000\n")
        files(tmp_path / "mount" / "ours")
        assert cgroup(tmp_path, "0::/ours\n").cpu_quota() is None


class TestVersion1:
    def test_has_a_tree_for_each_controller(self, tmp_path: Path) -> None:
        mount = tmp_path / "mount"
        files(mount / "cpu,cpuacct" / "a", cpu__cfs_quota_us="50000", cpu__cfs_period_us="100000")
        files(mount / "memory" / "b", memory__limit_in_bytes="2000\n")
        group = cgroup(tmp_path, "3:memory:/b\n2:cpu,cpuacct:/a\n0::/\n")
        assert (group.cpu_quota(), group.memory_limit()) == (0.5, 2000)

    def test_in_a_container_sees_its_own_cgroup_as_the_root(self, tmp_path: Path) -> None:
        files(tmp_path / "mount" / "cpu", cpu__stat="throttled_time 2000000000\n")
        assert cgroup(tmp_path, "2:cpu:/docker/0123\n").throttled() == pytest.approx(2.0)


class TestNoCgroups:
    def test_say_nothing(self, tmp_path: Path) -> None:
        group = Cgroup(proc=tmp_path / "none", mount=tmp_path / "none")
        assert (group.throttled(), group.cpu_quota(), group.memory_limit()) == (None, None, None)

    def test_a_missing_file_is_empty(self, tmp_path: Path) -> None:
        assert read_text(tmp_path / "none") == ""
