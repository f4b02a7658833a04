"""The load generators, each told the same: so many connections, so many seconds, one URL.

Settings are the sane best of each for plain keep-alive GETs on one core: one thread, no rate
limit, no output but the summary.  What was chosen, and why, stands beside it.
"""

import importlib.metadata
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.gateway import wrk
from benchmarks.load import outputs
from benchmarks.load.outputs import Told
from benchmarks.peers import hedgerow
from benchmarks.peers.contender import NotInstalledError, program, version_from

REFERENCE: Final = "wrk"
OURS: Final = "hedgerow"
_HERE: Final = Path(__file__).parent
# ab reserves 40 bytes for each request that it may send; a run sends far fewer.
_AB_ROOM: Final = 10_000_000


@dataclass(frozen=True)
class Order:
    """What a generator is to do; its files go into an empty directory."""

    root: str  # http://host:port
    path: str
    connections: int
    seconds: int
    directory: Path

    @property
    def url(self) -> str:
        return self.root + self.path


@dataclass(frozen=True)
class Generator:
    """A program under test."""

    name: str
    version: Callable[[], str]  # raises NotInstalledError
    command: Callable[[Order], list[str]]
    read: Callable[[str, Path], Told]  # what it printed, and where its files are


def _wrk(order: Order) -> list[str]:
    # The script has only a "done": the load itself runs without Lua.
    script = str(_HERE / "wrk_figures.lua")
    options = ["-t1", f"-c{order.connections}", f"-d{order.seconds}s", "-s", script]
    return [program("wrk"), *options, order.url]


def _h2load(order: Order) -> list[str]:
    options = ["--h1", "-t1", f"-c{order.connections}", f"-D{order.seconds}"]
    return [program("h2load"), *options, order.url]


def _ab(order: Order) -> list[str]:
    # HTTP/1.0 with Keep-Alive is all it knows.  -n behind -t, which sets it to 50,000.
    options = ["-k", "-q", "-c", str(order.connections), "-t", str(order.seconds)]
    files = ["-n", str(_AB_ROOM), "-e", str(order.directory / outputs.AB_PERCENTILES)]
    return [program("ab"), *options, *files, order.url]


def _hey(order: Order) -> list[str]:
    options = ["-c", str(order.connections), "-z", f"{order.seconds}s", "-cpus", "1"]
    return [program("hey"), *options, order.url]


def _locust(order: Order) -> list[str]:
    users = str(order.connections)
    options = ["--headless", "-u", users, "-r", users, "-t", f"{order.seconds}s"]
    quiet = ["--only-summary", "--json", "--skip-log", "--host", order.root]
    script = ["-m", "locust", "-f", str(_HERE / "locust_users.py")]
    return [sys.executable, *script, *options, *quiet]


def _hedgerow(order: Order) -> list[str]:
    options = ["-c", str(order.connections), "-d", f"{order.seconds}s"]
    files = ["--json", str(order.directory / outputs.HEDGEROW_RESULT)]
    return hedgerow.command("load", order.url, *options, *files)


def _hey_version() -> str:
    program("hey")
    try:  # it has no option that tells it
        return version_from(["dpkg-query", "-W", "hey"], r"hey\S*\s+(\S+)")
    except (NotInstalledError, OSError):
        return "unknown (it does not tell)"


def _locust_version() -> str:
    if importlib.util.find_spec("locust") is None:
        raise NotInstalledError("not installed (no package locust in this environment)")
    return importlib.metadata.version("locust")


GENERATORS: Final = (
    Generator("wrk", wrk.version, _wrk, outputs.wrk),
    Generator(
        "h2load",
        lambda: version_from([program("h2load"), "--version"], r"nghttp2/(\S+)"),
        _h2load,
        outputs.h2load,
    ),
    Generator("ab", lambda: version_from([program("ab"), "-V"], r"Version (\S+)"), _ab, outputs.ab),
    Generator("hey", _hey_version, _hey, outputs.hey),
    Generator("locust", _locust_version, _locust, outputs.locust),
    Generator("hedgerow", hedgerow.version, _hedgerow, outputs.hedgerow),
)
