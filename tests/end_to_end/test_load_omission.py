"""A stall of the server is in every response time that it touched; a stall of ours is told.

The oracle: a server that stalls S seconds once in a run of D seconds at a constant rate
answers a share f = S/D of the requests late, evenly from S down to 0, so for q > 1 - f the
quantile q of the response time is S (1 - (1 - q) / f).  (wrk2's README shows the same
stall with and without *coordinated omission*.)
"""

import signal
import threading
import time
from pathlib import Path

import pytest

from hedgerow.report import Document
from tests.end_to_end.load_runs import load
from tests.fakes.nginx import nginx
from tests.fakes.processes import hedgerow

STALL = 2.0
DURATION = 20.0
RATE = 200


TRIES = 3


def oracle(quantile: float, stall: float) -> float:
    return stall * (1 - (1 - quantile) / (stall / DURATION))


def stalled_run(folder: Path) -> tuple[Document, float]:
    """A run in whose middle the server stood still, and for how long it really did."""
    stalls: list[float] = []
    # A quick server: what it takes to catch up is not in the oracle.
    with nginx(folder) as server:

        def stall() -> None:
            time.sleep(DURATION / 2)
            server.send(signal.SIGSTOP)
            began = time.monotonic()
            time.sleep(STALL)
            server.send(signal.SIGCONT)
            stalls.append(time.monotonic() - began)

        stalling = threading.Thread(target=stall)
        stalling.start()
        run = load(folder, server.url, "-R", f"{RATE}", "-d", f"{DURATION:g}s")
        stalling.join()
    return run.document, stalls[0]


class TestStallOfTheServer:
    def test_is_in_the_response_times_as_the_oracle_says(self, tmp_path: Path) -> None:
        found, stall = stalled_run(tmp_path)
        for _ in range(TRIES - 1):
            if found.verdict.state == "VALID":
                break  # else something else had the machine, and the oracle knows nothing of it
            found, stall = stalled_run(tmp_path)
        response = found.latency_us.response
        assert response.count == RATE * DURATION
        for measured, quantile in (
            (response.p95, 0.95), (response.p99, 0.99), (response.p99_9, 0.999),
        ):  # fmt: skip
            assert measured / 1e6 == pytest.approx(oracle(quantile, stall), rel=0.02)
        # The service time stands beside it, and the generator is not to blame.
        assert found.latency_us.service.count == RATE * DURATION
        reasons = found.verdict.reasons
        assert "send-lag" not in {one.kind for one in reasons if one.state == "INVALID"}


class TestStallOfTheGenerator:
    def test_is_told_and_attributed_to_it(self, tmp_path: Path) -> None:
        """Hyperfoil blocks its own loop 150 ms at 10 a second; due times must stay exact."""
        scenario = tmp_path / "blocking.py"
        scenario.write_text(
            "import time\n"
            "blocked = []\n"
            "async def run(user):\n"
            "    if user.seq() >= 10 and not blocked:\n"
            "        blocked.append(1)\n"
            "        time.sleep(0.15)\n"
            "    await user.get('/')\n"
        )
        flags = ("--latency", "constant:1ms", "--errors", "off")
        with hedgerow("flaky", "-p", "0", *flags) as server:
            words = ("--base-url", server.url, "-R", "100", "-d", "2s")
            found = load(tmp_path, str(scenario), *words).document
        assert found.requests.total == 200
        assert found.verdict.state != "VALID"
        kinds = {reason.kind for reason in found.verdict.reasons}
        assert kinds & {"send-lag", "loop-lag"}
        # Requests that were due while the loop was blocked were late, and say so.
        assert found.latency_us.lateness.max >= 100_000
        assert found.latency_us.response.max >= 100_000
