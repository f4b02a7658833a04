import os

import pytest

from hedgerow.errors import ConfigError, StartError
from hedgerow.load.server.listeners import eldest, find_pids, listening_inodes, unix_inodes

TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 0100007F:1F90 0100007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
"""
TCP6 = """\
  sl  local_address remote_address st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A \
00000000:00000000 00:00000000 00000000     0        0 4714 1 0
"""
UNIX = """\
Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 815 /run/app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 816 /run/app.sock
0000000000000000: 00000002 00000000 00010000 0001 01 817 /run/other.sock
0000000000000000: 00000003 00000000 00000000 0001 03 818
"""
NOBODY = 2**22 + 1  # above Linux' highest process id


class TestSockets:
    def test_that_listen_on_the_port_are_found(self) -> None:
        assert listening_inodes(TCP, 8080) == {"4711"}

    def test_of_version_6_are_found_too(self) -> None:
        assert listening_inodes(TCP6, 8080) == {"4714"}

    def test_of_a_missing_table_are_none(self) -> None:
        assert listening_inodes("", 8080) == set()

    def test_with_a_path_are_those_that_accept(self) -> None:
        assert unix_inodes(UNIX, "/run/app.sock") == {"815"}


class TestFamily:
    def test_is_told_by_its_eldest(self) -> None:
        assert eldest([os.getpid(), os.getppid()]) == [os.getppid()]

    def test_of_nobody_is_nobody(self) -> None:
        assert eldest([]) == []


class TestWhoIsMeant:
    def test_by_an_id(self) -> None:
        assert find_pids(str(os.getpid())) == [os.getpid()]

    def test_by_an_id_that_nobody_has_is_said(self) -> None:
        with pytest.raises(StartError, match=f"--watch = {NOBODY}: must be a running process"):
            find_pids(str(NOBODY))

    @pytest.mark.parametrize("text", ["", "nginx", ":http", ":99999", "localhost:80", "-1"])
    def test_by_something_else_is_refused(self, text: str) -> None:
        with pytest.raises(ConfigError, match="must be a process id, a port such as :8080"):
            find_pids(text)

    def test_by_a_socket_that_nobody_listens_on_is_said(self) -> None:
        with pytest.raises(StartError, match="Nobody does: start the server first"):
            find_pids("/nowhere/app.sock")
