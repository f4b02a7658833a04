"""New settings, and more or fewer workers, under traffic."""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.gateway_running import play
from tests.fakes.ports import free_ports
from tests.fakes.workers import ROUTE, Crew, Traffic, crew, get, pressing

ADMIN = 'admin = "127.0.0.1:0"'
BYE = ROUTE.replace("hello", "bye")


def under_traffic(one: Crew, act: Callable[[], None], *, clients: int = 16) -> Counter[str]:
    """Do something while clients ask; return what was not good."""

    async def main() -> Counter[str]:
        traffic = Traffic(one.port)
        async with traffic.flowing(clients):
            await asyncio.to_thread(act)
            await traffic.grown(100)
        return traffic.bad

    return play(main())


class TestReload:
    def test_brings_new_settings(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            one.writes(f'workers = 2\nlisten = "127.0.0.1:{one.port}"', BYE)
            # The address is another text, though the same port: it is refused as in use.
            one.send(signal.SIGHUP)
            one.until_said("the settings from before stay")
            assert one.ask() == "hello"
            one.writes("workers = 2", BYE)
            one.reload()
            assert one.ask() == "bye"

    @pytest.mark.parametrize("accept", ["reuseport", "shared"])
    def test_loses_nothing_under_traffic(self, tmp_path: Path, accept: str) -> None:
        with crew(tmp_path, f'workers = 2\naccept = "{accept}"') as one:
            before = one.pids

            def three_times() -> None:
                for _ in range(3):
                    one.reload()

            assert under_traffic(one, three_times) == Counter()
            assert not set(before) & set(one.pids)

    def test_with_mistakes_changes_nothing_and_says_which(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            before = one.pids
            one.writes('workers = "many"')
            one.send(signal.SIGHUP)
            one.until_said("the settings from before stay")
            assert "workers" in one.told
            assert (one.pids, one.ask()) == (before, "hello")

    def test_that_no_worker_survives_changes_nothing(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            before = one.pids
            one.writes(f'workers = 2\naccess_log = "{tmp_path}/nowhere/log"', BYE)
            one.send(signal.SIGHUP)
            one.until_said("the settings from before stay")
            assert (one.pids, one.ask()) == (before, "hello")
            one.writes("workers = 2", BYE)
            one.reload()
            assert one.ask() == "bye"

    def test_that_no_worker_survives_leaves_the_admin_address_free(self, tmp_path: Path) -> None:
        first, second = free_ports(2)
        with crew(tmp_path, f'workers = 2\nadmin = "127.0.0.1:{first}"') as one:
            nowhere = f'access_log = "{tmp_path}/nowhere/log"'
            one.writes(f'workers = 2\nadmin = "127.0.0.1:{second}"\n{nowhere}')
            one.send(signal.SIGHUP)
            one.until_said("the settings from before stay")
            one.until_there_are(3)  # the admin process from before is gone
            one.writes(f'workers = 2\nadmin = "127.0.0.1:{first}"')
            one.reload()
            assert len(json.loads(get(first, "/workers"))) >= 2

    def test_may_change_the_number(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 1\nthreads = 2") as one:
            for count in (3, 1):
                one.writes(f"workers = {count}\nthreads = 2")
                one.reload()
                one.until_there_are(count)

    def test_opens_and_closes_addresses(self, tmp_path: Path) -> None:
        first, second = f"unix:{tmp_path}/a.sock", f"unix:{tmp_path}/b.sock"
        with crew(tmp_path, f'workers = 2\nlisten = ["127.0.0.1:0", "{first}"]') as one:
            assert (tmp_path / "a.sock").exists()
            one.writes(f'workers = 2\nlisten = ["127.0.0.1:0", "{second}"]')
            one.reload()
            one.until(lambda: not (tmp_path / "a.sock").exists())
            assert (tmp_path / "b.sock").exists()

    def test_asked_for_twice_at_once_is_done_twice(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            one.send(signal.SIGHUP)
            one.until_said("new settings, new workers")
            one.writes("workers = 2", BYE)
            one.send(signal.SIGHUP)
            one.until(lambda: one.told.count("serving on ") == 3)
            assert one.ask() == "bye"

    def test_keeps_the_counts_of_those_replaced(self, tmp_path: Path) -> None:
        with crew(tmp_path, f"workers = 2\n{ADMIN}") as one:
            for _ in range(10):
                one.ask()
            one.reload()
            one.until(lambda: one.told.count("has drained") == 2)
            assert one.counted("requests") == 10


class TestByHand:
    def test_one_more_and_one_fewer(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:
            one.send(signal.SIGTTIN)
            one.until(lambda: len(one.pids) == 3)
            for count in (2, 1):
                one.send(signal.SIGTTOU)
                one.until_there_are(count)
            one.send(signal.SIGTTOU)
            assert one.ask() == "hello"
            assert len(one.children) == 1

    def test_up_and_down_loses_nothing_under_traffic(self, tmp_path: Path) -> None:
        with crew(tmp_path, "workers = 2") as one:

            def up_and_down() -> None:
                for _ in range(3):
                    one.send(signal.SIGTTIN)
                    one.until(lambda: len(one.pids) == 3)
                    one.send(signal.SIGTTOU)
                    one.until(lambda: len(one.children) == 2)

            assert under_traffic(one, up_and_down) == Counter()


class TestAccessLog:
    @pytest.mark.parametrize("workers", ["1", "2", '"1..1"'])
    def test_that_was_moved_away_is_opened_again(self, tmp_path: Path, workers: str) -> None:
        log, moved = tmp_path / "access.log", tmp_path / "access.log.1"
        with crew(tmp_path, f'workers = {workers}\naccess_log = "{log}"') as one:
            one.ask("/before")
            one.until(lambda: "/before" in log.read_text())
            log.rename(moved)
            one.send(signal.SIGUSR1)
            one.until(log.exists)
            for number in range(8):
                one.ask(f"/after-{number}")
            one.until(lambda: log.read_text().count("/after-") == 8)
            assert "/after-" not in moved.read_text()


class TestARange:
    def test_grows_under_load(self, tmp_path: Path) -> None:
        with crew(tmp_path, 'workers = "1..2"') as one:
            assert len(one.pids) == 1
            with pressing(one.port):
                one.until(lambda: len(one.pids) == 2, 30.0)
            assert "2 workers instead of 1" in one.told

    def test_keeps_its_number_at_a_reload(self, tmp_path: Path) -> None:
        with crew(tmp_path, 'workers = "1..3"') as one:
            one.send(signal.SIGTTIN)
            one.until(lambda: len(one.pids) == 2)
            one.reload()
            one.until_there_are(2)
            one.writes('workers = "many"')
            one.send(signal.SIGHUP)
            one.until_said("the settings from before stay")
            time.sleep(1.2)  # the load is looked at once a second
            assert len(one.pids) == 2

    def test_stays_small_without(self, tmp_path: Path) -> None:
        with crew(tmp_path, f'workers = "1..2"\n{ADMIN}') as one:
            for _ in range(5):
                one.ask()
            one.until(lambda: one.counted("requests") == 5)
            assert len(one.children) == 2  # one of them is for operators
