"""The client side: the open-loop sender of ``promise``, which here also tells when it begins.

    python -m benchmarks.tail.sender PORT SAMPLES < arrivals.json

What it prints is the moment on the monotonic clock, which all processes of a machine share,
that the times of the samples count from; the samples are written to the file at the end.
"""

import json
import sys
from pathlib import Path

import uvloop
from typing_extensions import override

from benchmarks.promise.sender import Sample, Sender


class _TellingSender(Sender):
    """Says with the first request when its clock began."""

    _told = False

    @override
    async def _exchange(self, start: float, due: float, samples: list[Sample]) -> None:
        if not self._told:
            self._told = True
            print(start, flush=True)
        await super()._exchange(start, due, samples)


if __name__ == "__main__":
    samples = uvloop.run(_TellingSender(int(sys.argv[1])).run(json.load(sys.stdin)))
    Path(sys.argv[2]).write_text(json.dumps(samples))
