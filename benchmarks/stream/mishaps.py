"""What goes wrong in the middle of a body, and what the other side must see of it.

Nobody waits for the end of these downloads, so that they are long whatever ``--size``
says.  Sizes are bytes, times seconds.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from benchmarks.apparatus.footprint import MEBIBYTE
from benchmarks.stream.bench import Bench
from benchmarks.stream.upstream import Seen

#: Peak memory of the gateway above that before a transfer; a body is a hundred times as long.
FLAT: Final = 8 * MEBIBYTE
_ANNOUNCED: Final = 1 << 30
_DIES_AFTER: Final = 16 * MEBIBYTE
_SLOW: Final = 8 * MEBIBYTE  # a second
_SLOW_SECONDS: Final = 8
_LEAVES_AFTER: Final = 8 * MEBIBYTE
_NOTICED_WITHIN: Final = 5.0
# curl's exit codes: a body shorter than announced; receiving failed; an HTTP/2 stream broke.
_CUT: Final = frozenset({18, 56, 92})
# Sending failed; no answer at all.
_REFUSED: Final = _CUT | {52, 55}


@dataclass(frozen=True)
class Mishap:
    """One situation, and what was seen of it."""

    name: str
    must: str
    seen: str
    holds: bool
    growth: int  # of the gateway's memory, bytes


def mishaps(bench: Bench) -> Iterator[Mishap]:
    """Let everything happen once."""
    for framing in ("length", "chunked"):
        for how in ("fin", "reset"):
            yield _upstream_dies(bench, framing, how)
    yield _upstream_dies_in_upload(bench)
    yield _client_leaves(bench)
    for framing in ("length", "chunked"):
        yield _client_leaves_in_upload(bench, framing)
    yield _slow_reader(bench)
    yield _slow_upstream(bench)


def _upstream_dies(bench: Bench, framing: str, how: str) -> Mishap:
    name = f"dies-{framing}-{how}"
    path = f"/{framing}/{_ANNOUNCED}?id={name}&dies={_DIES_AFTER}&how={how}"
    with bench.memory().watching() as watch:
        outcome = bench.curl.download(bench.through(path))
    arrived = f"{outcome.received / MEBIBYTE:.1f} of {_DIES_AFTER / MEBIBYTE:.0f} MiB arrived"
    differs = "" if outcome.differs_at is None else f", wrong from byte {outcome.differs_at:,}"
    return Mishap(
        name=f"upstream dies in a download ({framing}, {how})",
        must="curl exit 18, 56 or 92",
        seen=f"exit {outcome.code}, {arrived}{differs}",
        holds=outcome.code in _CUT and outcome.received > 0 and outcome.differs_at is None,
        growth=watch.growth,
    )


def _upstream_dies_in_upload(bench: Bench) -> Mishap:
    path = f"/upload?id=dies-upload&dies={_DIES_AFTER}&how=reset"
    with bench.memory().watching() as watch:
        outcome = bench.curl.upload(bench.through(path), bench.file, chunked=False)
    seen = bench.seen("dies-upload")
    return Mishap(
        name="upstream dies in an upload (reset)",
        must="status 5xx or a broken connection, sent once",
        seen=f"exit {outcome.code}, status {outcome.status}, sent {seen.requests} times",
        holds=(outcome.status >= 500 or outcome.code in _REFUSED) and seen.requests == 1,
        growth=watch.growth,
    )


def _client_leaves(bench: Bench) -> Mishap:
    path = bench.through(f"/length/{_ANNOUNCED}?id=leaves")
    with bench.memory().watching() as watch:
        outcome = bench.curl.download(
            path, "--limit-rate", str(_SLOW), leave=lambda size: size >= _LEAVES_AFTER
        )
        after = bench.seen_when("leaves", lambda one: bool(one.broken), _NOTICED_WITHIN)
    return _left("client leaves in a download", outcome.received, after, watch.growth)


def _client_leaves_in_upload(bench: Bench, framing: str) -> Mishap:
    name = f"leaves-upload-{framing}"
    path = bench.through(f"/upload?id={name}&rate={_SLOW}")
    with bench.memory().watching() as watch:
        process = bench.curl.start_upload(path, bench.file, chunked=framing == "chunked")
        try:
            before = bench.seen_when(name, lambda one: one.size >= _LEAVES_AFTER, _NOTICED_WITHIN)
        finally:
            process.kill()
            process.wait()
        after = bench.seen_when(name, lambda one: bool(one.broken), _NOTICED_WITHIN)
    return _left(f"client leaves in an upload ({framing})", before.size, after, watch.growth)


def _left(name: str, flowed: int, after: Seen, growth: int) -> Mishap:
    """Judge a goodbye that came when so much had ``flowed``; less was not in the middle."""
    seen = f"the upstream saw {after.broken or ('a whole body' if after.whole else 'nothing')}"
    too_soon = flowed < _LEAVES_AFTER
    return Mishap(
        name=name,
        must=f"seen as broken within {_NOTICED_WITHIN:g} s",
        seen=seen + f" after only {flowed / MEBIBYTE:.1f} MiB" * too_soon,
        holds=bool(after.broken) and not after.whole and not too_soon,
        growth=growth,
    )


def _slow_reader(bench: Bench) -> Mishap:
    path = bench.through(f"/length/{_ANNOUNCED}?id=slow-reader")
    options = ("--limit-rate", str(_SLOW), "--max-time", str(_SLOW_SECONDS))
    with bench.memory().watching() as watch:
        outcome = bench.curl.download(path, *options)
    seen = bench.seen("slow-reader")
    ahead = (seen.size - outcome.received) / MEBIBYTE
    return _flat("slow reader", outcome.received, f"{ahead:.1f} MiB under way", watch.growth)


def _slow_upstream(bench: Bench) -> Mishap:
    path = bench.through(f"/upload?id=slow-upstream&rate={_SLOW}")
    with bench.memory().watching() as watch:
        process = bench.curl.start_upload(path, bench.file, chunked=False)
        try:
            seen = bench.seen_when("slow-upstream", lambda one: one.whole, _SLOW_SECONDS)
        finally:
            process.kill()
            process.wait()
    return _flat("slow upstream", seen.size, "the rest held back", watch.growth)


def _flat(name: str, flowed: int, detail: str, growth: int) -> Mishap:
    return Mishap(
        name=f"{name} ({_SLOW / MEBIBYTE:g} MiB/s for {_SLOW_SECONDS} s)",
        must=f"something flows, at most {FLAT / MEBIBYTE:g} MiB more memory",
        seen=f"{flowed / MEBIBYTE:.1f} MiB flowed, {detail}",
        holds=flowed > _SLOW and growth <= FLAT,
        growth=growth,
    )
