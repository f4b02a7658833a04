"""One gateway and one upstream, and every round of one size of crowd against them."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus import machine
from benchmarks.apparatus.cores import Cores
from benchmarks.apparatus.processes import Running, free_port, pinned, running
from benchmarks.crowd.users import Sample
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import Site
from benchmarks.promise import upstream

ROOT: Final = Path(__file__).parents[2]
EXAMPLE: Final = ROOT / "examples" / "smart" / "hedgerow.toml"
_LISTEN: Final = '"127.0.0.1:8080"'
_REPLICA: Final = '"http://127.0.0.1:9000"'
_IDLE_WITHIN: Final = 5.0  # seconds until nothing may run any more: upstream answers take 3 s
_SETTLE: Final = 0.3  # and the clients' closed connections are gone


@dataclass(frozen=True)
class Terms:
    """What is the same for every crowd; times are seconds."""

    deadline: float
    patience: float  # of a user, from his connect()
    seed: int
    cores: Cores

    @property
    def path(self) -> str:
        return f"/api/smart/{self.deadline * 1000:.0f}"


@dataclass(frozen=True)
class Round:
    """One crowd, once."""

    users: int
    number: int  # from 1; the first finds a gateway without upstream connections
    samples: list[Sample]
    burst: float  # seconds from the first connect() to the last
    stamped: int  # answers whose arrival the kernel told
    attempts: int
    cancelled: int
    left_running: int  # attempts that nobody waits for any more, and that still run
    seconds: float
    cpu: dict[str, float]  # seconds of CPU by part
    others: float  # share of the gateway's core (not pinned: of all) that other programs took


@contextlib.contextmanager
def gateway(terms: Terms) -> Iterator["Trial"]:
    """Start upstream and gateway, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(prefix="bench-crowd-") as name:
        place, upstream_port = Path(name), free_port()
        command = upstream.command(upstream_port, terms.seed, None)
        with running(
            "upstream", command, port=upstream_port, log=place / "u.log", cpu=terms.cores.upstream
        ) as behind:
            site = Site(place, free_port(), upstream_port)
            command = hedgerow.command("serve", "-c", str(_settings(site)))
            with running(
                "hedgerow", command, port=site.port, log=place / "g.log", cpu=terms.cores.gateway
            ) as front:
                yield Trial(terms, site, front, behind)


class Trial:
    """Rounds against one running gateway."""

    def __init__(self, terms: Terms, site: Site, front: Running, behind: Running) -> None:
        self._terms = terms
        self._site = site
        self._front = front
        self._behind = behind

    def round(self, users: int, number: int) -> Round:
        """Let the crowd come once, and wait until nothing of it is left."""
        before, busy = upstream.stats(self._site.upstream_port), self._busy()
        front, behind = self._front.cpu_seconds(), self._behind.cpu_seconds()
        start = time.monotonic()
        told = self._send(users)
        seconds = time.monotonic() - start
        cpu = {
            "gateway": self._front.cpu_seconds() - front,
            "upstream": self._behind.cpu_seconds() - behind,
            "client": told["cpu"],
        }
        busy = self._busy() - busy
        after = self._idle()
        return Round(
            users=users,
            number=number,
            samples=[Sample(*sample) for sample in told["samples"]],
            burst=told["burst"],
            stamped=told["stamped"],
            attempts=after.received - before.received,
            cancelled=after.cancelled - before.cancelled,
            left_running=after.in_flight,
            seconds=seconds,
            cpu=cpu,
            others=self._others(busy, cpu, told["all_cpu"]) / seconds,
        )

    def _busy(self) -> float:
        return machine.busy_seconds(self._terms.cores.gateway)

    def _others(self, busy: float, cpu: dict[str, float], client: float) -> float:
        """Seconds a core; ``client`` counts the start of its interpreter too."""
        if self._terms.cores.gateway is not None:
            return max(0.0, busy - cpu["gateway"])
        ours = cpu["gateway"] + cpu["upstream"] + client
        return max(0.0, busy - ours) / len(os.sched_getaffinity(0))

    def _send(self, users: int) -> dict[str, Any]:
        terms = self._terms
        module = [sys.executable, "-m", "benchmarks.crowd.users"]
        words = [str(self._site.port), str(users), terms.path, str(terms.patience)]
        # A session of its own: Ctrl-C reaches us, and leaving this call ends it.
        done = subprocess.run(
            pinned([*module, *words], terms.cores.client),
            stdout=subprocess.PIPE,
            check=True,
            cwd=ROOT,
            start_new_session=True,
        )
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def _idle(self) -> upstream.Stats:
        give_up_at = time.monotonic() + _IDLE_WITHIN
        time.sleep(_SETTLE)
        while (now := upstream.stats(self._site.upstream_port)).in_flight:
            if time.monotonic() > give_up_at:
                break
            time.sleep(0.1)
        return now


def _settings(site: Site) -> Path:
    """The example's own settings, at our ports."""
    text = EXAMPLE.read_text()
    for old, new in (
        (_LISTEN, f'"127.0.0.1:{site.port}"'),
        (_REPLICA, f'"http://127.0.0.1:{site.upstream_port}"'),
    ):
        if text.count(old) != 1:
            raise ValueError(f"{EXAMPLE}: must contain {old} once. Adapt crowd/trial.py to it.")
        text = text.replace(old, new)
    return site.write("hedgerow.toml", text)
