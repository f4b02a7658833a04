"""Many users on one generator process: do all connect, what does one cost, is it still punctual.

Each user has a connection that is kept, asks, and thinks for 5 to 15 seconds.  A second run
with few users gives the memory that the process needs for itself.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.load import outputs
from benchmarks.load.outputs import UnreadableError
from benchmarks.load.soak import watch
from benchmarks.load.speed_report import Draw
from benchmarks.load.started import Memory, OverdueError, started
from benchmarks.load.targets import PATH, Cores, Nginx
from benchmarks.peers import hedgerow

THINK: Final = "5s..15s"
COMING: Final = 1_000  # users a second: their ramp-up
FEW: Final = 100
_KIBIBYTE: Final = 1024

_HEADER: Final = (
    "users", "connected", "requests", "failed", "RSS generator", "parent", "a user",
    "loop lag p99", "max", "p99", "verdict",
)  # fmt: skip


@dataclass(frozen=True)
class Crowd:
    """One run; bytes and seconds."""

    users: int
    most_users: int  # at once, by the result's own account
    connected: int  # connections that nginx accepted meanwhile
    requests: int
    failed: int
    generator: int  # resident, at its highest
    parent: int
    lag_p99: float
    lag_max: float
    p99: float
    verdict: str
    errors: list[str]


def crowd(users: int, *, seconds: float, cores: Cores, target: Nginx) -> Crowd:
    """Let them come, and stay for ``seconds`` once all are there."""
    coming = max(1.0, users / COMING)
    with tempfile.TemporaryDirectory(prefix="bench-load-users-") as place:
        directory = Path(place)
        file = str(directory / outputs.HEDGEROW_RESULT)
        who = ["-u", str(users), "--ramp-up", f"{coming:g}s", "--think", THINK, "-w", "1"]
        options = [*who, "-d", f"{coming + seconds:g}s", "--json", file]
        command = hedgerow.command("load", target.root + PATH, *options)
        before = target.accepted()
        with started("hedgerow", command, directory=directory, cpu=cores.generator) as process:
            try:
                looks, ended, document = watch(process, coming + seconds, directory)
            except (OverdueError, UnreadableError) as error:
                return _nobody(users, str(error))
        connected = target.accepted() - before
    return _told(users, document, looks, connected=connected, code=ended.code)


def text(few: Crowd, many: Crowd, draw: Draw) -> str:
    """Print-ready: both runs, and what is wrong."""
    rows = [_cells(few, ""), _cells(many, _per_user(few, many))]
    lines = [draw(_HEADER, rows), ""]
    for one in (few, many):
        lines += [f"! {one.users:,} users: {error}" for error in one.errors]
    return "\n".join(lines)


def _told(
    users: int, document: dict[str, Any], looks: Sequence[Memory], *, connected: int, code: int
) -> Crowd:
    lag, verdict = document["generator"]["loop_lag_us"], document["verdict"]
    reasons = ", ".join(reason["kind"] for reason in verdict["reasons"])
    most = max((point["users"] for point in document["timeseries"]), default=0)
    errors = [f"{count:,} x {kind}" for kind, count in document["errors"].items()]
    if connected != users or most != users:
        errors.append(f"{connected:,} connections came, {most:,} users were there at most")
    if verdict["state"] == "INVALID":
        errors.append(f"its measurement is INVALID: {reasons}")
    if code:
        errors.append(f"it ended with code {code}")
    return Crowd(
        users=users,
        most_users=most,
        connected=connected,
        requests=document["requests"]["total"],
        failed=document["requests"]["failed"],
        generator=max((look.children for look in looks), default=0),
        parent=max((look.parent for look in looks), default=0),
        lag_p99=lag["p99"] / 1e6,
        lag_max=lag["max"] / 1e6,
        p99=document["latency_us"]["response"]["p99"] / 1e6,
        verdict=verdict["state"] + (f" ({reasons})" if reasons else ""),
        errors=errors,
    )


def _nobody(users: int, error: str) -> Crowd:
    return Crowd(users, 0, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, "-", [error])


def _per_user(few: Crowd, many: Crowd) -> str:
    if many.users <= few.users or not few.generator or not many.generator:
        return "-"
    each = (many.generator - few.generator) / (many.users - few.users)
    return f"{each / _KIBIBYTE:.2f} KiB"


def _cells(one: Crowd, per_user: str) -> list[str]:
    return [
        f"{one.users:,}" + (" !" if one.errors else ""),
        f"{one.connected:,}",
        f"{one.requests:,}",
        f"{one.failed:,}",
        f"{one.generator / MEBIBYTE:.1f} MiB",
        f"{one.parent / MEBIBYTE:.1f} MiB",
        per_user,
        f"{one.lag_p99 * 1e3:.1f}ms",
        f"{one.lag_max * 1e3:.1f}ms",
        f"{one.p99 * 1e3:.1f}ms",
        one.verdict,
    ]
