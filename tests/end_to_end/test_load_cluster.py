"""Load from several workers of a real dask scheduler; the server is the judge."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import trustme

from hedgerow.report import Document, read_document
from tests.end_to_end.clusters import Cluster, running_cluster
from tests.end_to_end.load_runs import LoadRun, load
from tests.fakes.ports import free_port
from tests.fakes.processes import hedgerow
from tests.fakes.recording_server import RecordingServer

WORKERS = 3


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=WORKERS) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def orphans(cluster: Cluster) -> Iterator[set[int]]:
    """Generators of a run that was killed; they go on while the other tests do."""
    with RecordingServer() as server:
        words = ("-R", "30", "-d", "60s", "--quiet", *cluster.words)
        with hedgerow("load", server.url, *words, waits=False) as run:
            until_sent(server, 30)
            run.send(signal.SIGKILL)
            run.ended()
        yield generators(cluster)


@pytest.fixture
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as running:
        yield running


def numbers(server: RecordingServer) -> list[int]:
    """The {seq} of all requests that came, in order of their size."""
    return sorted(int(seen.target.rpartition("=")[2]) for seen in server.seen)


def told_second_by_second(document: Document) -> int:
    return sum(point.ok + point.failed for point in document.timeseries)


def load_here(folder: Path, server: RecordingServer, *words: str) -> LoadRun:
    return load(folder, f"{server.url}/?n={{seq}}", "--quiet", *words)


def until_sent(server: RecordingServer, count: int) -> None:
    until = time.monotonic() + 30
    while len(server.seen) < count:
        assert time.monotonic() < until
        time.sleep(0.01)


def generators(cluster: Cluster) -> set[int]:
    """The processes that send, of all workers."""
    workers = [p.pid for name, p in cluster.processes.items() if name != "scheduler"]
    return {int(child.pid) for pid in workers for child in psutil.Process(pid).children()}


class TestCount:
    def test_is_dealt_out_to_all_shards(
        self, cluster: Cluster, server: RecordingServer, tmp_path: Path
    ) -> None:
        found = load_here(tmp_path, server, "-n", "1000", "-c", "7", *cluster.words).document
        assert numbers(server) == list(range(1000))
        assert (found.requests.total, found.requests.ok) == (1000, 1000)
        assert told_second_by_second(found) == 1000
        assert (found.generator.shards, found.config.shards) == (WORKERS, WORKERS)
        assert found.connections_opened == server.connections == 7

    def test_below_the_number_of_shards_leaves_some_idle(
        self, cluster: Cluster, server: RecordingServer, tmp_path: Path
    ) -> None:
        run = load_here(tmp_path, server, "-n", "2", "-c", "2", *cluster.words)
        assert (run.code, numbers(server)) == (0, [0, 1])


class TestRate:
    def test_is_the_same_plan_as_on_one_machine(
        self, cluster: Cluster, server: RecordingServer, tmp_path: Path
    ) -> None:
        words = ("-R", "60", "-d", "3s", "-W", "1s", *cluster.words)
        found = load_here(tmp_path, server, *words).document
        assert numbers(server) == list(range(240))
        assert (found.requests.total, told_second_by_second(found)) == (180, 240)
        assert [point.phase for point in found.timeseries[:4]] == ["warm-up", *["measured"] * 3]
        assert found.rate.asked == 60
        assert found.generator.start_spread_s is not None
        assert 0 < found.generator.start_spread_s < 5.0


class TestShardThatIsKilled:
    def test_is_told_and_nobody_sends_in_its_place(
        self, cluster: Cluster, server: RecordingServer, tmp_path: Path
    ) -> None:
        cluster.start_worker("doomed")
        cluster.until_registered("doomed")
        file = tmp_path / "result.json"
        words = ("-R", "80", "-d", "5s", "--quiet", "--json", str(file), *cluster.words)
        with hedgerow("load", f"{server.url}/?n={{seq}}", *words, waits=False) as run:
            until_sent(server, 160)
            cluster.kill("doomed")
            assert run.ended(30) == 0
        found = read_document(file)
        assert len(found.generator.missing_shards) == 1
        assert "its worker is gone" in found.generator.lost_because[0]
        assert "missing-shards" in {reason.kind for reason in found.verdict.reasons}
        assert found.verdict.state != "VALID"
        assert found.rate.asked == 80
        self.check_counts(found, server)

    def check_counts(self, found: Document, server: RecordingServer) -> None:
        missing = [point.missing_shards for point in found.timeseries]
        assert (missing[0], missing[-1]) == (0, 1)
        (lost,) = found.generator.missing_shards
        shards = WORKERS + 1
        of_others = {number for number in range(400) if number % shards != lost}
        assert of_others <= set(numbers(server))
        # What it had told stays counted: a second at least, and not more than it sent.
        assert len(of_others) + 20 <= found.requests.total <= len(server.seen)
        assert found.requests.total == told_second_by_second(found)


class TestInterruption:
    def test_reaches_all_shards_and_leaves_a_report(
        self, cluster: Cluster, server: RecordingServer, tmp_path: Path
    ) -> None:
        file = tmp_path / "result.json"
        words = ("-R", "60", "-d", "60s", "--quiet", "--json", str(file), *cluster.words)
        with hedgerow("load", f"{server.url}/?n={{seq}}", *words, waits=False) as run:
            until_sent(server, 90)
            began = time.monotonic()
            run.send(signal.SIGINT)
            assert run.ended(10) == 130
        assert time.monotonic() - began < 5
        found = read_document(file)
        assert found.interrupted
        assert found.requests.total == len(server.seen) == told_second_by_second(found)
        assert found.generator.missing_shards == []


class TestShardsOfADeadRun:
    def test_end_by_themselves(self, orphans: set[int]) -> None:
        assert len(orphans) == WORKERS
        until = time.monotonic() + 16  # the lease, and what closing takes
        while any(map(psutil.pid_exists, orphans)):
            assert time.monotonic() < until
            time.sleep(0.05)


class TestPlanThatShardsRefuse:
    def test_is_told_in_their_words(
        self, cluster: Cluster, server: RecordingServer, tmp_path: Path
    ) -> None:
        scenario = tmp_path / "elsewhere.py"
        scenario.write_text(
            "import sys\n"
            "if sys.argv[0].endswith('process.py'):\n"
            "    raise RuntimeError('no such thing over there')\n"
            "async def run(user):\n"
            "    await user.get('/')\n"
        )
        run = load(tmp_path, str(scenario), "--base-url", server.url, *cluster.words)
        assert run.code == 2
        assert "no such thing over there" in run.told
        assert "Traceback" not in run.told
        assert server.seen == []


class TestScheduler:
    def test_that_is_not_there_is_named(self, tmp_path: Path, server: RecordingServer) -> None:
        where = f"dask://127.0.0.1:{free_port()}"
        run = load_here(tmp_path, server, "-n", "1", "--cluster", where)
        assert run.code == 1
        assert "dask scheduler" in run.told
        assert "Traceback" not in run.told


class TestTls:
    @pytest.fixture
    def files(self, tmp_path: Path) -> tuple[str, str, str]:
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        ca, cert, key = (str(tmp_path / name) for name in ("ca.pem", "cert.pem", "key.pem"))
        authority.cert_pem.write_to_path(ca)
        certificate.cert_chain_pems[0].write_to_path(cert)
        certificate.private_key_pem.write_to_path(key)
        return ca, cert, key

    def test_is_spoken_by_all_and_whoever_does_not_is_refused(
        self, tmp_path: Path, server: RecordingServer, files: tuple[str, str, str]
    ) -> None:
        ca, cert, key = files
        tls = ("--tls-ca-file", ca, "--tls-cert", cert, "--tls-key", key)
        with running_cluster(tmp_path, workers=1, scheme="tls", tls=tls) as cluster:
            words = (*cluster.words, "--cluster-tls", ",".join(files))
            found = load_here(tmp_path, server, "-n", "50", "-c", "2", *words).document
            assert (numbers(server), found.requests.ok) == (list(range(50)), 50)
            plain = load_here(tmp_path, server, "-n", "1", *cluster.words)
        assert plain.code == 1
        assert "--cluster-tls" in plain.told
        assert len(server.seen) == 50


def test_nothing_is_left_on_the_workers(cluster: Cluster) -> None:
    assert all(os.path.exists(f"/proc/{p.pid}") for p in cluster.processes.values())
    until = time.monotonic() + 15
    while generators(cluster):
        assert time.monotonic() < until
        time.sleep(0.05)
