"""The client: curl, and what it says of a transfer; bodies are compared as they arrive."""

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.apparatus.processes import pinned
from benchmarks.peers.contender import program, version_from
from benchmarks.stream.pattern import Comparison

_READ: Final = 1 << 20
_PIPE: Final = 1 << 20  # the most that an ordinary user may ask for
_COMMAND: Final = ("--silent", "--show-error", "--globoff", "--write-out", "%{stderr}%{json}")


@dataclass(frozen=True)
class Outcome:
    """How one call of curl ended."""

    code: int  # its exit code; negative: the signal that ended it
    status: int  # of the answer; 0 where none was told
    seconds: float
    sent: int  # bytes of the request's body
    received: int  # bytes of the answer's body, counted by us
    differs_at: int | None  # first byte of a downloaded body that is not as it was sent
    answer: bytes  # body of the answer to an upload
    said: str


class Curl:
    """Calls curl on one core."""

    def __init__(self, core: int | None) -> None:
        self._core = core

    def download(
        self, url: str, *options: str, leave: Callable[[int], bool] | None = None
    ) -> Outcome:
        """Compare what comes; ``leave`` sees how much that is and may end it."""
        comparison = Comparison()

        def take(data: bytes) -> bool:
            comparison.feed(data)
            return leave is not None and leave(comparison.size)

        return self._run([*options, url], take, comparison)

    def upload(self, url: str, file: Path, *, chunked: bool) -> Outcome:
        """Send a file."""
        words = self._upload(url, file, chunked=chunked)
        body = bytearray()

        def take(data: bytes) -> bool:
            body.extend(data)
            return False

        return self._run(words, take, None, body)

    def start_upload(self, url: str, file: Path, *, chunked: bool) -> "subprocess.Popen[bytes]":
        """Begin to send a file, for a caller who ends it (``kill``) or waits for it."""
        return subprocess.Popen(
            self._words(self._upload(url, file, chunked=chunked)),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _upload(self, url: str, file: Path, *, chunked: bool) -> list[str]:
        framing = ["--header", "Transfer-Encoding: chunked"] if chunked else []
        return [*framing, "--upload-file", str(file), url]

    def _words(self, words: Sequence[str]) -> list[str]:
        return pinned([program("curl"), *_COMMAND, *words], self._core)

    def _run(
        self,
        words: Sequence[str],
        take: Callable[[bytes], bool],
        comparison: Comparison | None,
        body: bytearray | None = None,
    ) -> Outcome:
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                self._words(words),
                stdout=subprocess.PIPE,
                stderr=said,
                pipesize=_PIPE,
                start_new_session=True,  # Ctrl-C reaches us, and we end it
            )
            assert process.stdout is not None  # we asked for a pipe
            try:
                with process.stdout as output:
                    while data := os.read(output.fileno(), _READ):
                        if take(data):
                            process.kill()
                            break
                process.wait()
            finally:
                process.kill()  # it may have ended by itself: then this does nothing
                process.wait()
            said.seek(0)
            text = said.read().decode(errors="replace")
        told = _told(text)
        return Outcome(
            code=process.returncode,
            status=told.get("http_code", 0),
            seconds=told.get("time_total", 0.0),
            sent=told.get("size_upload", 0),
            received=comparison.size if comparison else told.get("size_download", 0),
            differs_at=comparison.differs_at if comparison else None,
            answer=bytes(body or b""),
            said=text.partition("{")[0].strip(),
        )


def version() -> str:
    """Ask the program itself."""
    return version_from([program("curl"), "--version"], r"curl (\S+)")


def _told(text: str) -> dict[str, Any]:
    """Read the JSON behind an error message; empty where curl was ended by a signal."""
    start = text.find("{")
    told: dict[str, Any] = json.loads(text[start:]) if start >= 0 else {}
    return told
