"""Several workers: begin, crash, and end, as processes."""

import asyncio
import os
import signal
from collections import Counter
from pathlib import Path

import psutil
import pytest

from tests.fakes.gateway_client import ask, connected
from tests.fakes.gateway_running import eventually, play
from tests.fakes.processes import ran
from tests.fakes.workers import Crew, Traffic, crew, gone, runs

ADMIN = 'admin = "127.0.0.1:0"'


def clients_of(pid: int) -> int:
    """Stop a worker, and count its connections."""
    os.kill(pid, signal.SIGSTOP)
    process = psutil.Process(pid)
    while process.status() != psutil.STATUS_STOPPED:
        pass
    connections = process.net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED for one in connections)


def crashes(one: Crew, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    one.until_said(f"(pid {pid}) was killed by SIGKILL")


class TestStart:
    def test_serves_with_as_many_as_was_said(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 3") as one:
            assert one.ask() == "hello"
            assert len(one.children) == 3

    def test_takes_the_number_as_a_flag(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 3", "-w", "2") as one:
            assert len(one.children) == 2

    def test_with_one_has_no_supervisor(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 1") as one:
            assert one.ask() == "hello"
            assert (one.children, "worker" in one.told) == ([], False)

    def test_with_a_range_of_one_has_a_supervisor(self, tmp_path: Path) -> None:
        with crew(tmp_path, 'workers = "1..1"') as one:
            assert len(one.children) == 1

    def test_on_a_port_in_use_says_so_once_and_starts_nobody(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            result = ran("serve", "http://127.0.0.1:9", "-w", "2", "-p", str(one.port))
        assert result.returncode == 1
        assert result.stderr.count("in use") == 1
        assert "worker" not in result.stderr

    def test_that_no_worker_survives_is_given_up(self, tmp_path: Path) -> None:
        log = str(tmp_path / "nowhere" / "access.log")
        result = ran("serve", "http://127.0.0.1:9", "-w", "4", "-p", "0", "-l", log)
        assert result.returncode == 1
        assert result.stderr.count("access_log") == 1
        assert "giving up" in result.stderr

    def test_with_mistakes_in_the_settings_binds_nothing(self) -> None:
        result = ran("serve", "http://127.0.0.1:9", "-w", "2", "--deadline", "soon", "-p", "0")
        assert (result.returncode, "--deadline" in result.stderr) == (2, True)

    @pytest.mark.parametrize("accept", ["reuseport", "shared"])
    def test_spreads_clients_over_the_workers(self, tmp_path: Path, accept: str) -> None:
        async def clients(one: Crew) -> list[int]:
            async with asyncio.TaskGroup() as group:
                kept = [group.create_task(connect(one.port)) for _ in range(40)]
            await eventually(lambda: sum(w["clients"] for w in one.loops()) == 40)
            counts = [w["clients"] for w in one.loops()]
            for task in kept:
                task.result().close()
            return counts

        async def connect(port: int) -> asyncio.StreamWriter:
            return (await asyncio.open_connection("127.0.0.1", port))[1]

        with crew(tmp_path, f'workers = 2\n{ADMIN}\naccept = "{accept}"') as one:
            counts = play(clients(one))
        assert sum(counts) == 40
        if accept == "reuseport":
            assert min(counts) > 4


class TestCrash:
    def test_is_made_good(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            first, second = one.pids
            crashes(one, first)
            one.until(lambda: len(one.pids) == 2)
            assert second in one.pids
            assert one.ask() == "hello"

    def test_loses_the_workers_own_connections_and_no_other(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> tuple[Counter[str], int]:
            traffic = Traffic(one.port)
            lost = 0
            async with traffic.flowing(16):
                for turn in range(5):
                    pid = one.pids[turn % 3]
                    lost += clients_of(pid)
                    await asyncio.to_thread(crashes, one, pid)
                    await traffic.grown(100)
                    await eventually(lambda: len(one.pids) == 3)
            return traffic.bad, lost

        with crew(tmp_path, "workers = 3") as one:
            bad, lost = play(main(one))
        assert set(bad) <= {"reset", "cut short", "ConnectionResetError"}
        assert 0 < sum(bad.values()) <= lost

    def test_in_a_loop_is_slowed_down_while_the_others_serve(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            other = one.pids[1]
            for _ in range(4):
                crashes(one, one.pids[0])
                if "the next one in" not in one.told:
                    one.until(lambda: len(one.pids) == 2)
            assert "the next one in 0.25s" in one.told
            for _ in range(20):
                assert one.ask() == "hello"
            assert other in one.pids

    def test_leaves_what_was_counted(self, tmp_path: Path) -> None:
        async def asked(port: int) -> None:
            for _ in range(40):
                await ask(port)

        with crew(tmp_path, f"workers = 2\n{ADMIN}") as one:
            play(asked(one.port))
            one.until(lambda: one.counted("requests") == 40)
            for pid in one.pids:
                crashes(one, pid)
            one.until(lambda: len(one.pids) == 2)
            assert one.counted("requests") == 40
            play(asked(one.port))
            one.until(lambda: one.counted("requests") == 80)
            assert one.counted("accepted") == 80

    def test_of_the_process_for_operators_is_made_good(self, tmp_path: Path) -> None:
        with crew(tmp_path, f"workers = 1\nthreads = 2\n{ADMIN}") as one:
            (pid,) = set(one.children) - set(one.pids)
            os.kill(pid, signal.SIGKILL)
            one.until_said("the admin process")
            assert one.admin("/readyz") == "ready\n"


class TestStuckWorker:
    def test_is_killed_and_replaced(self, tmp_path: Path) -> None:
        with crew(tmp_path, 'workers = 2\nstuck_after = "2s"') as one:
            first, second = one.pids
            os.kill(first, signal.SIGSTOP)
            one.until_said(f"worker 1 (pid {first}) is stuck: killed")
            one.until(lambda: second in one.pids and len(one.pids) == 2 and gone(first))

    def test_gets_no_new_clients_before_that(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> list[int]:
            os.kill(one.pids[0], signal.SIGSTOP)
            async with asyncio.timeout(10):
                return [(await ask(one.port)).status for _ in range(30)]

        with crew(tmp_path, "workers = 2") as one:
            assert play(main(one)) == [200] * 30


class TestEnd:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
    def test_leaves_nobody(self, tmp_path: Path, number: signal.Signals, code: int) -> None:
        with crew(tmp_path, f"workers = 2\n{ADMIN}") as one:
            children = one.children
            one.send(number)
            assert one.process.ended() == code
            assert len(children) == 3
            assert not any(map(runs, children))

    def test_answers_all_that_was_asked(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> Counter[str]:
            traffic = Traffic(one.port)
            async with traffic.flowing(16):
                one.send(signal.SIGTERM)
                await eventually(lambda: traffic.ended["refused"] > 0)
            return traffic.bad

        with crew(tmp_path, "workers = 2") as one:
            assert set(play(main(one))) == {"refused"}
            assert one.process.ended() == 0

    def test_answers_who_has_not_been_accepted_yet(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> list[int]:
            for pid in one.pids:
                os.kill(pid, signal.SIGSTOP)
            asked = [asyncio.create_task(ask(one.port)) for _ in range(30)]
            await asyncio.sleep(0.1)  # all of them wait in a queue
            one.send(signal.SIGTERM)
            await eventually(lambda: "draining" in one.told)
            for pid in one.pids:
                os.kill(pid, signal.SIGCONT)
            return [answer.status for answer in await asyncio.gather(*asked)]

        with crew(tmp_path, "workers = 2") as one:
            assert play(main(one)) == [200] * 30
            assert one.process.ended() == 0

    def test_by_a_second_signal_waits_for_nobody(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> int:
            async with connected(one.port) as client:
                client.writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1")
                await eventually(lambda: any(w["requests"] for w in one.loops()))
                one.send(signal.SIGTERM)
                await eventually(lambda: "draining" in one.told)
                await asyncio.sleep(0.3)
                assert one.process.is_running
                one.send(signal.SIGTERM)
                return await asyncio.to_thread(one.process.ended)

        route = '[upstream.a]\nreplicas = ["http://127.0.0.1:9"]'
        server = f'workers = 2\n{ADMIN}\ndrain_timeout = "60s"'
        with crew(tmp_path, server, route=route) as one:
            assert play(main(one)) == 0

    def test_of_a_supervisor_that_is_killed_ends_everybody(self, tmp_path: Path) -> None:
        with crew(tmp_path, f"workers = 3\n{ADMIN}") as one:
            children = one.children
            one.send(signal.SIGKILL)
            assert len(children) == 4
            assert all(map(gone, children))

    def test_is_told_as_not_ready(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> None:
            async with connected(one.port) as client:
                client.writer.write(b"GET / HT")
                await eventually(lambda: sum(w["clients"] for w in one.loops()) == 1)
                assert one.admin("/readyz") == "ready\n"
                one.send(signal.SIGTERM)
                await eventually(lambda: "draining" in one.told)
                assert one.admin("/readyz") == "503"
                assert one.admin("/healthz") == "alive\n"

        with crew(tmp_path, f"workers = 2\n{ADMIN}") as one:
            play(main(one))


class TestThreads:
    def test_serve_each_with_a_loop_of_its_own(self, tmp_path: Path) -> None:
        with crew(tmp_path, f"threads = 3\n{ADMIN}") as one:
            assert one.ask() == "hello"
            one.until(lambda: len(one.loops()) == 3)
            assert len({loop["pid"] for loop in one.loops()}) == 1

    def test_drain(self, tmp_path: Path) -> None:
        async def main(one: Crew) -> Counter[str]:
            traffic = Traffic(one.port)
            async with traffic.flowing(8):
                await asyncio.to_thread(one.reload)
                await traffic.grown(100)
            return traffic.bad

        with crew(tmp_path, "threads = 2") as one:
            assert play(main(one)) == Counter()
            one.send(signal.SIGTERM)
            assert one.process.ended() == 0

    def test_that_share_one_core_are_told_so(self, tmp_path: Path) -> None:
        with crew(tmp_path, "threads = 2") as one:
            assert one.told.count("share one core") == 1
