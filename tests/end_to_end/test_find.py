"""``hedgerow find`` as its users start it, against servers whose capacity is known.

The capacity is a number of workers and the time that each takes: 8 workers that take 40 ms
answer 200 requests a second, whatever machine they are on.  Other processes can take a
search's processor away for longer than the promise allows, and then it finds less or
nothing: what must be found is searched a second time before that counts as a failure.
"""

import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hedgerow.report.find_document import FindDocument, decode_find
from tests.fakes.ports import free_port
from tests.fakes.processes import command, hedgerow, ran

QUICK = ("-W", "100ms", "--settle", "50ms", "--tolerance", "20%", "--seed", "1")
WORKERS = ("--workers", "8", "--latency", "constant:40ms", "--errors", "off")


@dataclass(frozen=True)
class Search:
    code: int
    printed: str
    told: str
    document: FindDocument | None


def find(folder: Path, *words: str, server: Sequence[str] = ()) -> Search:
    file = folder / "find.json"
    file.unlink(missing_ok=True)
    after = ("--", *server) if server else ()
    done = ran("find", *words, *QUICK, "--json", str(file), *after, seconds=60.0)
    document = decode_find(file.read_bytes()) if file.exists() else None
    return Search(done.returncode, done.stdout, done.stderr, document)


def found(folder: Path, *words: str, between: tuple[float, float]) -> Search:
    """Search, and once more where it was disturbed."""
    search = find(folder, *words)
    if not is_found(search, between):
        search = find(folder, *words)
    assert is_found(search, between), search
    return search


def is_found(search: Search, between: tuple[float, float]) -> bool:
    if search.document is None:
        return False
    capacity = search.document.variants[0].capacity
    low, high = between
    return capacity.load is not None and capacity.kind == "found" and low <= capacity.load <= high


class TestByRate:
    def test_finds_the_capacity_and_makes_a_page(self, tmp_path: Path) -> None:
        page = tmp_path / "find.html"
        with hedgerow("flaky", "--port=0", *WORKERS) as server:
            search = found(
                tmp_path, server.url, "--slo", "p90<120ms", "--probe", "1s", "--confirm", "2s",
                "--arrivals", "even", "--start", "180", "--max", "240", "--html", str(page),
                between=(170, 230),
            )  # fmt: skip
        assert search.code == 0
        assert "keeps p90<120ms and errors<1%, confirmed over 2s" in search.printed
        assert search.document == decode_find(page.read_bytes())


class TestByUsers:
    def test_finds_how_many_wait_no_longer_than_promised(self, tmp_path: Path) -> None:
        """Each user waits for its turn: 5 ms for every user that there is."""
        with hedgerow("flaky", "--port=0", *WORKERS) as server:
            search = found(
                tmp_path, server.url, "--slo", "p50<70ms", "--by", "users", "--probe", "0.5s",
                "--confirm", "0.5s", "--start", "10", "--max", "16", between=(10, 14),
            )  # fmt: skip
        assert "users keep p50<70ms" in search.printed


class TestDeadTarget:
    def test_is_told_and_exits_1(self, tmp_path: Path) -> None:
        url = f"http://127.0.0.1:{free_port()}/"
        search = find(tmp_path, url, "--slo", "p99<1s", "--probe", "0.5s")
        assert (search.code, search.document) == (1, None)
        assert "must be answering at the start" in search.told


class TestInterruption:
    def test_leaves_what_is_known_so_far(self, tmp_path: Path) -> None:
        file = tmp_path / "find.json"
        with hedgerow("flaky", "--port=0", *WORKERS) as server:
            words = (server.url, "--slo", "p99<2s", "--probe", "0.5s", "--json", str(file))
            with hedgerow("find", *words, *QUICK, waits=False) as search:
                search.until(lambda: "rising" in search.told, seconds=20.0)
                os.killpg(search.pid, signal.SIGINT)  # as a terminal does
                assert search.ended() == 130
                assert "Interrupted: so far" in search.printed
        document = decode_find(file.read_bytes())
        assert document.interrupted
        assert document.variants[0].capacity.kind == "unfinished"


class TestVariedServers:
    def test_are_each_started_and_searched(self, tmp_path: Path) -> None:
        port = str(free_port())
        server = command(["flaky", "-p", port, "--latency=constant:5ms", "--errors=off"])
        search = find(
            tmp_path, f":{port}/", "--slo", "p50<1s", "--start", "20", "--max", "20", "--probe",
            "0.5s", "--confirm", "0.5s", "--vary", "n=1,2", server=[*server, "--workers", "{n}"],
        )  # fmt: skip
        assert search.document is not None, search.told
        kinds = [(one.value, one.capacity.kind) for one in search.document.variants]
        assert kinds == [("1", "above"), ("2", "above")]
        assert search.document.scalability is None
        assert "needs the capacity at 3 or more different numbers of n" in search.printed
